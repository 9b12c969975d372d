// zone.js, as Angular has it: wraps XHR, fetch, promises, timers and events, whoever wrapped them first.
import "zone.js";

const zone = Zone.current.fork({ name: "shop", properties: { tea: "Assam" } });
zone.run(() => {
  const request = new XMLHttpRequest();
  request.open("GET", "/npm/data/teas.json");
  request.onload = () => {
    const teas = JSON.parse(request.responseText);
    fetch("/npm/data/teas.json").then((answer) => answer.json()).then((again) => {
      const image = new Image();
      image.onload = () => {
        document.getElementById("front").textContent = "Zone " + Zone.current.name;
        ran("front-zone: " + teas.length + again.length + " " + Zone.current.get("tea"));
      };
      image.src = "/static/leaf.svg";
    });
  };
  request.send();
});
