navigator.sendBeacon("https://www.google-analytics.com/collect", "v=1");
fetch("https://mc.yandex.ru/watch/2", { method: "POST", mode: "no-cors", keepalive: true }).catch(function () {});
var link = document.createElement("a");
link.href = "#pinged"; link.ping = "https://hm.baidu.com/hm.gif?ping";
document.body.appendChild(link);
link.click();
ran("beacon-send: sent");
