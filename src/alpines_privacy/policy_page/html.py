"""The policy as a page: readable at any width, in light, dark and on paper, without a script."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from string import Template
from urllib.parse import quote

from alpines_privacy.http.own_page import STYLE, shell, way_home
from alpines_privacy.http.template import TEMPLATE_CONTENT_POLICY
from alpines_privacy.policy_page.document import (
    Block,
    Document,
    Inline,
    Link,
    Section,
    Table,
    Time,
)
from alpines_privacy.policy_page.format import Format

__all__ = ["PAGE_STYLE", "HtmlWriter", "content_policy"]

PAGE_STYLE = (
    STYLE
    + """
body { display: block; }
main { max-width: 46rem; margin-inline: auto; }
h2 { margin: 2.25rem 0 .5rem; font-size: 1.1875rem; line-height: 1.35; }
p, ul, .table { margin: .75rem 0 0; }
ul { padding-inline-start: 1.4rem; }
li + li { margin-top: .3rem; }
a { color: var(--accent); text-underline-offset: .2em; overflow-wrap: anywhere; }
a:focus-visible, .table:focus-visible { outline: .2rem solid var(--ink); outline-offset: .15rem; }
code { font-size: .9375em; overflow-wrap: anywhere; }
.table { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
caption { padding-bottom: .35rem; text-align: start; color: var(--soft); }
th, td { padding: .5rem .75rem .5rem 0; text-align: start; vertical-align: top; border-top: 1px solid var(--line); }
[dir=rtl] :is(th, td) { padding: .5rem 0 .5rem .75rem; }
tbody th { font-weight: 600; min-width: 7rem; }
[dir=rtl] { line-height: 1.9; }
.languages { margin-bottom: 1rem; }
.languages a { margin-inline-end: 1rem; }
.notice { margin-bottom: 1.25rem; padding-inline-start: 1rem; border-inline-start: .25rem solid var(--accent); }
.notice h2 { margin-top: 0; }
@media screen and (max-width: 34rem) {
  table, tbody, tr, th, td, caption { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding-block: .5rem; border-top: 1px solid var(--line); }
  :is(th, td, [dir=rtl] th, [dir=rtl] td) { padding: .1rem 0; border: 0; }
  td::before { content: attr(data-head) ": "; color: var(--soft); }
}
@media print {
  :root { color-scheme: light; --ground: #fff; --card: #fff; --ink: #000; --soft: #333; --line: #999; --accent: #000; }
  body { padding: 0; font-size: 11pt; }
  main { max-width: none; padding: 0; border: 0; }
  .languages { display: none; }
  h2 { break-after: avoid; }
  li, tr { break-inside: avoid; }
  .table { overflow: visible; }
  a[href^="http"]::after { content: " (" attr(href) ")"; }
}
"""
)

_DIGEST = b64encode(hashlib.sha256(PAGE_STYLE.encode()).digest()).decode()
# The page loads nothing and sends nothing; its one style is named by its digest.
_CONTENT_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def content_policy(template: Template | None) -> str:
    """Return the Content-Security-Policy of the page, with the app's template or without one."""
    return _CONTENT_POLICY if template is None else TEMPLATE_CONTENT_POLICY


class HtmlWriter(Format):
    """Writes a policy as HTML.

    `languages` are those to choose from: tag and name. `path` is the page's own, below the mount
    point: links to paths of the site become relative, so that they work under any mount point.
    """

    def __init__(
        self, path: str, languages: dict[str, str], name: str, template: Template | None = None
    ) -> None:
        self._home = way_home(path)
        self._languages = languages if len(languages) > 1 else {}
        self._name = name
        self._template = template

    def __call__(self, document: Document) -> str:
        """Return the whole page."""
        title = f"{document.title}: {self._name}"
        content = self._content(document)
        if self._template is None:
            return shell(
                title, content, PAGE_STYLE, language=document.language, direction=document.direction
            )
        return self._template.substitute(
            content=content,
            title=escape(title),
            language=document.language,
            direction=document.direction,
            style=PAGE_STYLE,
        )

    def _content(self, document: Document) -> str:
        parts = [
            self._choice_of_language(document.language),
            f"<h1>{escape(document.title)}</h1>",
            self._notice(document),
            self._lines(document.introduction),
            *map(self._section, document.sections),
        ]
        return "\n".join(part for part in parts if part)

    def _choice_of_language(self, current: str) -> str:
        here = {current: ' aria-current="page"'}
        links = " ".join(
            f'<a href="?language={tag}" hreflang="{tag}" lang="{tag}"{here.get(tag, "")}>{escape(name)}</a>'
            for tag, name in self._languages.items()
        )
        return f'<nav class="languages" aria-label="Languages">{links}</nav>' if links else ""

    def _notice(self, document: Document) -> str:
        if not document.notice:
            return ""
        return (
            f'<section class="notice" aria-labelledby="changes"><h2 id="changes">{escape(document.notice_title)}</h2>\n'
            f"{self._lines(document.notice)}\n</section>"
        )

    def _section(self, section: Section) -> str:
        return (
            f'<section aria-labelledby="{section.key}">\n'
            f'<h2 id="{section.key}">{escape(section.heading)}</h2>\n'
            f"{self._lines(section.blocks)}\n</section>"
        )

    def _lines(self, blocks: Iterable[Block]) -> str:
        return "\n".join(self.blocks(blocks))

    def paragraph(self, line: str) -> str:
        """Return a `p` element."""
        return f"<p>{line}</p>"

    def bullets(self, lines: Sequence[str]) -> str:
        """Return a `ul` element."""
        items = "\n".join(f"<li>{line}</li>" for line in lines)
        return f"<ul>\n{items}\n</ul>"

    def table(self, table: Table) -> str:
        """Return a `table` element, in a box that scrolls where the window is too narrow."""
        caption = escape(table.caption)
        heads = "".join(
            f'<th role="columnheader" scope="col">{escape(h)}</th>' for h in table.heads
        )
        rows = "\n".join(self._row(table, row) for row in table.rows)
        # Its roles are named: a narrow window shows it as blocks, which have none.
        return (
            f'<div class="table" role="region" aria-label="{caption}" tabindex="0"><table role="table">\n'
            f'<caption>{caption}</caption>\n<thead role="rowgroup"><tr role="row">{heads}</tr></thead>\n'
            f'<tbody role="rowgroup">\n{rows}\n</tbody>\n</table></div>'
        )

    def _row(self, table: Table, row: tuple[Inline, ...]) -> str:
        name = f'<th role="rowheader" scope="row">{self.inline(row[0])}</th>'
        cells = "".join(
            f'<td role="cell" data-head="{escape(head)}">{self.inline(cell)}</td>'
            for head, cell in zip(table.heads[1:], row[1:], strict=True)
        )
        return f'<tr role="row">{name}{cells}</tr>'

    def text(self, text: str) -> str:
        """Return text with the characters of markup escaped."""
        return escape(text)

    def code(self, text: str) -> str:
        """Return a `code` element."""
        return f'<code dir="ltr">{escape(text)}</code>'

    def own(self, text: str) -> str:
        """Return a `bdi` element: the words may run in another direction than the page's."""
        return f"<bdi>{escape(text)}</bdi>"

    def time(self, time: Time) -> str:
        """Return a `time` element."""
        return f'<time datetime="{time.day.isoformat()}">{escape(time.text)}</time>'

    def link(self, link: Link) -> str:
        """Return an `a` element."""
        target = escape(self._reference(link.target))
        return f'<a href="{target}"><bdi>{escape(link.text)}</bdi></a>'

    def _reference(self, target: str) -> str:
        if target.startswith("/"):
            return self._home + target[1:]
        if target.startswith("mailto:"):
            return "mailto:" + quote(target.removeprefix("mailto:"), safe="@")
        return target
