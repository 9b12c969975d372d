"""Every way in for what a stranger wrote: a name, openings to put before it, and a call that reads it.

Requests go through the whole protected app, in process: over ASGI without a signal, over WSGI with
one, which brings the rules for both kinds of visitors.
"""

from __future__ import annotations

import io
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from alpines_privacy import (
    Collection,
    Cookie,
    Disclosure,
    Operator,
    PrivacyPolicy,
    Signup,
    ThirdParty,
    current,
    protect,
)
from alpines_privacy.http import setcookie, url
from alpines_privacy.http.html import BodyStart, Rewriter, Selection, StartTag
from alpines_privacy.http.percent import decoded_bytes
from alpines_privacy.http.privacy import OUTSIDE, current_privacy
from alpines_privacy.onsite_notice.markup import Banner, notice_page
from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.announcement import Passage, Wording
from alpines_privacy.policy.lint import lint
from alpines_privacy.policy.warning import PrivacyWarning
from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.archives.blocks import BlockCleaner, blocks
from alpines_privacy.redaction.archives.compression import Compression
from alpines_privacy.trackers import KINDS, Rules, shipped_rules
from alpines_privacy.trackers.lists import compile_lists, read_list
from alpines_privacy.trackers.table import Table
from tests.onsite_notice.support import notice
from tests.support.wire import ASGIServer, WSGIServer, scope_of

__all__ = ["Entry", "entries", "outside"]

Read = Callable[[str], object]

# Servers take no longer head: h11 and uvicorn 64 KB, gunicorn 8 KB, waitress 256 KB.
_LONGEST_FIELD = 65_536
_LONGEST_TEXT = 262_144

# Seconds that 20 KB may take: what a visitor sends; what an operator wrote, where growth is what counts.
_VISITORS = 0.020
_OPERATORS = 1.0
# Seconds for a tag with an address that was never asked about: it is read, and looked up in all lists.
_ADDRESS = 0.0001

POLICY = PrivacyPolicy(
    operator=Operator(name="Ridge", contact="a@ridge.example"),
    effective=date(2026, 11, 1),
    cookies=[
        Cookie("cart", purpose="Holds your basket", necessary=True),
        Cookie("pref_*", purpose="Remembers how you read", lifetime=86400),
    ],
    third_parties=[ThirdParty("*.cdn.example", purpose="Style sheets")],
    collections=[Collection("/register", purpose="Signs you up", fields=["dob"])],
    signups=[
        Signup("/register", birth_date="dob"),
        Signup("/parts/{club}/join", birth_date=("year", "month", "day")),
        Signup("/age", age="age"),
        Signup("/screened", screen=True),
        Signup("/graphql", operation="SignUp", birth_date="dob"),
    ],
    exempt=["/static/*", "/a*b*c/*"],
    trusted_proxies=["127.0.0.0/8", "192.0.2.0/24", "a00::/8"],
    site_preference=True,
    debug=True,
    ad_slots=[".banner"],
    disclosure=Disclosure(links="noreferrer", connections="off", urls="off"),
)


class Entry(NamedTuple):
    """A way in; `read` is given the whole text. In an opening, `…` is where the tokens stand; else behind it.

    `limit` is how many seconds 20 KB may take; each address of its own in them `limit_each` more.
    """

    name: str
    read: Read
    openings: tuple[str, ...] = ("",)
    longest: int = _LONGEST_TEXT
    limit: float = _VISITORS
    limit_each: float = 0

    @property
    def group(self) -> str:
        """The kind of entry: what stands before the colon."""
        return self.name.partition(":")[0]


