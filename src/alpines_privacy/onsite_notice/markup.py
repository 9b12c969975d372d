"""The markup of the banner, and of the page with the whole notice.

The banner is `details`, which a visitor folds up: no script, no form, no cookie and no storage, so no
Content-Security-Policy and no sandbox stops it. It is ASCII, as a page may be in any encoding, and
well-formed, as it may be XHTML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple

from alpines_privacy.http.own_page import STYLE, shell
from alpines_privacy.policy.announcement import Announcement, Wording

__all__ = ["Banner", "notice_page", "sheet_link"]

# What XML has no character for, and C1 controls, whose references HTML reads as others (WHATWG HTML §13.2.5.80).
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_PAGE_STYLE = (
    STYLE
    + """
article + article { margin-block-start: 3rem; }
h2 { margin: 1.5rem 0 0; font-size: 1.125rem; line-height: 1.3; }
p { overflow-wrap: anywhere; }
a { color: var(--accent); }
time, nav { color: var(--soft); }
nav { margin-block-start: 2rem; padding-block-start: 1rem; border-block-start: 1px solid var(--line); }
nav a { display: inline-block; padding: .6rem .75rem .6rem 0; }
"""
)


class _Part(NamedTuple):
    """One notice in one language: the banner's own tag if it is the first, and what is around the link's address."""

    opening: bytes
    before: bytes
    after: bytes


class Banner:
    """The banner of several notices, written once in all their languages."""

    __slots__ = ("_notices", "_parts")

    def __init__(self, notices: Sequence[Announcement]) -> None:
        self._notices = notices
        self._parts = [
            {tag: _part(tag, wording) for tag, wording in notice.wordings.items()}
            for notice in notices
        ]

    def __call__(self, language: str, page: str, sheet: str) -> bytes:
        """Return it for a page in a language (a tag, or empty).

        `page` is the address of the whole notice, `sheet` the element that loads the style sheet, or empty.
        """
        tags = [notice.wording(language)[0] for notice in self._notices]
        said = [parts[tag] for parts, tag in zip(self._parts, tags, strict=True)]
        address = escape(page).encode()
        foldings = [
            b"%b%b?language=%b%b" % (part.before, address, tag.encode(), part.after)
            for part, tag in zip(said, tags, strict=True)
        ]
        return b"".join([said[0].opening, sheet.encode(), *foldings, b"</div>"])


def sheet_link(address: str, nonce: str) -> str:
    """Return the element that loads the banner's style sheet."""
    allowed = f' nonce="{escape(nonce)}"' if nonce else ""
    return f'<link rel="stylesheet" href="{escape(address)}"{allowed}/>'


def notice_page(notices: tuple[Announcement, ...], languages: list[str]) -> str:
    """Return the page with all notices, each in the first of the languages (tags) that it has."""
    said = [(notice, *notice.wording(*languages)) for notice in notices]
    _, tag, first = said[0]
    content = "\n".join(_article(*each) for each in said) + _others(notices, tag)
    title = _clean(first.title)
    return shell(title, content, _PAGE_STYLE, language=escape(tag), direction=first.direction)


def _part(tag: str, wording: Wording) -> _Part:
    title, language = _text(wording.title), _language(tag, wording)
    parts = (
        f'<div id="alpines-privacy-notice" role="region" aria-label="{title}" {language}>',
        f'<details open="" {language}><summary><h2>{title}</h2></summary>{_paragraphs(wording.summary)}<p><a href="',
        f'">{_text(wording.link)}</a></p></details>',
    )
    return _Part(*(part.encode("ascii", "xmlcharrefreplace") for part in parts))


def _article(notice: Announcement, tag: str, wording: Wording) -> str:
    day = notice.since.date().isoformat()
    passages = "\n".join(
        f"<h2>{_text(passage.heading)}</h2>\n{_paragraphs(passage.text)}"
        for passage in wording.passages
    )
    return (
        f"<article {_language(tag, wording)}>\n<h1>{_text(wording.title)}</h1>\n"
        f'<p><time datetime="{day}">{_text(wording.dated or day)}</time></p>\n{passages}\n</article>'
    )


def _others(notices: tuple[Announcement, ...], current: str) -> str:
    """Return links to the page in its other languages, each by its own title."""
    known = {tag: wording for notice in notices for tag, wording in notice.wordings.items()}
    links = [
        f'<a href="?language={tag}" hreflang="{tag}" {_language(tag, wording)}>{_text(wording.title)}</a>'
        for tag, wording in known.items()
        if tag != current
    ]
    return f'\n<nav aria-label="Languages" lang="en">\n{" ".join(links)}\n</nav>' if links else ""


def _language(tag: str, wording: Wording) -> str:
    return f'lang="{tag}" xml:lang="{tag}" dir="{wording.direction}"'


def _paragraphs(text: str) -> str:
    """Return paragraphs, which blank lines divide; line breaks within one stay."""
    lines = [line.strip() for line in text.splitlines()]
    blocks = [list(group) for has_words, group in groupby(lines, bool) if has_words]
    return "".join(f"<p>{'<br/>'.join(map(_text, block))}</p>" for block in blocks)


def _text(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    return _NO_TEXT.sub("\ufffd", text)
