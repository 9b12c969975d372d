"""The browser that a User-Agent names, in words that identify nobody: "Firefox on Windows, desktop" (policy §3).

The words are a closed set. A parser takes the name of an unknown program from the field itself, and
a visitor can write anything there: `AyeshaKhan/1.0` would be a browser.
"""

from __future__ import annotations

import re
from typing import Any

from alpines_privacy.http.cache import cached

__all__ = ["GENERALISED", "UNREAD", "generalised"]

_LONGEST = 512  # characters that are read; the longest of real browsers have 350

# ua-parser's families, and the words written for them.
_BROWSERS = {
    "Chrome": "Chrome", "Chrome Mobile": "Chrome", "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome", "Chromium": "Chrome", "HeadlessChrome": "Chrome",
    "Firefox": "Firefox", "Firefox Mobile": "Firefox", "Firefox iOS": "Firefox",
    "Safari": "Safari", "Mobile Safari": "Safari", "Mobile Safari UI/WKWebView": "Safari",
    "Edge": "Edge", "Edge Mobile": "Edge", "IE": "Internet Explorer",
    "IE Mobile": "Internet Explorer", "Opera": "Opera", "Opera Mobile": "Opera",
    "Opera Mini": "Opera", "Opera Touch": "Opera", "Samsung Internet": "Samsung Internet",
    "UC Browser": "UC Browser", "Yandex Browser": "Yandex Browser", "Vivaldi": "Vivaldi",
    "MiuiBrowser": "Miui Browser", "Huawei Browser": "Huawei Browser", "Android": "Android Browser",
    "DuckDuckGo Mobile": "DuckDuckGo", "Brave": "Brave",
    "Facebook": "Facebook", "Instagram": "Instagram", "WhatsApp": "WhatsApp", "Slackbot": "Slackbot",
    "curl": "curl", "Wget": "Wget", "Python Requests": "Requests", "Python/httpx": "httpx",
    "aiohttp": "aiohttp", "Go-http-client": "Go", "Apache-HttpClient": "HttpClient", "okhttp": "OkHttp",
    "PostmanRuntime": "Postman", "ELB-HealthChecker": "ELB-HealthChecker", "kube-probe": "kube-probe",
    "Googlebot": "Googlebot", "bingbot": "bingbot", "YandexBot": "YandexBot",
    "Baiduspider": "Baiduspider", "DuckDuckBot": "DuckDuckBot", "Applebot": "Applebot",
    "AhrefsBot": "AhrefsBot", "SemrushBot": "SemrushBot", "FacebookBot": "FacebookBot",
    "Twitterbot": "Twitterbot", "GPTBot": "GPTBot", "ClaudeBot": "ClaudeBot",
}  # fmt: skip
_SYSTEMS = {
    "Windows": "Windows", "Windows Phone": "Windows", "Mac OS X": "macOS", "iOS": "iOS",
    "Android": "Android", "Linux": "Linux", "Ubuntu": "Linux", "Fedora": "Linux", "Debian": "Linux",
    "Chrome OS": "ChromeOS", "FreeBSD": "BSD", "OpenBSD": "BSD", "NetBSD": "BSD", "KaiOS": "KaiOS",
    "Tizen": "Tizen", "HarmonyOS": "HarmonyOS",
}  # fmt: skip
# "handheld", because a number after "mobile" or "phone" is read as a telephone number.
_DEVICES = ("desktop", "handheld", "tablet", "bot", "other device")
_OTHER_BROWSER, _OTHER_SYSTEM = "other program", "other system"
# Written for a User-Agent that is not parsed; parsing takes 0.2 ms.
UNREAD = f"{_OTHER_BROWSER} on {_OTHER_SYSTEM}, other device"


def _one_of(*names: str) -> str:
    return "|".join(map(re.escape, sorted({*names}, reverse=True)))


# Every text `generalised` can give, and no other.
GENERALISED = (
    f"(?:{_one_of(*_BROWSERS.values(), _OTHER_BROWSER)})"
    f" on (?:{_one_of(*_SYSTEMS.values(), _OTHER_SYSTEM)}), (?:{_one_of(*_DEVICES)})"
)


def generalised(value: str) -> str:
    """Return browser, system and kind of device of a User-Agent field's value."""
    return _parsed(value[:_LONGEST])


@cached("user agents")
def _parsed(value: str) -> str:
    from user_agents import parse  # noqa: PLC0415 - a third of a second, and most processes log no User-Agent

    agent: Any = parse(value)
    browser = _BROWSERS.get(agent.browser.family, _OTHER_BROWSER)
    system = _SYSTEMS.get(agent.os.family, _OTHER_SYSTEM)
    return f"{browser} on {system}, {_device(agent)}"


def _device(agent: Any) -> str:
    facts = (agent.is_bot, agent.is_tablet, agent.is_mobile, agent.is_pc)
    names = ("bot", "tablet", "handheld", "desktop")
    return next((name for fact, name in zip(facts, names, strict=True) if fact), "other device")
