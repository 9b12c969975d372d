(function () {
  var frame = document.createElement("iframe");
  frame.src = "https://1234567.fls.doubleclick.net/activityi;src=1";
  document.body.appendChild(frame);
  var box = document.createElement("div");
  box.innerHTML = "<p id=added>Added</p><iframe src='https://counter.yadro.ru/hit?frame'></iframe><object data='https://hm.baidu.com/hm.html?object' type='text/html'></object>";
  document.querySelector("main").appendChild(box);
  var embed = document.createElement("embed");
  embed.type = "text/html"; embed.src = "https://mc.yandex.ru/watch/embed";
  document.body.appendChild(embed);
  ran("bundle-frames: " + document.getElementById("added").textContent);
})();
