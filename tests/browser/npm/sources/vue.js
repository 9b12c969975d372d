// Vue: templates compiled in the page, v-html, reactive attributes, transitions between lists.
import { createApp, nextTick, ref } from "vue/dist/vue.esm-bundler.js";

createApp({
  template: `<section><h2>{{ title }}</h2><p v-html="note"></p>
    <ul><li v-for="tea in teas" :key="tea">{{ tea }}</li></ul>
    <img :src="leaf" alt="leaf" @load="seen = true"><i>{{ seen ? "seen" : "waiting" }}</i></section>`,
  setup() {
    const teas = ref([]), seen = ref(false), leaf = ref("");
    fetch("/npm/data/teas.json").then((answer) => answer.json()).then((found) => {
      teas.value = found;
      leaf.value = "/static/leaf.svg";
    });
    const wait = setInterval(() => {
      if (!seen.value) return;
      clearInterval(wait);
      nextTick(() => ran("front-vue: " + document.querySelectorAll("#front li").length + " teas"));
    }, 10);
    return { title: "Vue shop", note: "<b>Bold</b> tea", teas, seen, leaf };
  },
}).mount("#front");
