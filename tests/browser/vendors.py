"""What vendors' scripts do once they run: where they report to, and which callbacks they make.

Facts about their network behaviour, not their code. Whatever is not listed reports to its own host.
"""

from __future__ import annotations

__all__ = ["script_of", "vendors"]

_PRELUDE = """\
(function () {
  var hit = function (url) { (new Image).src = url };
  var beacon = function (url) { navigator.sendBeacon(url, "e=1") };
  var load = function (url) {
    var script = document.createElement("script");
    script.src = url;
    (document.head || document.documentElement).appendChild(script);
  };
  var frame = function (url, into) {
    var made = document.createElement("iframe");
    made.src = url; made.width = 300; made.height = 250;
    into.appendChild(made);
  };
  /* Replays a queue and goes on listening to it, as a tag does when it arrives late. */
  var drain = function (queue, take) {
    queue = queue || [];
    for (var i = 0; i < queue.length; i++) take(queue[i]);
    queue.push = function () { for (var j = 0; j < arguments.length; j++) take(arguments[j]) };
    return queue;
  };
  var call = function (done) { if (typeof done === "function") setTimeout(done, 0) };
"""

_OWN_HOST = """\
  hit("https://%(host)s/collect?by=image");
  beacon("https://%(host)s/collect?by=beacon");
"""

_DATA_LAYER = """\
  window.dataLayer = drain(window.dataLayer, function (entry) {
    if (!entry) return;
    call(entry.eventCallback);
    if (entry[0] === "event" && entry[2]) call(entry[2].event_callback);
  });
"""