class _Site:
    """A protected app over both protocols which answers with the head and the page it was told to."""

    def __init__(self) -> None:
        self.fields: list[tuple[str, str]] = []
        self.page = b""
        self.asgi = protect(self._asgi, POLICY)
        self.wsgi = protect(self._wsgi, POLICY)

    async def _asgi(self, scope: Any, receive: Any, send: Any) -> None:
        more = scope["type"] == "http" and scope["method"] == "POST"
        while more:
            more = (await receive()).get("more_body", False)
        current().opted_out  # noqa: B018 - an app that asks
        head = [(name.encode(), _latin(value)) for name, value in self.fields]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": self.page})

    def _wsgi(self, environ: Any, start_response: Any) -> Any:
        environ["wsgi.input"].read()
        current().opted_out  # noqa: B018 - as above
        start_response("200 OK", [(name, _wire(value)) for name, value in self.fields])
        return [self.page]

    def over_asgi(self, path: str, query: str, fields: list[tuple[str, str]], body: bytes) -> None:
        method = "POST" if body else "GET"
        head = [(name.lower().encode(), _latin(value)) for name, value in fields]
        scope = scope_of("/", method=method)
        names = {name for name, _ in head}
        scope["headers"] = [each for each in scope["headers"] if each[0] not in names] + head
        scope["path"] = _decoded(path).decode("utf-8", "replace")
        scope["raw_path"], scope["query_string"] = _latin(path), _latin(query)
        message = {"type": "http.request", "body": body, "more_body": False}
        ASGIServer(message, strict=False).run(self.asgi, scope)

    def over_wsgi(self, path: str, query: str, fields: list[tuple[str, str]], body: bytes) -> None:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": _decoded(path).decode("latin-1"),
            "QUERY_STRING": _wire(query),
            "SERVER_NAME": "shop.example",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.7",
            "HTTP_HOST": "shop.example",
            "HTTP_DNT": "1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }
        for name, value in fields:
            key = name.upper().replace("-", "_")
            bare = key in {"CONTENT_TYPE", "CONTENT_LENGTH"}
            environ[key if bare else f"HTTP_{key}"] = _wire(value)
        if body:
            environ["CONTENT_LENGTH"] = str(len(body))
        WSGIServer().run(self.wsgi, environ)


def _wire(text: str) -> str:
    """Return a text as servers let it into a head."""
    return (
        text.translate({0: None, 10: None, 13: None}).encode("latin-1", "replace").decode("latin-1")
    )


@lru_cache(maxsize=4)
def _decoded(path: str) -> bytes:
    """Return a path as servers decode it, once for all requests of a call: the time is theirs, not the layer's."""
    return decoded_bytes(path.encode())


def _latin(text: str) -> bytes:
    return _wire(text).encode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def outside() -> None:
    """Leave whatever request a call broke off in."""
    current_privacy.set(OUTSIDE)


