// Turbo: a frame loaded by address, then a stream message that appends.
import "@hotwired/turbo";
import { renderStreamMessage } from "@hotwired/turbo";

document.addEventListener("turbo:frame-load", () => {
  renderStreamMessage('<turbo-stream action="append" target="front"><template><p id="more">More</p></template></turbo-stream>');
  const wait = setInterval(() => {
    if (!document.getElementById("more")) return;
    clearInterval(wait);
    ran("front-turbo: " + document.querySelectorAll("#front li").length + " teas");
  }, 10);
});