# The longest key that a URL starts with says what the script does.
_BEHAVIOUR = {
    "www.googletagmanager.com/gtag/js": _DATA_LAYER
    + 'beacon("https://www.google-analytics.com/g/collect?v=2&en=page_view");',
    "www.googletagmanager.com/gtm.js": _DATA_LAYER
    + 'load("https://www.google-analytics.com/analytics.js");',
    "www.google-analytics.com/analytics.js": """\
  var name = window.GoogleAnalyticsObject || "ga", queue = (window[name] || {}).q || [];
  var take = function (call_) {
    for (var i = 0; i < call_.length; i++) if (call_[i]) call(call_[i].hitCallback);
    if (typeof call_[0] === "function") call_[0]();
  };
  window[name] = function () { take(arguments) };
  for (var i = 0; i < queue.length; i++) take(queue[i]);
  beacon("https://www.google-analytics.com/j/collect?v=1&t=pageview");
""",
    "connect.facebook.net/en_US/fbevents.js": """\
  load("https://connect.facebook.net/signals/config/1122334455?v=2.9");
  hit("https://www.facebook.com/tr/?id=1122334455&ev=PageView");
""",
    "static.hotjar.com/c/hotjar-": 'load("https://script.hotjar.com/modules.js");',
    "www.clarity.ms/tag/": 'load("https://scripts.clarity.ms/0.8/clarity.js"); beacon("https://k.clarity.ms/collect");',
    "mc.yandex.ru/metrika/tag.js": 'hit("https://mc.yandex.ru/watch/12345678");',
    "cdn.matomo.cloud/": 'beacon("https://shop.matomo.cloud/matomo.php?idsite=1");',
    "cdn.segment.com/analytics.js/": 'beacon("https://api.segment.io/v1/p");',
    "cdn.mxpnl.com/libs/": 'beacon("https://api-js.mixpanel.com/track/?verbose=1");',
    "cdn.amplitude.com/libs/": """\
  window.amplitude = { init: function () { beacon("https://api2.amplitude.com/2/httpapi") }, track: function () {} };
""",
    "cdn.heapanalytics.com/": 'hit("https://heapanalytics.com/h?a=1");',
    "edge.fullstory.com/s/fs.js": 'beacon("https://rs.fullstory.com/rec/page");',
    "analytics.tiktok.com/i18n/pixel/events.js": 'beacon("https://analytics.tiktok.com/api/v2/pixel");',
    "static.ads-twitter.com/uwt.js": 'hit("https://t.co/i/adsct"); hit("https://analytics.twitter.com/i/adsct");',
    "snap.licdn.com/li.lms-analytics/": 'hit("https://px.ads.linkedin.com/collect?v=2");',
    "s.pinimg.com/ct/core.js": 'hit("https://ct.pinterest.com/v3/?event=pagevisit");',
    "sc-static.net/scevent.min.js": 'beacon("https://tr.snapchat.com/p");',
    "www.redditstatic.com/ads/pixel.js": 'hit("https://alb.reddit.com/rp.gif");',
    "a.quora.com/qevents.js": 'hit("https://q.quora.com/_/ad/1/pixel");',
    "bat.bing.com/bat.js": 'hit("https://bat.bing.com/action/0?ti=1");',
    "dynamic.criteo.com/js/ld/ld.js": 'load("https://sslwidget.criteo.com/event?a=1");',
    "cdn.taboola.com/libtrc/": 'hit("https://trc.taboola.com/shop/log/3/visible");',
    "widgets.outbrain.com/outbrain.js": 'load("https://odb.outbrain.com/utils/get?url=1");',
    "amplify.outbrain.com/": 'hit("https://tr.outbrain.com/pixel");',
    "pagead2.googlesyndication.com/pagead/js/adsbygoogle.js": """\
  var slots = document.querySelectorAll("ins.adsbygoogle");
  for (var i = 0; i < slots.length; i++) {
    frame("https://googleads.g.doubleclick.net/pagead/ads?slot=" + i, slots[i]);
  }
  window.adsbygoogle = drain(window.adsbygoogle, function () {});
""",
    "securepubads.g.doubleclick.net/tag/js/gpt.js": """\
  var queue = (window.googletag || {}).cmd, slots = [];
  var slot = { addService: function () { return slot } };
  window.googletag = {
    apiReady: true,
    defineSlot: function () { return slot },
    pubads: function () {
      return { enableSingleRequest: function () {}, addEventListener: function () {}, setTargeting: function () {} };
    },
    enableServices: function () {},
    display: function (id) {
      frame("https://securepubads.g.doubleclick.net/gampad/ads?iu=" + id, document.getElementById(id));
    },
  };
  window.googletag.cmd = drain(queue, function (todo) { todo() });
""",
    "c.amazon-adsystem.com/aax2/apstag.js": """\
  var queue = (window.apstag || {})._Q || [];
  for (var i = 0; i < queue.length; i++) if (queue[i][0] === "f") queue[i][1][1]([]);
  load("https://aax.amazon-adsystem.com/e/dtb/bid?src=1");
""",
    "s.adroll.com/j/": 'hit("https://d.adroll.com/pixel/A/P");',
    "secure.quantserve.com/quant.js": 'hit("https://pixel.quantserve.com/pixel;r=1");',
    "sb.scorecardresearch.com/beacon.js": 'hit("https://sb.scorecardresearch.com/b?c1=2");',
    "static.chartbeat.com/js/chartbeat.js": 'hit("https://ping.chartbeat.net/ping?h=shop");',
    "cdn.parsely.com/keys/": 'hit("https://p1.parsely.com/plogger/?rand=1");',
    "js-agent.newrelic.com/": 'beacon("https://bam.nr-data.net/1/key?a=1");',
    "js.hs-scripts.com/": 'load("https://js.hs-analytics.net/analytics/1/1.js"); load("https://js.hs-banner.com/1.js");',
    "js.hs-analytics.net/": 'hit("https://track.hubspot.com/__ptq.gif");',
    "widget.intercom.io/widget/": 'load("https://js.intercomcdn.com/shim.latest.js"); beacon("https://api-iam.intercom.io/messenger/web/ping");',
    "js.driftt.com/include/": 'frame("https://js.driftt.com/core/chat", document.body);',
    "cdn.optimizely.com/js/": """\
  beacon("https://logx.optimizely.com/v1/events");
  window.optimizely = drain(window.optimizely, function () {});
""",
    "dev.visualwebsiteoptimizer.com/": 'hit("https://dev.visualwebsiteoptimizer.com/v.gif?a=1");',
    "static.cloudflareinsights.com/beacon.min.js": 'beacon("https://cloudflareinsights.com/cdn-cgi/rum");',
    "us-assets.i.posthog.com/": 'beacon("https://us.i.posthog.com/e/");',
    "plausible.io/js/": 'beacon("https://plausible.io/api/event");',
    "js.stripe.com/v3": """\
  window.Stripe = function () {
    var inner = "https://js.stripe.com/v3/elements-inner-card.html";
    return { mount: function (id) { frame(inner, document.getElementById(id)) } };
  };
""",
    "widget.chat-vendor.example/": """\
  var box = document.createElement("div");
  box.id = "chat"; box.textContent = "Chat with us";
  document.body.appendChild(box);
""",
    "unpkg.com/": "window.carousel = { start: function () { return true } };",
    "www.google.com/recaptcha/api.js": 'load("https://www.gstatic.com/recaptcha/releases/v1/recaptcha__en.js");',
    "www.gstatic.com/recaptcha/": "window.grecaptcha = { ready: function (go) { go() } };",
}


def script_of(host: str, path: str) -> str:
    """Return the JavaScript a host answers a script load with."""
    url = host + path
    keys = [key for key in _BEHAVIOUR if url.startswith(key)]
    does = _BEHAVIOUR[max(keys, key=len)] if keys else _OWN_HOST % {"host": host}
    return f"{_PRELUDE}{does}\n}}());\n"


def vendors() -> list[tuple[str, str]]:
    """Return the host and path of each script whose behaviour is known."""
    return [(host, f"/{path}") for host, _, path in (key.partition("/") for key in _BEHAVIOUR)]