@cache
def entries() -> tuple[Entry, ...]:
    """Return all ways in, made once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrivacyWarning)  # a key made for this process will do
        site = _Site()
    made = [*_logs(), *_addresses(), *_cookies(), *_policies(), *_lists(), *_archives()]
    made.append(
        Entry("page: before a body", _begun, ("", "<html lang=", "<title>", "<meta a=", "<!--"))
    )
    for name, send in (("ASGI", site.over_asgi), ("WSGI", site.over_wsgi)):
        through = _Through(site, send, name)
        made += [*through.pages(), *through.responses(), *through.requests()]
        made += [*through.targets(), *through.bodies()]
    return tuple(made)


# --- logs ---

_LINES = (
    "", "GET /?", "password=", '{"a":"', '{"a":"…"}', "user: ", '203.0.113.9 - - [1/Jan/2026] "GET /?q=',
    "Cookie: a=", "Authorization: Bearer ", "https://u:", "name='", '{"password": "',
    '{"password": "…", "b": 1}', "%7B%22", "\\x3c",
)  # fmt: skip


class _Nowhere(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        self.format(record)


def _logger(name: str) -> logging.Logger:
    """Return a logger that nobody else knows: pytest captures what any other takes, whose text is megabytes."""
    logger = logging.Logger(name)  # noqa: LOG001 - one that hangs on no other
    logger.addHandler(_Nowhere())
    return logger


def _logs() -> Iterator[Entry]:
    redactor = Redactor(POLICY)
    logger = _logger("tests.fuzz")
    yield Entry("log: redact", redactor.redact, _LINES)
    yield Entry("log: findall", redactor.findall, _LINES)
    yield Entry("log: redact_mapping", lambda text: redactor.redact_mapping({"note": text}), _LINES)
    yield Entry(
        "log: redact_mapping key", lambda text: redactor.redact_mapping({text: "1990-05-17"})
    )
    yield Entry("log: redact_value", lambda text: redactor.redact_value("note", text), _LINES)
    yield Entry("log: redact_value name", lambda text: redactor.redact_value("name", text), _LINES)
    yield Entry("log: record, message", logger.error, _LINES)
    yield Entry("log: record, argument", lambda text: logger.error("seen %s", text), _LINES)
    access = _logger("tests.fuzz.access")
    line = '%s - "%s %s HTTP/%s" %d'
    yield Entry(
        "log: record, uvicorn's access line",
        lambda text: access.error(line, "203.0.113.9:1", "GET", text, "1.1", 200),
        ("/?", "/a/", "/?password="),
    )
    yield Entry("log: record, exception", partial(_failed, logger), _LINES)
    yield Entry(
        "log: record, extra", lambda text: logger.error("seen", extra={"note": text}), _LINES
    )
    yield Entry("log: hide, long value", _Hiding(long=True), longest=_LONGEST_FIELD)
    yield Entry("log: hide, long line", _Hiding(long=False))


def _failed(logger: logging.Logger, text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        logger.exception("failed")


class _Hiding:
    """Hides a value during a request of an app that logs it or a line like it."""

    def __init__(self, *, long: bool) -> None:
        self._long = long
        self._text = ""
        self._app = protect(self._answer, POLICY)
        self._logger = _logger("tests.fuzz")

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        current().hide(self._text if self._long else self._text[:6], "NAME")
        self._logger.error("seen %s", self._text)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def __call__(self, text: str) -> None:
        self._text = text
        ASGIServer({"type": "http.request", "body": b""}).run(self._app, scope_of("/"))


def _archives() -> Iterator[Entry]:
    openings = (*_LINES, "-----BEGIN PRIVATE KEY-----\n")
    for name, cleaner in (
        ("lines", BlockCleaner(POLICY)),
        ("check", BlockCleaner(POLICY, check=True)),
    ):
        read = partial(_cleaned, cleaner)
        yield Entry(f"archive: {name}", read, openings, _LONGEST_TEXT, _OPERATORS)


def _cleaned(cleaner: BlockCleaner, text: str) -> None:
    for block in blocks([_bytes(text)], cleaner):
        cleaner.clean(block, Compression("plain", 0))


# --- addresses, cookies ---


def _addresses() -> Iterator[Entry]:
    openings = (
        "",
        "//",
        "https://",
        "//a.example/",
        "https://www.google-analytics.com/",
        "//[",
        "https://a.example/?",
        "//…/",
        "//[…]/",
        "HTTPS:\\\\A.example/",
    )
    base = url.parse("https://shop.example/a/b")
    rules = shipped_rules()
    yield Entry("url: parse", url.parse, openings)
    yield Entry("url: parse with a base", lambda text: url.parse(text, base), openings)
    kinds = sorted(KINDS)
    yield Entry(
        "url: match",
        lambda text: rules.match(text, "shop.example", kinds[len(text) % len(kinds)]),
        openings,
    )
    yield Entry(
        "url: match, host of the page",
        lambda text: rules.match("https://www.google-analytics.com/a.js", text.lower(), "script"),
    )
    yield Entry(
        "url: explain", lambda text: rules.explain(text, "shop.example", "script"), openings
    )


def _cookies() -> Iterator[Entry]:
    openings = ("", "a=", "a=1; ", "a=1; Expires=", "a=1; Max-Age=", "=")
    yield Entry("set-cookie: parse", setcookie.parse, openings, _LONGEST_FIELD)
    yield Entry("set-cookie: parse_date", setcookie.parse_date, ("", "Mon, "), _LONGEST_FIELD)
    remove = frozenset({"path"})
    yield Entry(
        "set-cookie: edited",
        lambda text: setcookie.edited(text, remove, ("Secure",)),
        openings,
        _LONGEST_FIELD,
    )


# --- what an operator writes ---

_VALUES: dict[str, Callable[[str], Any]] = {
    "cookie name": lambda text: Cookie(text, purpose="a"),
    "cookie purpose": lambda text: Cookie("a", purpose=text),
    "cookie path": lambda text: Cookie("a", purpose="a", path=text),
    "cookie fits": lambda text: PrivacyPolicy(cookies=[Cookie("a*b*c", purpose="a")]).cookie(text),
    "third party": lambda text: ThirdParty(text, purpose="a"),
    "signup": lambda text: PrivacyPolicy(signups=[Signup(text, age="age")]),
    "signup fields": lambda text: Signup("/a", birth_date=text),
    "formats": lambda text: Signup("/a", birth_date="a", formats=[text]),
    "methods": lambda text: Signup("/a", birth_date="a", methods=[text]),
    "exempt": lambda text: PrivacyPolicy(exempt=[text]),
    "endpoint": lambda text: PrivacyPolicy(endpoint=text),
    "proxy": lambda text: PrivacyPolicy(trusted_proxies=[text]),
    "slot": lambda text: PrivacyPolicy(ad_slots=[text]),
    "zone": lambda text: PrivacyPolicy(age_zone=text),
    "log key": lambda text: PrivacyPolicy.from_mapping(
        {"logs": {"keys": [{"name": text, "kind": "NAME"}]}}
    ),
    "safe key": lambda text: PrivacyPolicy.from_mapping({"logs": {"safe_keys": [text]}}),
    "language": lambda text: PrivacyPolicy.from_mapping({"age_screen": {"language": text}}),
    "unknown key": lambda text: PrivacyPolicy.from_mapping({text: 1}),
    "wrong value": lambda text: PrivacyPolicy.from_mapping({"mode": text}),
}


def _policies() -> Iterator[Entry]:
    openings = ("", "a", "/", ".a", "*.")
    for name, make in _VALUES.items():
        yield Entry(f"policy: {name}", _refused(make), openings, _LONGEST_FIELD, _OPERATORS)
    file = Path(tempfile.gettempdir()) / f"growth-{id(_VALUES)}.toml"
    yield Entry(
        "policy: file",
        _refused(partial(_load, file)),
        ("", "[[cookies]]\n", 'mode = "', "# ", "exempt = [", "a.b"),
        _LONGEST_FIELD,
        _OPERATORS,
    )
    yield Entry(
        "policy: notice on the site",
        _refused(_announced),
        ("", "a\n", "\n\n", "<", "&", "\u0600"),
        _LONGEST_FIELD,
        _OPERATORS,
    )
    yield Entry(
        "policy: lint",
        partial(lint, policy=POLICY),
        (
            "",
            "<p>",
            "<html><title>",
            "# a\n",
            "We collect:\n- ",
            f"{'very ' * 200}long:\n\n- ",
            "the and of to we you your our ",
            "we do not ",
        ),
        _LONGEST_FIELD,
        _OPERATORS,
    )


def _announced(text: str) -> None:
    wording = Wording(title="a", summary=text, link="a", passages=[Passage(heading="a", text=text)])
    shown = (notice(wordings={"en": wording}),)
    Banner(shown)("en", "/notice", "")
    notice_page(shown, ["en"])


def _load(file: Path, text: str) -> None:
    try:
        file.write_bytes(_bytes(text))
        PrivacyPolicy.load(file)
    finally:
        file.unlink(missing_ok=True)


def _lists() -> Iterator[Entry]:
    openings = (
        "",
        "||",
        "||a.example^",
        "/",
        "@@",
        "a$",
        "a$domain=",
        "! ",
        "!#if ",
        "##",
        "*",
        "|https://",
        "/a",
    )
    yield Entry("list: read", _refused(_compile), openings, _LONGEST_TEXT, _OPERATORS)
    yield Entry(
        "list: match its own text",
        _refused(_compile_and_match),
        openings,
        _LONGEST_FIELD,
        _OPERATORS,
    )
    yield Entry(
        "list: match an address",
        _refused(_match_stars),
        ("https://a.example/", "https://a.example/ab"),
    )


def _compile(text: str) -> bytes:
    return compile_lists([read_list(text, source="a list")])


def _compile_and_match(text: str) -> None:
    rules = Rules([Table(_compile(text))])
    rules.match("https://a.example/" + text, "shop.example", "script")


@cache
def _starred() -> Rules:
    lines = [
        "a*b*c",
        "||a.example^*a*b*c*d",
        "/ab*cd^ef",
        "|https://a*b*c|",
        "a^*b^*c",
        r"/a+b+c/",
        "*a*b*c*d*e|",
    ]
    return Rules([Table(_compile("\n".join(lines)))])


def _match_stars(text: str) -> None:
    _starred().match(text, "shop.example", "script")


def _refused(read: Read) -> Read:
    """Return a reader that may refuse what it is given."""

    def refused(text: str) -> None:
        with suppress(PolicyError):
            read(text)

    return refused


# --- requests and responses ---


def _begun(text: str) -> None:
    """Put markup to the beginning of a page's body, in its language."""

    def write(root: StartTag | None) -> bytes:
        return notice().wording(root.get("lang") or "" if root else "")[0].encode()

    start = BodyStart(write, is_page=True)
    Rewriter(Selection(["img"]), lambda _: None, None, start)(_bytes(text), last=True)


