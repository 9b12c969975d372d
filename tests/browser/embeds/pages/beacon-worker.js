var code = "fetch('https://hm.baidu.com/hm.json').then(function () { postMessage('told') }, function () { postMessage('told') })";
var worker = new Worker(URL.createObjectURL(new Blob([code])));
worker.onmessage = function (message) { ran("beacon-worker: " + message.data) };
