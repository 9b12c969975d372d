"""Authentication data: tokens, keys of well-known services, private keys, credentials in URLs and headers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.redaction.kinds.keywords import WORD
from alpines_privacy.redaction.kinds.shape import Bounds, Shape

__all__ = ["SHAPES"]

_WORD = "[0-9A-Za-z]"
_URL = "[0-9A-Za-z_-]"
_HEX = "[0-9a-fA-F]"

# The prefix of a service's keys and the form of the rest (the services' own documentation), for keys with
# a rest of hexadecimal digits and keys that the prefix alone identifies. Other keys need no line here:
# `tokens` finds random ones.
_KEYS = (
    ("AKIA ASIA ABIA ACCA", "[A-Z0-9]{16}"),  # AWS
    ("ghp_ gho_ ghu_ ghs_ ghr_", rf"{_WORD}{{30,255}}"),  # GitHub
    ("github_pat_", "[0-9A-Za-z_]{30,255}"),
    (
        "glpat- glptt- gldt- glrt- glcbt- glft- glsoat- glagent- glimt- gloas- glffct-",
        r"[0-9A-Za-z_.-]{16,255}",
    ),  # GitLab
    ("AIza", rf"{_URL}{{35}}"),  # Google
    ("ya29.", rf"{_URL}{{20,512}}"),
    ("GOCSPX-", rf"{_URL}{{20,64}}"),
    ("sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ whsec_", rf"{_WORD}{{10,255}}"),  # Stripe
    ("xoxa- xoxb- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs- xapp-", "[0-9A-Za-z.-]{10,255}"),  # Slack
    ("SG.", rf"{_URL}{{16,64}}\.{_URL}{{16,64}}"),  # SendGrid
    ("sk-", rf"{_URL}{{20,255}}"),  # OpenAI, Anthropic, OpenRouter, DeepSeek
    ("npm_", rf"{_WORD}{{36}}"),
    ("pypi-", rf"{_URL}{{50,512}}"),
    ("shpat_ shpca_ shppa_ shpss_ shptka_", rf"{_HEX}{{32}}"),  # Shopify
    ("sq0atp- sq0csp- sq0idp-", rf"{_URL}{{22,64}}"),  # Square
    ("doo_v1_ dop_v1_ dor_v1_", rf"{_HEX}{{64}}"),  # DigitalOcean
    ("HRKU-", rf"{_URL}{{30,80}}"),  # Heroku
    ("hf_", rf"{_WORD}{{30,64}}"),  # Hugging Face
    ("lin_api_", rf"{_WORD}{{32,64}}"),  # Linear
    ("figd_", rf"{_URL}{{30,64}}"),  # Figma
    ("PMAK-", rf"{_HEX}{{24}}-{_HEX}{{34}}"),  # Postman
    ("glsa_ glc_", "[0-9A-Za-z_+/=]{30,255}"),  # Grafana
    ("hvs. hvb. hvr.", rf"{_URL}{{20,255}}"),  # Vault
    ("dp.pt. dp.st. dp.ct. dp.sa.", "[0-9A-Za-z._-]{30,64}"),  # Doppler
    ("NRAK-", "[0-9A-Z]{27}"),  # New Relic
    ("pscale_", "(?:tkn|pw|oauth)_[0-9A-Za-z_.-]{30,64}"),  # PlanetScale
    ("sntrys_ sntryu_", "[0-9A-Za-z_+/=]{40,255}"),  # Sentry
    ("sbp_", rf"{_HEX}{{40}}"),  # Supabase
    ("sb_secret_", rf"{_URL}{{20,64}}"),
    ("ATATT3", "[0-9A-Za-z_=-]{50,255}"),  # Atlassian
    ("ATBB", rf"{_WORD}{{28,32}}"),  # Bitbucket
    ("dckr_pat_", rf"{_URL}{{20,64}}"),  # Docker
    ("rubygems_", rf"{_HEX}{{48}}"),
    ("packagist_ort_ packagist_out_ packagist_acs_ packagist_ack_", rf"{_HEX}{{28,96}}"),
    ("pul-", rf"{_HEX}{{40}}"),  # Pulumi
    ("rootly_", rf"{_HEX}{{64}}"),
    ("xkeysib-", rf"{_HEX}{{64}}-{_WORD}{{16}}"),  # Brevo
    ("gsk_", rf"{_WORD}{{40,64}}"),  # Groq
    ("xai-", rf"{_WORD}{{60,96}}"),
    ("pplx-", rf"{_WORD}{{40,64}}"),  # Perplexity
    ("r8_", rf"{_WORD}{{37}}"),  # Replicate
    ("secret_ ntn_", rf"{_WORD}{{40,64}}"),  # Notion
    ("EAAA EAAC", rf"{_URL}{{50,255}}"),  # Square, Facebook
    ("LTAI", rf"{_WORD}{{16,24}}"),  # Alibaba
    ("AGE-SECRET-KEY-1", "[0-9A-Z]{58}"),
)
_FULL = re.compile(
    "|".join(
        f"{re.escape(prefix)}{rest}"
        for prefixes, rest in reversed(_KEYS)
        for prefix in prefixes.split()
    )
)
_PREFIXES = tuple(dict.fromkeys(prefix for prefixes, _ in _KEYS for prefix in prefixes.split()))


def _find_key(text: str, start: int, _end: int) -> Iterator[Bounds]:
    match = _FULL.match(text, start)
    if match is None or text[match.end() : match.end() + 1] in WORD:
        return
    if not _IN_WORDS.fullmatch(match[0]):
        yield match.span()


_IN_WORDS = re.compile("[a-z]+(?:[_.-]+[a-z]+){2,}")  # `sk-your-api-key-goes-here`


# A JSON Web Token, signed (RFC 7515) or encrypted (RFC 7516). The first part is matched whole: if any
# of the tokens that may begin in it is valid, the first one is.
_WEB_TOKEN_START = rf"\beyJ{_URL}{{6,}}"
_WEB_TOKEN = re.compile(
    rf"eyJ{_URL}{{6,}}+(?:(?:\.{_URL}*+){{4}}|\.{_URL}{{6,}}+\.{_URL}*+)(?![0-9A-Za-z])"
)


def _find_web_token(text: str, start: int, _end: int) -> Iterator[Bounds]:
    if token := _WEB_TOKEN.match(text, start):
        yield token.span()


def _find_all(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give the match itself: the pattern alone decides."""
    if text[start - 1 : start] not in WORD and text[end : end + 1] not in WORD:
        yield start, end