_PAGES = {
    "text": ("<p>", "", ""),
    "link": ('<a href="', "", '">a'),
    "link to another site": ('<a href="//a.example/" rel="', "", '">a'),
    "links to other sites": ("<a href=//a.example/ rel=a>", "<a href=//a.example/ rel=", ">a"),
    "link's ping": ('<a href=/ ping="', "", '">a'),
    "image": ('<img src="', "//a.example/", '">a'),
    "image, no quotes": ("<img src=", "//a.example/", ">a"),
    "srcset": ('<img srcset="', "a 1x, ", '">a'),
    "stylesheet": ('<link rel=stylesheet href="', "//a.example/", '">a'),
    "preconnect": ('<link rel=preconnect href="', "//a.example/", '">a'),
    "preload": ('<link rel=preload as=image imagesrcset="', "//a.example/", '">a'),
    "link's rel": ('<link href=//a.example/ rel="', "", '">a'),
    "external script": ('<script src="', "//a.example/", '">a'),
    "object": ('<object data="', "//a.example/", '">a'),
    "embed": ('<embed src="', "//a.example/", '">a'),
    "poster": ('<video poster="', "//a.example/", '">a'),
    "background": ('<body background="', "//a.example/", '">a'),
    "form": ('<form action="', "//a.example/", '">a'),
    "base": ('<base href="', "//a.example/", '">a'),
    "refresh": ('<meta http-equiv=refresh content="', "0;url=//a.example/", '">a'),
    "meta policy": ('<meta http-equiv=content-security-policy content="', "script-src ", '">a'),
    "meta charset": ("<meta charset=", "", ">a"),
    "class": ('<div class="', "banner ", '">a'),
    "id": ('<div id="', "", '">a'),
    "long tag": ("<div ", "a=b ", ">a"),
    "long tag, quotes": ("<img ", 'src="', '">'),
    "tag name": ("<", "a", ">a"),
    "end tag": ("</", "a ", ">a"),
    "entities": ('<img src="&', "#x2f;", ';">'),
    "comment": ("<!--", "", "-->"),
    "doctype": ("<!", "doctype ", ">a"),
    "CDATA": ("<svg><![CDATA[", "", "]]></svg>"),
    "svg": ("<svg>", "<image href=", "</svg>"),
    "svg use": ('<svg><use href="', "//a.example/", '">a'),
    "math": ("<math>", "<mi>", "</math>"),
    "title": ("<title>", "", "</title>"),
    "textarea": ("<textarea>", "", "</textarea>"),
    "template": ("<template>", "", "</template>"),
    "noscript": ("<noscript>", "<img src=", "</noscript>"),
    "plaintext": ("<plaintext>", "", ""),
    "data script": ("<script type=application/json>", "{", "</script>"),
    "import map": ("<script type=importmap>", '{"imports":{"a":"//a.example/', "</script>"),
    "speculation rules": ("<script type=speculationrules>", '{"prefetch":[{"urls":["//a.example/', "</script>"),
    "start of page": ("", "", ""),
    "open tag": ('<img src="', "//a.example/", ""),
    "open script": ("<script>", "<!--<script", ""),
    "open style": ("<style>", "a{background:url(", ""),
    "open comment": ("<!--", "--!", ""),
    # What the layer edits inside scripts, styles and frames.
    "inline script": ("<script>", "fetch('//a.example/", "</script>"),
    "inline module": ("<script type=module>", "import a from '//a.example/", "</script>"),
    "event handler": ('<div onclick="', "fetch('//a.example/", '">a'),
    "javascript link": ('<a href="javascript:', "fetch('//a.example/", '">a'),
    "style": ("<style>", "a{background:url(//a.example/", "</style>"),
    "style attribute": ('<div style="', "background:url(//a.example/", '">a'),
    "svg style": ("<svg><style>", "a{fill:url(//a.example/", "</style></svg>"),
    "frame": ('<iframe src="', "//a.example/", '">a'),
    "data frame": ('<iframe src="data:text/html,', "%3cimg src=", '">a'),
    "srcdoc": ('<iframe srcdoc="', "<img src=", '">a'),
    "slot": ('<ins class="adsbygoogle">', "<div>", "</ins>"),
}  # fmt: skip


