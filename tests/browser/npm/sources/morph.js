// Morphing as Livewire and Turbo do it: the tree is brought to what new markup says, nodes stay.
import { Idiomorph } from "idiomorph/dist/idiomorph.esm.js";

const front = document.getElementById("front");
front.innerHTML = '<ul id="teas"><li id="a">Assam</li></ul><img id="leaf" alt="leaf">';
const before = document.getElementById("a");
Idiomorph.morph(front, '<ul id="teas"><li id="b">Bancha</li><li id="a">Assam</li></ul><img id="leaf" alt="leaf" src="/static/leaf.svg">', { morphStyle: "innerHTML" });
document.getElementById("leaf").onload = () =>
  ran("front-morph: " + (before === document.getElementById("a")) + " " + front.querySelectorAll("li").length);
