"""Which hosts each embed reaches when nothing stops it, and what its page does on its own.

`always` or `ads` is what EasyPrivacy and EasyList (2026-08) say about the URL the page itself
loads, and third-party-web's category where they are silent; a vendor's further hosts stand with
the first. Seen with `adblock` on every URL that a bare visit loads:

- EasyList alone knows AdRoll, `static.ads-twitter.com`, `c.amazon-adsystem.com` and the frame of
  `fls.doubleclick.net` (Floodlight counts conversions): retargeting, so `always`.
- neither knows `cdn.optimizely.com`, `dev.visualwebsiteoptimizer.com` (analytics), `js.driftt.com`,
  `js.hs-scripts.com` (marketing), `widget.intercom.io` (customer success: no tracker by category,
  `always` here because it reports every page view).
- EasyPrivacy knows Criteo, Taboola and Outbrain whole.
"""

from __future__ import annotations

from tests.browser.embeds.embed import Embed
from tests.browser.embeds.front_ends import BUNDLED, FRONT_ENDS
from tests.browser.embeds.services import SERVICES

__all__ = ["CONTROLS", "TRACKERS"]

_GOOGLE = "www.google-analytics.com"

VENDORS = (
    Embed(
        name="gtag",
        way="markup",
        always=("www.googletagmanager.com", _GOOGLE),
        ran=("gtag: click",),
        called=("gtag",),
    ),
    Embed(
        name="analytics-js",
        way="inline",
        always=(_GOOGLE,),
        ran=("analytics-js: click",),
        called=("analytics-js",),
    ),
    Embed(
        name="analytics-js-static",
        way="markup",
        always=(_GOOGLE,),
        ran=("analytics-js-static: event",),
    ),
    Embed(
        name="gtm",
        way="inline",
        always=("www.googletagmanager.com", _GOOGLE),
        noscript=("www.googletagmanager.com",),
        ran=("gtm: order",),
        called=("gtm",),
    ),
    Embed(
        name="meta-pixel",
        way="inline",
        always=("connect.facebook.net", "www.facebook.com"),
        noscript=("www.facebook.com",),
        ran=("meta-pixel: cart",),
    ),
    Embed(
        name="hotjar",
        way="inline",
        always=("static.hotjar.com", "script.hotjar.com"),
        ran=("hotjar: event",),
    ),
    Embed(
        name="clarity",
        way="inline",
        always=("www.clarity.ms", "scripts.clarity.ms", "k.clarity.ms"),
        ran=("clarity: set",),
    ),
    Embed(
        name="yandex-metrica",
        way="inline",
        always=("mc.yandex.ru",),
        noscript=("mc.yandex.ru",),
        ran=("yandex-metrica: goal",),
    ),
    Embed(
        name="matomo-cloud",
        way="inline",
        always=("cdn.matomo.cloud", "shop.matomo.cloud"),
        noscript=("shop.matomo.cloud",),
        ran=("matomo-cloud: event",),
    ),
    Embed(
        name="segment",
        way="inline",
        always=("cdn.segment.com", "api.segment.io"),
        ran=("segment: track",),
    ),
    Embed(
        name="mixpanel",
        way="inline",
        always=("cdn.mxpnl.com", "api-js.mixpanel.com"),
        ran=("mixpanel: track",),
    ),
    Embed(
        name="amplitude",
        way="markup",
        always=("cdn.amplitude.com", "api2.amplitude.com"),
        ran=("amplitude: track",),
    ),
    Embed(
        name="heap",
        way="inline",
        always=("cdn.heapanalytics.com", "heapanalytics.com"),
        ran=("heap: track",),
    ),
    Embed(
        name="fullstory",
        way="inline",
        always=("edge.fullstory.com", "rs.fullstory.com"),
        ran=("fullstory: event",),
    ),
    Embed(name="mouseflow", way="inline", always=("cdn.mouseflow.com",), ran=("mouseflow: tag",)),
    Embed(name="tiktok", way="inline", always=("analytics.tiktok.com",), ran=("tiktok: track",)),
    Embed(
        name="x-uwt",
        way="inline",
        always=("static.ads-twitter.com", "t.co", "analytics.twitter.com"),
        ran=("x-uwt: event",),
    ),
    Embed(
        name="linkedin",
        way="inline",
        always=("snap.licdn.com", "px.ads.linkedin.com"),
        noscript=("px.ads.linkedin.com",),
        ran=("linkedin: track",),
    ),
    Embed(
        name="pinterest",
        way="inline",
        always=("s.pinimg.com", "ct.pinterest.com"),
        noscript=("ct.pinterest.com",),
        ran=("pinterest: track",),
    ),
    Embed(
        name="snapchat",
        way="inline",
        always=("sc-static.net", "tr.snapchat.com"),
        ran=("snapchat: track",),
    ),
    Embed(
        name="reddit",
        way="inline",
        always=("www.redditstatic.com", "alb.reddit.com"),
        ran=("reddit: track",),
    ),
    Embed(
        name="quora",
        way="inline",
        always=("a.quora.com", "q.quora.com"),
        noscript=("q.quora.com",),
        ran=("quora: track",),
    ),
    Embed(name="bing-uet", way="inline", always=("bat.bing.com",), ran=("bing-uet: event",)),
    Embed(
        name="criteo",
        way="markup",
        always=("dynamic.criteo.com", "sslwidget.criteo.com"),
        ran=("criteo: basket",),
    ),
    Embed(
        name="taboola",
        way="inline",
        always=("cdn.taboola.com", "trc.taboola.com"),
        slots="#taboola-below-article-thumbnails",
        ran=("taboola: flush",),
    ),
    Embed(
        name="outbrain",
        way="markup",
        always=("widgets.outbrain.com", "odb.outbrain.com"),
        slots=".OUTBRAIN",
        ran=("outbrain: reload",),
    ),
    Embed(
        name="outbrain-amplify",
        way="inline",
        always=("amplify.outbrain.com", "tr.outbrain.com"),
        ran=("outbrain-amplify: order",),
    ),
    Embed(
        name="adsense",
        way="markup",
        ads=("pagead2.googlesyndication.com", "googleads.g.doubleclick.net"),
        slots="ins.adsbygoogle",
        ran=("adsense: push",),
    ),
    Embed(
        name="gpt",
        way="markup",
        ads=("securepubads.g.doubleclick.net",),
        slots="[id^=div-gpt-ad]",
        ran=("gpt: targeting",),
    ),
    Embed(
        name="amp-ad",
        way="markup",
        ads=("tpc.googlesyndication.com",),
        slots="amp-ad, amp-embed, img.banner",
        ran=("amp-ad: shown",),
    ),
    Embed(
        name="apstag",
        way="inline",
        always=("c.amazon-adsystem.com", "aax.amazon-adsystem.com"),
        ran=("apstag: bids",),
        called=("apstag",),
    ),
    Embed(
        name="adroll",
        way="inline",
        always=("s.adroll.com", "d.adroll.com"),
        ran=("adroll: track",),
    ),
    Embed(
        name="quantcast",
        way="inline",
        always=("secure.quantserve.com", "pixel.quantserve.com"),
        noscript=("pixel.quantserve.com",),
        ran=("quantcast: event",),
    ),
    Embed(
        name="comscore",
        way="inline",
        always=("sb.scorecardresearch.com",),
        noscript=("sb.scorecardresearch.com",),
        ran=("comscore: push",),
    ),
    Embed(
        name="chartbeat",
        way="inline",
        always=("static.chartbeat.com", "ping.chartbeat.net"),
        ran=("chartbeat: section",),
    ),
    Embed(
        name="parsely",
        way="markup",
        always=("cdn.parsely.com", "p1.parsely.com"),
        ran=("parsely: set",),
    ),
    Embed(
        name="new-relic",
        way="inline",
        always=("js-agent.newrelic.com", "bam.nr-data.net"),
        ran=("new-relic: attribute",),
    ),
    Embed(
        name="hubspot",
        way="markup",
        always=(
            "js.hs-scripts.com",
            "js.hs-analytics.net",
            "js.hs-banner.com",
            "track.hubspot.com",
        ),
        ran=("hubspot: view",),
    ),
    Embed(
        name="intercom",
        way="inline",
        always=("widget.intercom.io", "js.intercomcdn.com", "api-iam.intercom.io"),
        ran=("intercom: event",),
    ),
    Embed(name="drift", way="inline", always=("js.driftt.com",), ran=("drift: track",)),
    Embed(
        name="optimizely",
        way="markup",
        always=("cdn.optimizely.com", "logx.optimizely.com"),
        ran=("optimizely: event",),
    ),
    Embed(
        name="vwo",
        way="inline",
        always=("dev.visualwebsiteoptimizer.com",),
        ran=("vwo: goal",),
    ),
    Embed(
        name="cloudflare-insights",
        way="markup",
        always=("static.cloudflareinsights.com", "cloudflareinsights.com"),
        ran=("cloudflare-insights: none",),
    ),
    Embed(name="plausible", way="markup", always=("plausible.io",), ran=("plausible: goal",)),
    Embed(
        name="posthog",
        way="inline",
        always=("us-assets.i.posthog.com", "us.i.posthog.com"),
        ran=("posthog: capture",),
    ),
    Embed(
        name="google-ads-conversion",
        way="markup",
        always=("www.googleadservices.com",),
        noscript=("googleads.g.doubleclick.net",),
        ran=("google-ads-conversion: none",),
    ),
    Embed(
        name="statcounter-write",
        way="inline",
        always=("secure.statcounter.com",),
        noscript=("c.statcounter.com",),
        ran=("statcounter-write: none",),
    ),
)