_REQUEST_FIELDS = {
    "Accept": "text/html, ", "Accept-Encoding": "gzip, ", "Accept-Language": "en, ",
    "Authorization": "Bearer ", "Cache-Control": "no-cache, ", "Content-Encoding": "gzip, ",
    "Content-Length": "1", "Content-Type": "text/html; ", "Cookie": "a=b; ", "DNT": "1",
    "Forwarded": "for=192.0.2.1, ", "Host": "shop.example", "If-Modified-Since": "Mon, ",
    "If-None-Match": '"a", ', "If-Range": '"a"', "Origin": "https://", "Range": "bytes=0-1, ",
    "Referer": "https://a.example/", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin",
    "Sec-GPC": "1, ", "User-Agent": "Mozilla/5.0 (", "X-Forwarded-For": "192.0.2.1, ",
    "X-Forwarded-Host": "shop.example, ", "X-Forwarded-Proto": "https, ", "X-Real-IP": "192.0.2.1",
    "X-HTTP-Method-Override": "POST", "X-Requested-With": "a",
}  # fmt: skip

_RESPONSE_FIELDS = {
    "Accept-CH": "Sec-CH-UA, ", "Attribution-Reporting-Register-Source": '{"a":"…"}', "Cache-Control": "public, ",
    "Content-Disposition": "inline; ", "Content-Encoding": "gzip, ", "Content-Language": "en, ",
    "Content-Length": "1", "Content-Security-Policy": "script-src 'self' ",
    "Content-Security-Policy-Report-Only": "report-uri ", "Content-Type": "text/html; charset=",
    "Date": "Mon, ", "ETag": 'W/"…"', "Expires": "Mon, ", "Link": "<//a.example/…>; rel=preload",
    "Location": "https://", "NEL": '{"report_to":"…"}', "Observe-Browsing-Topics": "?1",
    "Permissions-Policy": "camera=(), ", "Referrer-Policy": "origin, ", "Refresh": "0;url=//a.example/",
    "Report-To": '{"group":"a","endpoints":[{"url":"//a.example/…"}]}', "Reporting-Endpoints": 'a="//a.example/…"',
    "Server-Timing": "a;dur=1, ", "Set-Cookie": "a=b; ", "SourceMap": "//a.example/",
    "Speculation-Rules": '"//a.example/…"', "Surrogate-Control": "max-age=1, ", "Tk": "N", "Vary": "Accept, ",
    "X-DNS-Prefetch-Control": "on",
}  # fmt: skip

