var code = "try { importScripts('https://hm.baidu.com/hm.js') } catch (refused) {} postMessage('counted')";
var worker = new Worker(URL.createObjectURL(new Blob([code])));
worker.onmessage = function (message) { ran("bundle-worker: " + message.data) };
