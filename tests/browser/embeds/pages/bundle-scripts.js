/* The site's own bundle, with every vendor's loader built in: no URL of theirs is in the page. */
(function () {
  var vendors = [
    "https://www.googletagmanager.com/gtm.js?id=GTM-ABC1234",
    "https://www.googletagmanager.com/gtag/js?id=G-ABCDE12345",
    "https://www.google-analytics.com/analytics.js",
    "https://connect.facebook.net/en_US/fbevents.js",
    "https://static.hotjar.com/c/hotjar-1234567.js?sv=6",
    "https://www.clarity.ms/tag/abcdefghij",
    "https://mc.yandex.ru/metrika/tag.js",
    "https://cdn.matomo.cloud/shop.matomo.cloud/matomo.js",
    "https://cdn.segment.com/analytics.js/v1/wk1/analytics.min.js",
    "https://cdn.mxpnl.com/libs/mixpanel-2-latest.min.js",
    "https://cdn.amplitude.com/libs/analytics-browser-2.11.1-min.js.gz",
    "https://cdn.heapanalytics.com/js/heap-1234567890.js",
    "https://edge.fullstory.com/s/fs.js",
    "https://cdn.mouseflow.com/projects/0123.js",
    "https://analytics.tiktok.com/i18n/pixel/events.js?sdkid=A&lib=ttq",
    "https://static.ads-twitter.com/uwt.js",
    "https://snap.licdn.com/li.lms-analytics/insight.min.js",
    "https://s.pinimg.com/ct/core.js",
    "https://sc-static.net/scevent.min.js",
    "https://www.redditstatic.com/ads/pixel.js",
    "https://a.quora.com/qevents.js",
    "https://bat.bing.com/bat.js",
    "https://dynamic.criteo.com/js/ld/ld.js?a=12345",
    "https://cdn.taboola.com/libtrc/shop-publisher/loader.js",
    "https://widgets.outbrain.com/outbrain.js",
    "https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js",
    "https://securepubads.g.doubleclick.net/tag/js/gpt.js",
    "https://c.amazon-adsystem.com/aax2/apstag.js",
    "https://s.adroll.com/j/A/roundtrip.js",
    "https://secure.quantserve.com/quant.js",
    "https://sb.scorecardresearch.com/beacon.js",
    "https://static.chartbeat.com/js/chartbeat.js",
    "https://cdn.parsely.com/keys/shop.example/p.js",
    "https://js-agent.newrelic.com/nr-spa-1.260.1.min.js",
    "https://js.hs-scripts.com/1234567.js",
    "https://widget.intercom.io/widget/abcd1234",
    "https://js.driftt.com/include/1/abc.js",
    "https://cdn.optimizely.com/js/12345678901.js",
    "https://dev.visualwebsiteoptimizer.com/j.php?a=123456",
    "https://static.cloudflareinsights.com/beacon.min.js",
    "https://plausible.io/js/script.js",
    "https://us-assets.i.posthog.com/static/array.js"
  ];
  vendors.forEach(function (url) {
    var script = document.createElement("script");
    script.async = true;
    script.src = url;
    document.head.appendChild(script);
  });
  ran("bundle-scripts: " + vendors.length);
})();