_TARGETS = {
    "query": ("/?", ""),
    "query of our page": ("/_privacy/preference?", ""),
    "query of a signup": ("/register?", "dob="),
    "query of the screened": ("/screened?", "next="),
    "path": ("/", ""),
    "exempt path": ("/static/", ""),
    "path like a starred": ("/ab", "b"),
    "own path": ("/_privacy/", ""),
    "signup path": ("/register", "/"),
    "path with a parameter": ("/parts/", ""),
    "word at the end": ("/a/signup", "/"),
    "well-known": ("/.well-known/", "dnt/"),
}

_FORM = "application/x-www-form-urlencoded"
_PARTS = "multipart/form-data; boundary=b"
_PART = "--b\r\nContent-Disposition: form-data; name="
_JSON = "application/json"
_KINDS = {
    "form": (_FORM, ("", "dob=2000-01-01&", "dob=")),
    "multipart": (
        _PARTS,
        (
            "",
            "--b\r\n",
            _PART + '"dob"\r\n\r\n2000-01-01\r\n' + _PART + '"…"\r\n\r\na\r\n--b--\r\n',
            _PART + '"dob"\r\n\r\n2000-01-01\r\n' + _PART + '"a"\r\n\r\n…\r\n--b--\r\n',
            "--b\r\nContent-Disposition: form-data; ",
        ),
    ),
    "JSON": (
        _JSON,
        (
            "",
            '{"dob":"2000-01-01","x":"…"}',
            '{"dob":"…"}',
            '{"dob":"2000-01-01","a":[…]}',
            '{"…":1}',
            '{"query":"mutation SignUp{…',
            '{"query":"SignUp…","variables":{}}',
            '[{"query":"SignUp…"}]',
            "[",
            '{"',
        ),
    ),
    "text": ("text/plain", ("", "dob=")),
    "untyped": ("", ("", "dob=2000-01-01&", '{"dob":"')),
}
_BODIES = {
    "declared": "/register",
    "undeclared": "/users/signup",
    "in parts": "/parts/a/join",
    "age": "/age",
    "GraphQL": "/graphql",
    "screen": "/_privacy/age",
    "preference": "/_privacy/preference",
    "any": "/anything",
}