MARKUP = (
    Embed(
        name="pixel-image",
        way="markup",
        always=("counter.yadro.ru", "hm.baidu.com", "c.statcounter.com"),
        ran=("pixel-image: none",),
    ),
    Embed(
        name="pixel-frame",
        way="markup",
        always=("1234567.fls.doubleclick.net", "www.facebook.com"),
        ran=("pixel-frame: none",),
    ),
    Embed(
        name="link-hints",
        way="markup",
        always=(
            "mc.yandex.ru",
            "static.hotjar.com",
            "cdn.mouseflow.com",
            "secure.statcounter.com",
            "counter.yadro.ru",
        ),
        named=(_GOOGLE, "o2.mouseflow.com"),
        ran=("link-hints: none",),
    ),
    Embed(name="ping", way="markup", always=(_GOOGLE,), ran=("ping: #story",)),
    Embed(
        name="form-action",
        way="act",
        always=(_GOOGLE, "mc.yandex.ru"),
        ran=("form-action: told",),
    ),
    Embed(
        name="meta-refresh",
        way="markup",
        always=(_GOOGLE,),
        ran=("meta-refresh: stayed",),
        leaves=True,
    ),
    Embed(
        name="srcset",
        way="markup",
        always=("counter.yadro.ru", "hm.baidu.com"),
        ran=("srcset: leaf pot",),
    ),
    Embed(
        name="css-url",
        way="markup",
        always=("secure.statcounter.com", "hm.baidu.com", "counter.yadro.ru"),
        ran=("css-url: rgb(0, 90, 0) 3px 7px",),
    ),
    Embed(
        name="svg-image",
        way="markup",
        always=("hm.baidu.com", "counter.yadro.ru", _GOOGLE),
        ran=("svg-image: 2",),
    ),
    Embed(
        name="object-embed",
        way="markup",
        always=("counter.yadro.ru", "hm.baidu.com"),
        ran=("object-embed: none",),
    ),
    Embed(
        name="media",
        way="markup",
        always=("hm.baidu.com", "counter.yadro.ru", "c.statcounter.com"),
        ran=("media: true",),
    ),
    Embed(
        name="input-image",
        way="markup",
        always=("hm.baidu.com", "counter.yadro.ru"),
        ran=("input-image: Ada Cell",),
    ),
    Embed(
        name="import-map",
        way="markup",
        always=("static.hotjar.com",),
        ran=("import-map: own",),
    ),
    Embed(
        name="module-import",
        way="inline",
        always=("static.hotjar.com", "mc.yandex.ru", "cdn.mouseflow.com"),
        left=("cdn.mouseflow.com",),
        ran=("module-import: module",),
    ),
    Embed(
        name="speculation-rules",
        way="markup",
        always=("hm.baidu.com",),
        ran=("speculation-rules: none",),
    ),
    Embed(
        name="srcdoc",
        way="markup",
        always=("hm.baidu.com", _GOOGLE),
        ran=("srcdoc: Hello from inside",),
    ),
    Embed(
        name="template",
        way="markup",
        always=("hm.baidu.com", "counter.yadro.ru", "mc.yandex.ru", "c.statcounter.com"),
        ran=("template: A row, In the shadow",),
    ),
    Embed(
        name="disguised-urls",
        way="markup",
        always=(
            _GOOGLE,
            "hm.baidu.com",
            "counter.yadro.ru",
            "c.statcounter.com",
            "mc.yandex.ru",
            "static.hotjar.com",
            "bat.bing.com",
            "cdn.mouseflow.com",
            "secure.quantserve.com",
        ),
        ran=("disguised-urls: none",),
    ),
    Embed(name="base-href", way="markup", always=(_GOOGLE,), ran=("base-href: none",)),
    Embed(
        name="inline-pixel",
        way="inline",
        always=("hm.baidu.com", "mc.yandex.ru", _GOOGLE, "counter.yadro.ru"),
        ran=("inline-pixel: none",),
    ),
    Embed(
        name="noscript-markup",
        way="markup",
        noscript=("counter.yadro.ru", "hm.baidu.com", "secure.statcounter.com"),
        ran=("noscript: none",),
    ),
    Embed(
        name="plain-http",
        way="markup",
        always=(_GOOGLE, "c.statcounter.com", "mc.yandex.ru"),
        ran=("plain-http: none",),
        scheme="http",
    ),
    Embed(
        name="link-header",
        way="markup",
        always=("mc.yandex.ru", "static.hotjar.com"),
        named=("vars.hotjar.com",),
        ran=("link-header: none",),
        fields={
            "Link": "<https://mc.yandex.ru/metrika/tag.js>; rel=preload; as=script, "
            "<https://static.hotjar.com/c/hotjar-1.js>; rel=modulepreload, "
            '<https://vars.hotjar.com>; rel="preconnect"'
        },
    ),
    Embed(
        name="refresh-header",
        way="markup",
        always=(_GOOGLE,),
        ran=("refresh-header: stayed",),
        fields={"Refresh": f"0; url=https://{_GOOGLE}/collect?t=refresh"},
        leaves=True,
    ),
)

