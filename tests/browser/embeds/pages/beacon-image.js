new Image().src = "https://hm.baidu.com/hm.gif?bundle";
var made = document.createElement("img");
made.srcset = "https://counter.yadro.ru/hit?srcset 1x"; made.alt = "";
document.body.appendChild(made);
document.querySelectorAll("img[data-lazy]").forEach(function (lazy) { lazy.src = lazy.dataset.lazy });
ran("beacon-image: set");
