"""Clause 1: the policy's page over HTTP: where it stands, in which format and language, for how long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from babel.messages import Catalog
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import re_path
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from starlette.applications import Starlette

from alpines_privacy import Operator, PolicyError, PrivacyPolicy, protect, wsgi
from alpines_privacy.events import policy_changed
from alpines_privacy.guard import Guard
from alpines_privacy.policy.warning import PrivacyWarning
from alpines_privacy.policy_page import page as pages
from alpines_privacy.policy_page.document import Code, Document, Own, Paragraph, Section, Table
from alpines_privacy.policy_page.html import HtmlWriter
from alpines_privacy.policy_page.markdown import markdown
from alpines_privacy.policy_page.negotiation import format_for, language_for
from alpines_privacy.testing import Visitor, visitor
from tests.frameworks.django_site import OURS
from tests.support.catalogues import compiled
from tests.support.operators import FULL, OPERATOR, TODAY
from tests.support.secret_keys import KEY

PROTOCOLS = ("ASGI", "WSGI", "Django")
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SOMEBODY = Operator(name="Alpines", contact="privacy@alpines.example")
LEAST = PrivacyPolicy(operator=SOMEBODY, effective=TODAY)


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
    stop(monkeypatch, TODAY)


def stop(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    monkeypatch.setattr(pages, "_now", lambda: now)


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    path = environ["PATH_INFO"]
    found = path in {"/", "/own"}
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/plain")])
    return [b"the app's"]


def _view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the app's", status=200 if request.path in {"/", "/own"} else 404)


urlpatterns = [re_path(r"^.*$", _view)]


@contextmanager
def serving(protocol: str, policy: PrivacyPolicy) -> Iterator[Visitor]:
    if protocol == "WSGI":
        yield visitor(protect(wsgi_app, policy))
    elif protocol == "ASGI":
        yield visitor(protect(Starlette(), policy))
    else:
        with override_settings(
            MIDDLEWARE=[OURS],
            ALPINES_PRIVACY=policy,
            ROOT_URLCONF=__name__,
            APPEND_SLASH=False,
        ):
            yield visitor(get_wsgi_application())


# -- Where the page stands


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_page_stands_where_the_app_has_none(protocol: str) -> None:
    with serving(protocol, LEAST) as v:
        got = v.get("/privacy", headers=BROWSER)
        assert (got.status_code, got.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "Alpines" in got.text
        assert "set-cookie" not in got.headers
        assert v.get("/privacy/").status_code == v.get("/other").status_code == 404
        assert v.post("/privacy").status_code == 404


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("headers", [{}, {"DNT": "1"}, {"Sec-GPC": "1"}])
def test_head_says_what_get_says(protocol: str, headers: dict[str, str]) -> None:
    with serving(protocol, FULL) as v:
        got = v.get("/privacy", headers=BROWSER | headers)
        head = v.request("HEAD", "/privacy", headers=BROWSER | headers)
    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(got.headers)
    assert got.headers["content-length"] == str(len(got.content))


@pytest.mark.parametrize("protocol", ["WSGI", "Django"])
def test_the_apps_own_page_always_wins(protocol: str) -> None:
    policy = msgspec.structs.replace(LEAST, operator=msgspec.structs.replace(SOMEBODY, page="/own"))
    with serving(protocol, policy) as v:
        assert v.get("/own").text == "the app's"
        assert v.get("/privacy").status_code == 404


@pytest.mark.parametrize("changes", [{"operator": None}, {"mode": "off"}, {"mode": "report"}])
def test_nothing_is_published_where_nothing_is_declared_or_done(changes: dict[str, Any]) -> None:
    policy = msgspec.structs.replace(LEAST, **changes)
    v = visitor(protect(wsgi_app, policy))
    assert v.get("/privacy").text == "the app's"
    assert v.get("/privacy").status_code == 404


def test_without_an_operator_there_is_no_promise() -> None:
    guard = Guard(PrivacyPolicy(changes=FULL.changes, evidence=FULL.evidence))
    hooks = [*guard.on_response, *guard.on_end, *guard.on_request]
    assert [p for p, _ in hooks if type(p).__module__.startswith(pages.__package__)] == []


def test_the_environments_mode_is_the_one_the_page_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_MODE", "enforce")
    policy = msgspec.structs.replace(LEAST, mode="off")
    v = visitor(protect(wsgi_app, policy))
    assert "Global Privacy Control (" in v.get("/privacy", headers={"accept": "text/plain"}).text


def test_below_a_mount_point_references_work() -> None:
    v = visitor(protect(wsgi_app, FULL))
    text = v.get("/privacy", headers=BROWSER).text
    assert 'href="./account"' in text
    assert 'href="./_privacy/preference"' in text
    deep = msgspec.structs.replace(
        FULL, operator=msgspec.structs.replace(OPERATOR, page="/about/privacy")
    )
    text = visitor(protect(wsgi_app, deep)).get("/about/privacy", headers=BROWSER).text
    assert 'href="../account"' in text


# -- Formats and languages

FORMATS = [
    ("", "html"),
    ("*/*", "html"),
    ("text/html", "html"),
    (BROWSER["accept"], "html"),
    ("application/xhtml+xml", "html"),
    ("text/markdown", "markdown"),
    ("text/markdown, text/html;q=0.9", "markdown"),
    ("text/markdown;q=0.2, text/html;q=0.9", "html"),
    ("text/plain", "text"),
    ("text/plain, */*;q=0.1", "text"),
    ("TEXT/PLAIN", "text"),
    ("text/*;q=0.5, text/plain;q=0.1", "html"),
    ("text/html;q=0, text/*", "markdown"),
    ("application/json", "html"),
    ("text/plain;q=high", "html"),
    ("text/markdown;q=nan", "html"),
]


@pytest.mark.parametrize(("accept", "form"), FORMATS)
def test_the_format_is_the_one_that_is_preferred(accept: str, form: str) -> None:
    assert format_for(accept) == form


LANGUAGES = [
    ("", "en"),
    ("ur", "ur"),
    ("ur-PK", "ur"),
    ("UR-pk, en;q=0.8", "ur"),
    ("en, ur", "en"),
    ("en;q=0.2, ur;q=0.7", "ur"),
    ("ur;q=0", "en"),
    ("de, fr", "en"),
    ("de, ur;q=0.1", "ur"),
    ("*", "en"),
    ("pt", "pt-BR"),
    ("pt-PT", "pt-BR"),
]


@pytest.mark.parametrize(("accepted", "tag"), LANGUAGES)
def test_the_language_is_the_one_that_is_preferred(accepted: str, tag: str) -> None:
    assert language_for(accepted, ("en", "ur", "pt-BR")) == tag


@given(st.text(alphabet='text/htmlplain*markdown;q=0.15, \t"\\é', max_size=80))
def test_any_field_gets_a_format_and_a_language(field: str) -> None:
    assert format_for(field) in {"html", "markdown", "text"}
    assert language_for(field, ("en", "ur")) in {"en", "ur"}


def test_languages_and_formats_are_told_to_caches() -> None:
    v = visitor(protect(wsgi_app, FULL))
    urdu = v.get("/privacy", headers={**BROWSER, "accept-language": "ur-PK"})
    assert urdu.headers["content-language"] == "ur"
    assert '<html lang="ur" dir="rtl">' in urdu.text
    assert urdu.headers["vary"] == "Accept, Accept-Language"
    assert visitor(protect(wsgi_app, LEAST)).get("/privacy").headers["vary"] == "Accept"
    text = v.get("/privacy", headers={"accept": "text/plain"})
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    english = v.get("/privacy", headers=BROWSER)
    tags = {got.headers["etag"] for got in (urdu, text, english)}
    assert len(tags) == 3


def test_a_reader_chooses_a_language_by_a_link() -> None:
    v = visitor(protect(wsgi_app, FULL))
    assert '<a href="?language=ur" hreflang="ur" lang="ur">اردو</a>' in v.get("/privacy").text
    assert v.get("/privacy?language=ur").headers["content-language"] == "ur"
    for odd in ("?language=fr", "?language=ur&x=1", "?language=%75r"):
        assert v.get("/privacy" + odd).headers["content-language"] == "en"


# -- As a static page behaves

LONG_AGO, TO_COME = "Mon, 01 Jan 2024 00:00:00 GMT", "Fri, 01 Jan 2038 00:00:00 GMT"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_copy_is_revalidated(protocol: str) -> None:
    with serving(protocol, FULL) as v:
        first = v.get("/privacy", headers=BROWSER)
        tag, since = first.headers["etag"], first.headers["last-modified"]
        cases = {
            tag: 304,
            f"W/{tag}": 304,
            f'"other", {tag}': 304,
            "*": 304,
            '"other"': 200,
            tag.strip('"'): 200,
            "": 200,
        }
        for value, status in cases.items():
            got = v.get("/privacy", headers=BROWSER | {"if-none-match": value})
            assert got.status_code == status, value
        for value, status in {since: 304, TO_COME: 304, LONG_AGO: 200, "yesterday": 200}.items():
            got = v.get("/privacy", headers=BROWSER | {"if-modified-since": value})
            assert got.status_code == status, value
        both = {"if-none-match": '"other"', "if-modified-since": TO_COME}
        assert v.get("/privacy", headers=BROWSER | both).status_code == 200
        unchanged = v.get("/privacy", headers=BROWSER | {"if-none-match": tag})
    assert unchanged.content == b""
    assert unchanged.headers["etag"] == tag
    assert unchanged.headers["vary"] == first.headers["vary"]
    assert "content-type" not in unchanged.headers


def test_the_page_changes_with_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    v = visitor(protect(wsgi_app, FULL))
    first = v.get("/privacy")
    assert "This policy changed on" in first.text
    stop(monkeypatch, date(2026, 12, 27))
    assert v.get("/privacy").headers["etag"] == first.headers["etag"]
    stop(monkeypatch, date(2026, 12, 28))
    later = v.get("/privacy")
    assert "This policy changed on" not in later.text
    assert later.headers["etag"] != first.headers["etag"]
    assert later.headers["last-modified"] != first.headers["last-modified"]


def test_the_page_has_its_own_strict_policy_of_content() -> None:
    v = visitor(protect(wsgi_app, msgspec.structs.replace(FULL, loads="declared")))
    policy = v.get("/privacy").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


# -- Templates and catalogues


def test_a_template_of_the_apps_takes_the_pages_place(tmp_path: Path) -> None:
    template = tmp_path / "page.html"
    template.write_text(
        "<!doctype html><html lang=$language dir=$direction><title>$title</title>$content"
    )
    policy = msgspec.structs.replace(
        LEAST, operator=msgspec.structs.replace(SOMEBODY, template=str(template))
    )
    got = visitor(protect(wsgi_app, policy)).get("/privacy")
    assert got.text.startswith(
        "<!doctype html><html lang=en dir=ltr><title>Privacy policy: Alpines</title>"
    )
    assert "default-src 'self'" in got.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<p>$contents</p>", r"holds \$contents, which nothing fills \(did you mean"),
        (b"<p>", r"lacks \$content"),
        (b"$content 5 $", "begins no placeholder"),
        (b"$content \xff", "is not UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_a_wrong_template_is_one_error(tmp_path: Path, content: bytes | None, problem: str) -> None:
    template = tmp_path / "page.html"
    if content is not None:
        template.write_bytes(content)
    operator = Operator(name="A", contact="a@b.example", template=str(template))
    with pytest.raises(PolicyError, match=rf"operator\.template: .*{problem}"):
        Guard(PrivacyPolicy(operator=operator, effective=TODAY))


def catalogue_at(folder: Path, language: str, texts: dict[str, str]) -> None:
    catalog = Catalog(language)
    for text, said in texts.items():
        catalog.add(text, said)
    path = folder / language.replace("-", "_") / "LC_MESSAGES" / "alpines_privacy.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(compiled(catalog))


def operator_in(folder: Path, *languages: str) -> PrivacyPolicy:
    operator = Operator(
        name="A", contact="a@b.example", languages=languages, catalogues=str(folder)
    )
    return PrivacyPolicy(operator=operator, effective=TODAY)


def test_a_missing_sentence_is_said_in_english_and_warned_of(tmp_path: Path) -> None:
    catalogue_at(tmp_path, "de", {"Privacy policy": "Datenschutzerklärung", "English": "Deutsch"})
    policy = operator_in(tmp_path, "de")
    with pytest.warns(PrivacyWarning, match=r'catalogues of "de" lack \d+ sentences') as warned:
        guard = Guard(policy)
    assert len(warned) == 1
    text = visitor(wsgi.PrivacyMiddleware(wsgi_app, guard)).get("/privacy").text
    assert "<h1>Datenschutzerklärung</h1>" in text
    assert "Do we use cookies?" in text


def test_an_operators_catalogue_goes_before_the_shipped_one(tmp_path: Path) -> None:
    catalogue_at(tmp_path, "ur", {"Changes": "آپریٹر کی تبدیلیاں"})
    policy = msgspec.structs.replace(
        FULL, operator=msgspec.structs.replace(OPERATOR, catalogues=str(tmp_path))
    )
    text = visitor(protect(wsgi_app, policy)).get("/privacy?language=ur").text
    assert "آپریٹر کی تبدیلیاں" in text
    assert "رازداری کی پالیسی" in text


def test_an_operators_own_words_may_be_in_the_catalogue(tmp_path: Path) -> None:
    catalogue_at(tmp_path, "ur", {"Keeps you signed in": "آپ کو لاگ اِن رکھتی ہے"})
    policy = msgspec.structs.replace(
        FULL, operator=msgspec.structs.replace(OPERATOR, catalogues=str(tmp_path))
    )
    assert (
        "آپ کو لاگ اِن رکھتی ہے"
        in visitor(protect(wsgi_app, policy)).get("/privacy?language=ur").text
    )


def test_a_language_without_a_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        PolicyError, match=r'"fr" has no catalogue; expected one of those shipped \(en, ur\)'
    ):
        Guard(operator_in(tmp_path, "en", "fr"))


@pytest.mark.parametrize(
    "data", [b"", b"not one", b"\xde\x12\x04\x95", b"\xde\x12\x04\x95" + b"\xff" * 40]
)
def test_a_broken_catalogue_is_one_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "ur" / "LC_MESSAGES" / "alpines_privacy.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    with pytest.raises(PolicyError, match=r"operator\.catalogues: .* is no gettext catalogue"):
        Guard(operator_in(tmp_path, "ur"))


@pytest.mark.parametrize(
    "said",
    ["In Kraft.", "In Kraft seit {datum}.", "In Kraft seit {date} {x}.", "In Kraft {date", "{0}"],
)
def test_a_translation_with_other_places_is_one_error(tmp_path: Path, said: str) -> None:
    catalogue_at(tmp_path, "de", {"In force since {date}.": said})
    with pytest.raises(
        PolicyError, match=r"the translation .* has other places; expected \{date\}"
    ):
        Guard(operator_in(tmp_path, "de"))


def test_no_effective_date_and_stale_evidence_are_warned_of() -> None:
    policy = msgspec.structs.replace(FULL, effective=None, changes=())
    with pytest.warns(PrivacyWarning, match="names no date on which"):
        Guard(policy)


def test_evidence_that_is_too_old_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    stop(monkeypatch, date(2027, 9, 2))
    with pytest.warns(
        PrivacyWarning, match=r"evidence\[0\] \(audit of 2026-09-01\) is 366 days old"
    ):
        Guard(FULL)


# -- The event


def test_account_holders_are_told_of_each_announced_change_once() -> None:
    told: list[tuple[date, str, str]] = []

    def receive(sender: str, *, date: date, summary: str, page: str) -> None:
        told.append((date, summary, page))

    def fail(sender: str, **facts: Any) -> None:
        raise OSError("no queue")

    with policy_changed.connected_to(fail), policy_changed.connected_to(receive):
        v = visitor(protect(wsgi_app, FULL))
        assert told == []
        for _ in range(3):
            v.get("/")
    assert told == [(TODAY, "Names cookies.", "/privacy")]


# -- The formats say the same

PIECES = st.text(
    alphabet=st.sampled_from("ab *_`|\\[]<>&#-+1.)~:/!\"'$"), min_size=1, max_size=12
).filter(str.strip)


def document_with(*words: str) -> Document:
    rows = tuple(((Code(word),), (Own(word), word)) for word in words)
    blocks = tuple(Paragraph((Own(word),)) for word in words)
    section = Section("a", 1, "Title", (*blocks, Table("Table", ("One", "Two"), rows)))
    return Document("Policy", "en", "ltr", "", (), (), (section,))


@given(st.lists(PIECES, min_size=1, max_size=4))
def test_markdown_shows_every_text_as_it_is(words: list[str]) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown(document_with(*words)))
    inline = [token for token in tokens if token.type == "inline"]
    shown = [
        " ".join("".join(child.content for child in token.children or ()).split())
        for token in inline
    ]
    assert all(child.type in {"text", "code_inline"} for t in inline for child in t.children or ())
    for word in words:
        assert " ".join(word.split()) in shown
        assert shown.count(" ".join(word.split())) >= 2


@given(st.lists(PIECES, min_size=1, max_size=4))
def test_html_shows_every_text_as_it_is(words: list[str]) -> None:
    html5lib = pytest.importorskip("html5lib")
    text = HtmlWriter("/privacy", {"en": "English"}, "<b>")(document_with(*words))
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    assert {node.tag for node in tree.iter() if isinstance(node.tag, str)} <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "section", "p", "bdi",
        "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "code",
    }  # fmt: skip
    assert [node.text for node in tree.iter("code")] == words
