"""The companies whose embeds stand in the examples' pages, and what stands in for their servers.

Facts about what each embed does for a site, in a few words of script; none of the companies' code.
"""

from typing import Literal, NamedTuple

__all__ = ["VENDORS", "Kind", "Vendor", "vendor_of"]

Kind = Literal["tracker", "ad", "chat", "payment", "newsletter"]


class Vendor(NamedTuple):
    """A company: how the table calls it, what it is for, its hosts, and what its script does."""

    name: str
    kind: Kind
    hosts: tuple[str, ...]
    script: str = ""


def _tracker(name: str, *hosts: str) -> Vendor:
    return Vendor(name, "tracker", hosts, f'navigator.sendBeacon("https://{hosts[-1]}/collect");')


def _ads(name: str, slots: str, *hosts: str) -> Vendor:
    script = f"""\
for (const slot of document.querySelectorAll("{slots}")) {{
  const frame = document.createElement("iframe");
  frame.src = "https://{hosts[-1]}/ad.html";
  frame.style = "width:100%;height:4rem;border:0";
  slot.append(frame);
}}"""
    return Vendor(name, "ad", hosts, script)


def _chat(name: str, *hosts: str) -> Vendor:
    script = f"""\
const bubble = document.createElement("div");
bubble.textContent = "Chat with us ({name})";
bubble.style = "position:fixed;right:1rem;bottom:1rem;padding:.6rem 1rem;border-radius:2rem;" +
  "background:#0b5cab;color:white;font:1rem system-ui,sans-serif";
document.body.append(bubble);"""
    return Vendor(name, "chat", hosts, script)


_FIELD = """\
const put = selector => { document.querySelector(selector).textContent = "%s"; };"""

VENDORS = (
    _tracker("Google", "www.googletagmanager.com", "www.google-analytics.com"),
    _tracker("Meta", "connect.facebook.net", "www.facebook.com"),
    _tracker("Hotjar", "static.hotjar.com", "in.hotjar.com"),
    _tracker("Clarity", "www.clarity.ms", "k.clarity.ms"),
    _tracker("LinkedIn", "snap.licdn.com", "px.ads.linkedin.com"),
    _ads(
        "AdSense", "ins.adsbygoogle", "pagead2.googlesyndication.com", "googleads.g.doubleclick.net"
    ),
    _ads("AdManager", "[id^=div-gpt-ad]", "securepubads.g.doubleclick.net"),
    _ads("EthicalAds", "[data-ea-publisher]", "media.ethicalads.io", "server.ethicalads.io"),
    _chat("Intercom", "widget.intercom.io"),
    _chat("Crisp", "client.crisp.chat"),
    _chat("Tawk", "embed.tawk.to"),
    Vendor(
        "Stripe",
        "payment",
        ("js.stripe.com",),
        _FIELD % "Card number (Stripe)"
        + """
window.Stripe = () => ({ elements: () => ({ create: () => ({ mount: put }) }) });""",
    ),
    Vendor(
        "PayPal",
        "payment",
        ("www.paypal.com",),
        _FIELD % "Pay with PayPal" + "\nwindow.paypal = { Buttons: () => ({ render: put }) };",
    ),
    Vendor("Mailchimp", "newsletter", ("alpines.us1.list-manage.com",)),
)

_BY_HOST = {host: vendor for vendor in VENDORS for host in vendor.hosts}


def vendor_of(host: str) -> Vendor | None:
    """Return the company a host belongs to, if one of the examples' embeds is its."""
    return _BY_HOST.get(host.lower())