# Every script a vendor above loads, from one bundle.
_BUNDLED = (
    "www.googletagmanager.com",
    _GOOGLE,
    "connect.facebook.net",
    "static.hotjar.com",
    "www.clarity.ms",
    "mc.yandex.ru",
    "cdn.matomo.cloud",
    "cdn.segment.com",
    "cdn.mxpnl.com",
    "cdn.amplitude.com",
    "cdn.heapanalytics.com",
    "edge.fullstory.com",
    "cdn.mouseflow.com",
    "analytics.tiktok.com",
    "static.ads-twitter.com",
    "snap.licdn.com",
    "s.pinimg.com",
    "sc-static.net",
    "www.redditstatic.com",
    "a.quora.com",
    "bat.bing.com",
    "dynamic.criteo.com",
    "c.amazon-adsystem.com",
    "s.adroll.com",
    "secure.quantserve.com",
    "sb.scorecardresearch.com",
    "static.chartbeat.com",
    "cdn.parsely.com",
    "js-agent.newrelic.com",
    "js.hs-scripts.com",
    "widget.intercom.io",
    "js.driftt.com",
    "cdn.taboola.com",
    "widgets.outbrain.com",
    "cdn.optimizely.com",
    "dev.visualwebsiteoptimizer.com",
    "static.cloudflareinsights.com",
    "plausible.io",
    "us-assets.i.posthog.com",
)

