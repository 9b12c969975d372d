// HTMX: a fragment from the server swapped in, with a script of its own in it; then one out of band.
import htmx from "htmx.org";

window.htmx = htmx;
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "front") {
    ran("front-htmx: " + document.querySelectorAll("#front li").length + " teas " + window.fragment);
  }
});
htmx.process(document.body);
