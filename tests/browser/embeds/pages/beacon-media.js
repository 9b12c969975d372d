var sound = new Audio("https://counter.yadro.ru/hit.mp3");
sound.preload = "auto"; sound.load();
var film = document.createElement("video");
film.poster = "https://hm.baidu.com/hm.gif?poster";
document.body.appendChild(film);
ran("beacon-media: loaded");