def _find_bot(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give a Telegram bot's token, also after `bot` in the path of its requests."""
    begins = text[start - 1 : start] not in WORD or text.endswith("bot", 0, start)
    if begins and text[end : end + 1] not in WORD:
        yield start, end


_DISCORD = re.compile(rf"(?<![0-9A-Za-z_-])[MNO]{_URL}{{23,27}}\.{_URL}{{6}}\.{_URL}{{27,38}}")


def _find_discord(text: str, start: int, end: int) -> Iterator[Bounds]:
    match = _DISCORD.search(text, start, end + 11)
    if match is not None:
        yield match.span()


_PEM_LINE = re.compile(r"-----(?:BEGIN|(END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)")
_PEM_BODY = re.compile(r"(?:[0-9A-Za-z+/=:,. \t\r\n-]|\\[nrt])*")


def _find_pem(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give a private key from its first to its last line, or to its end where it is cut off."""
    line = _PEM_LINE.search(text, end)
    if line is not None and line[1]:
        yield start, line.end()
        return
    body = _PEM_BODY.match(text, end, line.start() if line else len(text))
    yield start, body.end() if body else end


def _find_userinfo(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give user and password of `scheme://user:password@host`, the last @ before the path (WHATWG URL)."""
    first = text.index("://", start, end) + 3
    authority = _AUTHORITY.match(text, first)
    if authority is None:
        return
    userinfo, at, host = authority[0].rpartition("@")
    if _FILLED.fullmatch(userinfo.partition(":")[2]):
        return
    if at and host and ":" in userinfo and not userinfo.endswith((":", ":***", ":[SECRET]")):
        yield first, first + len(userinfo)


def _find_hook(text: str, _start: int, end: int) -> Iterator[Bounds]:
    match = _PATH.match(text, end - 1)
    if match is not None:
        yield match.span()


# A placeholder of a format for a password.
_FILLED = re.compile(r"%\(\w{1,64}(?::\w{1,64})?\)s|%s|\$?\{{1,2}[\w.:]{1,64}\}{1,2}")
_PATH = re.compile("[0-9A-Za-z/_-]{20,200}")
_AUTHORITY = re.compile(r"[^/?#\s\"'<>\\`]{1,512}")
_CREDENTIALS = re.compile(
    r"""[\t ]*+["']?[\t ]*+[:=,][\t ]*+(?:b(?=["']))?["']?[\t ]*+"""
    r"""(?:(?:bearer|basic|token|negotiate|ntlm|apikey)[\t ]+([^\s"',;]{1,4096})"""
    r"""|(?:digest|aws4-hmac-sha256)[\t ]+([^\r\n]{1,4096})|((?:(?!authorization)[^\s"',;]){4,4096}))""",
    re.IGNORECASE,
)


# A placeholder for a token: `Bearer {token}`, `Bearer $TOKEN`, `Bearer <token>`.
_PLACE = re.compile(r"\{[A-Za-z_\[(.{]|\$[{A-Za-z_]|<[A-Za-z]|%[(s]")


def _find_authorization(text: str, _start: int, end: int) -> Iterator[Bounds]:
    """Give the credentials after the field's name and scheme; `authorization: denied` is an outcome."""
    match = _CREDENTIALS.match(text, end)
    if match is None or (match[3] and not _is_random(match[3])) or _PLACE.match(match[1] or ""):
        return
    yield match.span(match.lastindex or 0)


_TOKEN = re.compile(r"[ \t]*([0-9A-Za-z._~+/-]{12,4096}=*)")


def _find_scheme(text: str, _start: int, end: int) -> Iterator[Bounds]:
    """Give the token after `Bearer` or `Basic`, not a word (`Basic authentication`)."""
    match = _TOKEN.match(text, end)
    if match is not None and _is_random(match[1]):
        yield match.span(1)


def _is_random(token: str) -> bool:
    return (
        any(map(str.isdigit, token))
        or token.endswith("=")
        or not (token.islower() or token.istitle() or token.isupper())
    )


SHAPES = (
    Shape(
        "SECRET",
        rf"\b(?:{'|'.join(map(re.escape, _PREFIXES))})[0-9A-Za-z_.-]{{6}}",
        _find_key,
        tuple(re.sub("[0-9]", "0", prefix.lower()) for prefix in _PREFIXES),
    ),
    Shape("SECRET", _WEB_TOKEN_START, _find_web_token, ("eyj",)),
    Shape("SECRET", r"\bSK[0-9a-f]{32}\b", _find_all, ("~sk" + "0" * 32,)),  # Twilio
    Shape("SECRET", r"\bkey-[0-9a-f]{32}\b", _find_all, ("~k0y-" + "0" * 32,)),  # Mailgun
    Shape("SECRET", r"\bdapi[0-9a-f]{32}\b", _find_all, ("~00pi" + "0" * 32,)),  # Databricks
    Shape("SECRET", r"\b[0-9a-f]{32}-us[0-9]{1,2}\b", _find_all, ("-us0",)),  # Mailchimp
    Shape("SECRET", rf"[0-9]{{8,10}}:AA{_URL}{{33}}", _find_bot, ("0:aa",)),  # Telegram
    Shape(
        "SECRET",  # Discord, whose tokens have no prefix
        rf"(?i:discord|bot|token)[ \"'=:A-Za-z_-]{{1,20}}[MNO]{_URL}{{23,27}}\.{_URL}{{6}}\.{_URL}{{27}}",
        _find_discord,
        ("discord", "bot", "token"),
    ),
    Shape(
        "SECRET",  # Slack's and Discord's web hooks
        r"(?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks)/[0-9A-Za-z]",
        _find_hook,
        ("hooks.slack.com/", "/api/webhooks/"),
    ),
    Shape(
        "SECRET",
        "-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY",
        _find_pem,
        (" private key", "-----begin private key"),
    ),
    Shape(
        "SECRET",
        "://[^:/?#@ \"'<>\\t\\r\\n]{0,256}:[^/?#@ \"'<>\\t\\r\\n]{0,256}@",
        _find_userinfo,
        ("!://",),
    ),
    Shape("SECRET", "(?i:authorization)", _find_authorization, ("authorization",)),
    Shape("SECRET", r"\b(?i:bearer|basic)[ \t]", _find_scheme, ("bearer", "basic")),
)
