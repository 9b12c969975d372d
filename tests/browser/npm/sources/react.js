// React: state, effects, lists, an own image, a form that is sent by fetch, markup set as HTML.
import { createElement as h, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

function Shop() {
  const [teas, setTeas] = useState([]);
  const [count, setCount] = useState(0);
  const [image, setImage] = useState("waiting");
  useEffect(() => {
    fetch("/npm/data/teas.json").then((answer) => answer.json()).then(setTeas);
  }, []);
  useEffect(() => {
    if (teas.length && count < 3) setCount(count + 1);
    if (count === 3 && image === "seen") ran("front-react: " + teas.length + " teas, " + count);
  }, [teas, count, image]);
  return h("section", null,
    h("h2", null, "Shop ", count),
    h("ul", null, teas.map((tea) => h("li", { key: tea, className: "tea" }, tea))),
    h("img", { src: "/static/leaf.svg", alt: "leaf", onLoad: () => setImage("seen") }),
    h("p", { dangerouslySetInnerHTML: { __html: "<b>Bold</b> tea" } }));
}

createRoot(document.getElementById("front")).render(h(Shop));
