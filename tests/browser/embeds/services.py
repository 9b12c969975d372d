"""Services that sites add at run time and that no list names: checkouts, bookings, comments, sign-ins, libraries.

Each is loaded the way its documentation says: an inline script of the page's makes the service's
script, and once that has run a frame is opened or its API is asked.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from tests.browser.embeds.embed import Embed

__all__ = ["SERVICES"]


class _Service(NamedTuple):
    name: str
    script: str
    frame: str = ""
    api: str = ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts it is loaded from."""
        urls = filter(None, (self.script, self.frame, self.api))
        return tuple(dict.fromkeys(str(urlsplit(url).hostname) for url in urls))


_TABLE = (
    _Service("paddle", "https://cdn.paddle.com/paddle/v2/paddle.js", "https://buy.paddle.com/product/1"),
    _Service("paypal", "https://www.paypal.com/sdk/js?client-id=tea", "https://www.paypal.com/smart/buttons"),
    _Service("klarna", "https://x.klarnacdn.net/kp/lib/v1/api.js", "https://js.klarna.com/web-sdk/v1/frame"),
    _Service("adyen", "https://checkoutshopper-live.adyen.com/checkoutshopper/sdk/5.0/adyen.js", api="https://checkoutshopper-live.adyen.com/checkoutshopper/v1/sessions"),
    _Service("square", "https://web.squarecdn.com/v1/square.js", "https://web.squarecdn.com/v1/card.html"),
    _Service("razorpay", "https://checkout.razorpay.com/v1/checkout.js", "https://api.razorpay.com/v1/checkout/public"),
    _Service("mollie", "https://js.mollie.com/v1/mollie.js", "https://js.mollie.com/v1/frame"),
    _Service("braintree", "https://js.braintreegateway.com/web/3.97.2/js/client.min.js", api="https://payments.braintree-api.com/graphql"),
    _Service("google-pay", "https://pay.google.com/gp/p/js/pay.js", "https://pay.google.com/gp/p/ui/pay"),
    _Service("lemon-squeezy", "https://app.lemonsqueezy.com/js/lemon.js", "https://tea.lemonsqueezy.com/checkout/buy/1"),
    _Service("snipcart", "https://cdn.snipcart.com/themes/v3.7/default/snipcart.js", api="https://app.snipcart.com/api/v3/cart"),
    _Service("calendly", "https://assets.calendly.com/assets/external/widget.js", "https://calendly.com/tea/visit"),
    _Service("cal-com", "https://app.cal.com/embed/embed.js", "https://app.cal.com/tea/visit"),
    _Service("opentable", "https://www.opentable.com/widget/reservation/loader?rid=1", "https://www.opentable.com/widget/reservation/canvas"),
    _Service("typeform", "https://embed.typeform.com/next/embed.js", "https://form.typeform.com/to/tea"),
    _Service("tally", "https://tally.so/widgets/embed.js", "https://tally.so/embed/tea"),
    _Service("disqus", "https://teashop.disqus.com/embed.js", "https://disqus.com/embed/comments/"),
    _Service("giscus", "https://giscus.app/client.js", "https://giscus.app/en/widget"),
    _Service("firebase", "https://www.gstatic.com/firebasejs/11.0.0/firebase-app-compat.js", "https://tea.firebaseapp.com/__/auth/iframe",
        "https://identitytoolkit.googleapis.com/v1/accounts:lookup"),
    _Service("google-sign-in", "https://accounts.google.com/gsi/client", "https://accounts.google.com/gsi/iframe/select"),
    _Service("apple-sign-in", "https://appleid.cdn-apple.com/appleauth/static/jsapi/appleid/1/en_US/appleid.auth.js", "https://appleid.apple.com/auth/authorize"),
    _Service("auth0", "https://cdn.auth0.com/js/auth0/9.28/auth0.min.js", "https://tea.eu.auth0.com/authorize"),
    _Service("hcaptcha", "https://js.hcaptcha.com/1/api.js", "https://newassets.hcaptcha.com/captcha/v1/tea/static/hcaptcha.html"),
    _Service("turnstile", "https://challenges.cloudflare.com/turnstile/v0/api.js", "https://challenges.cloudflare.com/cdn-cgi/challenge-platform/h/g"),
    _Service("youtube", "https://www.youtube.com/iframe_api", "https://www.youtube-nocookie.com/embed/abcdefghijk"),
    _Service("vimeo", "https://player.vimeo.com/api/player.js", "https://player.vimeo.com/video/1"),
    _Service("spotify", "https://open.spotify.com/embed/iframe-api/v1", "https://open.spotify.com/embed/track/1"),
    _Service("plotly", "https://cdn.plot.ly/plotly-3.0.0.min.js"),
    _Service("mathjax", "https://cdn.jsdelivr.net/npm/mathjax@4/tex-chtml.js"),
    _Service("require-js", "https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.6/require.min.js"),
    _Service("vega", "https://unpkg.com/vega@5", api="https://cdn.jsdelivr.net/npm/vega-datasets@2/data/cars.json"),
    _Service("mapbox", "https://api.mapbox.com/mapbox-gl-js/v3.8.0/mapbox-gl.js", api="https://api.mapbox.com/styles/v1/mapbox/streets-v12"),
    _Service("pusher", "https://js.pusher.com/8.4.0/pusher.min.js", api="https://sockjs-eu.pusher.com/pusher/app/tea"),
)  # fmt: skip

_BODY = """\
<div id="service"></div>
<script>
(function () {{
  var made = document.createElement("script");
  made.async = true;
  made.src = "{script}";
  made.onload = async function () {{
    var told = ["script"];
    if ("{frame}") told.push(await new Promise(function (done) {{
      var frame = document.createElement("iframe");
      frame.onload = function () {{ done("frame") }};
      frame.src = "{frame}";
      document.getElementById("service").append(frame);
    }}));
    if ("{api}") told.push((await fetch("{api}", {{ method: "POST", body: "tea" }})).ok);
    ran("{name}: " + told.join(" "));
  }};
  document.head.append(made);
}})();
</script>
"""


def _control(service: _Service) -> Embed:
    told = ["script", *["frame"][: bool(service.frame)], *["true"][: bool(service.api)]]
    return Embed(
        name=f"service-{service.name}",
        way="control",
        reached=service.hosts,
        ran=(f"{service.name}: {' '.join(told)}",),
        body=_BODY.format(**service._asdict()),
    )


SERVICES = tuple(map(_control, _TABLE))
