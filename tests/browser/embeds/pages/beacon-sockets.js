try {
  var socket = new WebSocket("wss://mc.yandex.ru/solid.ws");
  socket.onerror = function () {};
} catch (refused) {}
var events = new EventSource("https://hm.baidu.com/events");
events.onerror = function () { events.close() };
ran("beacon-sockets: opened");
