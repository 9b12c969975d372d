var sheet = document.createElement("link");
sheet.rel = "stylesheet"; sheet.href = "https://secure.statcounter.com/late.css";
document.head.appendChild(sheet);
var style = document.createElement("style");
style.textContent = "@font-face { font-family: Watch; src: url(https://hm.baidu.com/watch.woff2) } h1 { font-family: Watch, serif } main { background: url(https://counter.yadro.ru/hit?late) }";
document.head.appendChild(style);
ran("beacon-styles: added");
