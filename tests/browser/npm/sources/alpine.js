// Alpine: expressions in attributes, x-html, x-for, events.
import Alpine from "alpinejs";

window.Alpine = Alpine;
window.shop = () => ({
  teas: [], note: "<b>Bold</b> tea",
  async init() {
    this.teas = await (await fetch("/npm/data/teas.json")).json();
    this.$nextTick(() => ran("front-alpine: " + document.querySelectorAll("#front li").length + " teas"));
  },
});
Alpine.start();