INJECTED = (
    Embed(
        name="bundle-scripts",
        way="element",
        always=_BUNDLED,
        ads=("pagead2.googlesyndication.com", "securepubads.g.doubleclick.net"),
        ran=("bundle-scripts: 42",),
    ),
    Embed(
        name="bundle-frames",
        way="element",
        always=(
            "1234567.fls.doubleclick.net",
            "counter.yadro.ru",
            "hm.baidu.com",
            "mc.yandex.ru",
        ),
        ran=("bundle-frames: Added",),
    ),
    Embed(name="bundle-writes", way="element", always=(_GOOGLE,), ran=("bundle-writes: written",)),
    Embed(
        name="bundle-modules",
        way="element",
        always=("static.hotjar.com", "mc.yandex.ru", "hm.baidu.com", "counter.yadro.ru"),
        left=("static.hotjar.com", "mc.yandex.ru"),
        ran=("bundle-modules: asked",),
    ),
    Embed(
        name="bundle-worker",
        way="element",
        always=("hm.baidu.com",),
        ran=("bundle-worker: counted",),
    ),
    Embed(
        name="bundle-consent",
        way="element",
        always=("static.hotjar.com", "mc.yandex.ru", "counter.yadro.ru"),
        ran=("bundle-consent: revived",),
    ),
    Embed(
        name="beacon-image",
        way="beacon",
        always=("hm.baidu.com", "counter.yadro.ru"),
        ran=("beacon-image: set",),
    ),
    Embed(
        name="beacon-fetch",
        way="beacon",
        always=(_GOOGLE, "mc.yandex.ru", "hm.baidu.com"),
        ran=("beacon-fetch: ended",),
    ),
    Embed(
        name="beacon-send",
        way="beacon",
        always=(_GOOGLE, "mc.yandex.ru", "hm.baidu.com"),
        ran=("beacon-send: sent",),
    ),
    Embed(
        name="beacon-sockets",
        way="beacon",
        always=("mc.yandex.ru", "hm.baidu.com"),
        ran=("beacon-sockets: opened",),
    ),
    Embed(
        name="beacon-styles",
        way="beacon",
        always=("secure.statcounter.com", "hm.baidu.com", "counter.yadro.ru"),
        left=("hm.baidu.com", "counter.yadro.ru"),
        ran=("beacon-styles: added",),
    ),
    Embed(
        name="beacon-media",
        way="beacon",
        always=("counter.yadro.ru", "hm.baidu.com"),
        ran=("beacon-media: loaded",),
    ),
    Embed(
        name="beacon-worker",
        way="beacon",
        always=("hm.baidu.com",),
        ran=("beacon-worker: told",),
    ),
    Embed(
        name="beacon-handlers",
        way="beacon",
        always=("hm.baidu.com", "counter.yadro.ru"),
        ran=("beacon-handlers: clicked",),
    ),
    Embed(
        name="beacon-theme",
        way="beacon",
        always=("secure.statcounter.com", "hm.baidu.com"),
        left=("secure.statcounter.com", "hm.baidu.com"),
        ran=("beacon-theme: none",),
    ),
)