class _Through:
    """The entries of one protocol."""

    def __init__(self, site: _Site, send: Callable[..., None], name: str) -> None:
        self._site = site
        self._send = send
        self._name = name

    def _answering(self, page: bytes, *fields: tuple[str, str]) -> None:
        self._site.page, self._site.fields = page, list(fields)

    def pages(self) -> Iterator[Entry]:
        """What an app writes into its pages of a visitor's."""
        for context, (start, opening, end) in _PAGES.items():
            read = partial(self._page, "text/html", start, end)
            name, openings = f"page: {context} ({self._name})", ("", opening)
            yield Entry(name, read, openings, limit_each=_ADDRESS)
        read = partial(self._page, "application/xhtml+xml", "<p>", "")
        yield Entry(f"page: XHTML ({self._name})", read, limit_each=_ADDRESS)

    def _page(self, kind: str, start: str, end: str, text: str) -> None:
        page = "<!doctype html><html><body>" + start if start else ""
        self._answering(_bytes(page + text + end), ("content-type", kind))
        self._send("/page", "", [], b"")

    def responses(self) -> Iterator[Entry]:
        """What an app writes into the heads of its responses."""
        for name, opening in _RESPONSE_FIELDS.items():
            entry = f"response: {name} ({self._name})"
            yield Entry(entry, partial(self._response, name), ("", opening), _LONGEST_FIELD)

    def _response(self, name: str, text: str) -> None:
        fields = [(name, text)]
        if name != "Content-Type":
            fields.append(("content-type", "text/html"))
        self._answering(b"<p>a", *fields)
        self._send("/", "", [], b"")

    def requests(self) -> Iterator[Entry]:
        """What a visitor's head holds."""
        for name, opening in _REQUEST_FIELDS.items():
            entry = f"request: {name} ({self._name})"
            yield Entry(entry, partial(self._request, name), ("", opening), _LONGEST_FIELD)

    def _request(self, name: str, text: str) -> None:
        cookies = [("set-cookie", "a=b"), ("set-cookie", "cart=1")]
        self._answering(b"<p>a", ("content-type", "text/html"), ("etag", '"a"'), *cookies)
        self._send("/", "", [(name, text)], b"")
        if name in _OF_BODIES:
            self._send("/register", "", [("content-type", _FORM), (name, text)], b"dob=2000-01-01")

    def targets(self) -> Iterator[Entry]:
        """What a visitor asks for."""
        for name, (start, opening) in _TARGETS.items():
            entry = f"target: {name} ({self._name})"
            read = partial(self._target, start)  # two requests
            yield Entry(entry, read, ("", opening), _LONGEST_FIELD, 2 * _VISITORS)

    def _target(self, start: str, text: str) -> None:
        self._answering(b"<p>a", ("content-type", "text/html"))
        path, _, query = (start + text).partition("?")
        self._send(path, query, [], b"")
        self._send(path, query, [("content-type", _FORM)], b"dob=2000-01-01")

    def bodies(self) -> Iterator[Entry]:
        """What a visitor sends."""
        for place, path in _BODIES.items():
            for kind, (media_type, openings) in _KINDS.items():
                read = partial(self._body, path, media_type)
                yield Entry(f"body: {kind}, {place} ({self._name})", read, openings)
        reports = partial(self._body, "/_privacy/loads", "application/reports+json")
        start = '[{"body":{"effectiveDirective":"img-src","blockedURL":"…"}}]'
        yield Entry(f"body: report ({self._name})", reports, ("", start, "[", "[{"))

    def _body(self, path: str, media_type: str, text: str) -> None:
        self._answering(b"<p>a", ("content-type", "text/html"))
        body = _bytes(text)
        fields = [("content-length", str(len(body)))]
        if media_type:
            fields.append(("content-type", media_type))
        self._send(path, "", fields, body)


_OF_BODIES = frozenset(
    {"Content-Type", "Content-Encoding", "Content-Length", "X-HTTP-Method-Override", "Cookie"}
)
