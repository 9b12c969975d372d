fetch("https://www.google-analytics.com/collect.json").then(function () {}, function () {});
fetch("https://mc.yandex.ru/watch/1.json", { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } }).catch(function () {});
var request = new XMLHttpRequest();
request.open("GET", "https://hm.baidu.com/hm.json");
request.onloadend = function () { ran("beacon-fetch: ended") };
request.send();