# Under the app's own strict policy (CSP3): its nonces, or its hashes, are what lets a script run.
UNDER_A_POLICY = (
    Embed(
        name="policy-nonces",
        way="markup",
        always=("www.googletagmanager.com", _GOOGLE),
        allows="nonces",
        ran=("policy-nonces: click",),
        called=("policy-nonces",),
    ),
)

TRACKERS = VENDORS + MARKUP + INJECTED + BUNDLED + UNDER_A_POLICY

# `reached` in both kinds of `loads`: the site's own domain and what the policy declares.
CONTROLS = (
    Embed(
        name="control-own-tracker-path",
        way="control",
        reached=("cdn.{domain}",),
        ran=("own-tracker-path: tea", "own-tracker-path: 1"),
    ),
    Embed(name="control-own-font", way="control", ran=("own-font: 1 loaded",)),
    Embed(
        name="control-payment",
        way="control",
        reached=("js.stripe.com",),
        ran=("payment: mounted",),
    ),
    Embed(
        name="control-style-sheet",
        way="control",
        reached=("cdn.jsdelivr.net",),
        ran=("style-sheet: 1",),
    ),
    Embed(name="control-state", way="control", ran=("state: 3 17 /tea",)),
    Embed(name="control-talk", way="control", ran=("talk: 102 59 39 36",)),
    Embed(name="control-names", way="control", ran=("names: 2026 8 Hjalmar 0.9 2",)),
    Embed(
        name="control-chat",
        way="control",
        reached=("widget.chat-vendor.example",),
        ran=("chat: Chat with us",),
    ),
    Embed(
        name="control-own-network",
        way="control",
        ran=("own-network: fetch true", "own-network: event 1"),
    ),
    Embed(
        name="control-own-code",
        way="control",
        ran=("own-code: eval 2 3", "own-code: worker 42", "own-code: data 1"),
    ),
    Embed(
        name="control-captcha",
        way="control",
        reached=("www.google.com", "www.gstatic.com"),
        ran=("captcha: ready",),
    ),
    Embed(name="control-large-app", way="control", ran=("large-app: mounted",)),
    # A websocket, where the framework has one.
    Embed(name="control-own-websocket", way="control", ran=("own-websocket: hello",)),
    # Declared though a tracker: the operator's word wins while there is no signal.
    Embed(
        name="control-declared-tracker",
        way="control",
        reached=("widget.intercom.io",),
        ran=("declared-tracker: shown",),
    ),
    # Not declared, no tracker, listed nowhere: `loads = "listed"` lets it be.
    Embed(
        name="control-named-host",
        way="control",
        reached=("unpkg.com", "www.youtube-nocookie.com", "images.supplier.example"),
        ran=("named-host: true",),
    ),
    Embed(
        name="control-policy-nonces",
        way="control",
        allows="nonces",
        reached=("cdn.jsdelivr.net",),
        ran=("policy-nonces: loaded",),
    ),
    Embed(
        name="control-policy-hashes", way="control", allows="hashes", ran=("policy-hashes: ran",)
    ),
    Embed(
        name="control-cookies",
        way="control",
        ran=(
            "cookies: theme=dark; _ga=GA1.1.2; csrftoken=1; visitor=42",
            "cookies: deleted, none left",
        ),
    ),
    *SERVICES,
    *FRONT_ENDS,
)
