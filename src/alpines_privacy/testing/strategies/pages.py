"""HTML pages with embeds: of the site's own, of trackers, and of other third parties (policy §9, §12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from hypothesis import strategies as st

__all__ = ["Embed", "Page", "embeds", "pages"]

Party: TypeAlias = Literal["tracker", "third party", "own"]


class Embed(NamedTuple):
    """An element that loads something: its markup, the address as written, and whose it is."""

    markup: str
    url: str
    party: Party


class Page(NamedTuple):
    """A page, as text, and the embeds in it, in order."""

    html: str
    embeds: tuple[Embed, ...]

    @property
    def content(self) -> bytes:
        """The page in UTF-8."""
        return self.html.encode()

    def urls(self, party: Party) -> list[str]:
        """Return the addresses of a party that the page loads."""
        return [embed.url for embed in self.embeds if embed.party == party]


# Each loads an address, and a tag of another page cannot end inside it.
_TEMPLATES = (
    '<script src="{}"></script>', "<script async src='{}'></script>", "<SCRIPT SRC={} defer></SCRIPT>",
    '<img src="{}" width=1 height=1>', '<img alt="" srcset="{} 2x" src=/pixel.png>', '<iframe src="{}"></iframe>',
    '<noscript><img src="{}"></noscript>', '<link rel="stylesheet" href="{}">',
    '<link rel=preload as=script href="{}">',
    '<object data="{}"></object>', '<embed src="{}">', '<video src="{}"></video>', '<input type=image src="{}">',
    '<picture><source srcset="{}"></picture>',
)  # fmt: skip
# Listed whatever loads them.
_TRACKERS = (
    "https://www.google-analytics.com/analytics.js", "https://www.googletagmanager.com/gtm.js?id=GTM-ABC",
    "https://static.hotjar.com/c/hotjar-1.js", "https://bat.bing.com/bat.js", "//c.statcounter.com/t.php?sc_project=1",
    "https://www.facebook.com/tr?id=1&amp;ev=PageView&amp;noscript=1", "https://mc.yandex.ru/watch/1",
)  # fmt: skip
_THIRD_PARTIES = (
    "https://cdn.jsdelivr.net/npm/bootstrap@5/dist/css/bootstrap.min.css", "https://js.stripe.com/v3/",
    "https://fonts.example.org/serif.css", "//images.example.net/photo.jpg",
)  # fmt: skip
_OWN = ("/static/app.js", "photo.png", "https://shop.example/style.css", "?print=1", "#top")
_BETWEEN = (
    "<p>Text", "<h1>Shop</h1>", "<ul><li>One<li>Two</ul>", "<!-- <script src=x></script> -->", "\n", "é",
    '<form action="/search"><input name=q></form>', "<table><tr><td>1</table>", "<script>var a = '<b>';</script>",
    "<style>p { color: red }</style>", '<a href="https://www.facebook.com/shop">Follow us</a>',
    "<textarea>x</textarea>", '<p title="a > b">', "<svg><path d=M0></path></svg>", "&amp; &lt;b&gt;",
)  # fmt: skip


def embeds(
    trackers: Sequence[str] = _TRACKERS,
    third_parties: Sequence[str] = _THIRD_PARTIES,
    own: Sequence[str] = _OWN,
) -> st.SearchStrategy[Embed]:
    """Return elements that load an address of these; the default trackers are on the shipped lists."""
    written: list[tuple[str, Party]] = [
        *((url, "tracker") for url in trackers),
        *((url, "third party") for url in third_parties),
        *((url, "own") for url in own),
    ]
    return st.builds(
        lambda template, found: Embed(template.format(found[0]), *found),
        st.sampled_from(_TEMPLATES),
        st.sampled_from(written),
    )


def pages(
    embedded: st.SearchStrategy[Embed] | None = None, *, most: int = 8
) -> st.SearchStrategy[Page]:
    """Return whole pages of at most `most` pieces: embeds, and text and elements that load nothing."""
    pieces = st.one_of(
        embeds() if embedded is None else embedded,
        st.sampled_from(_BETWEEN),
    )
    return st.builds(_page, st.lists(pieces, max_size=most), st.booleans())


def _page(pieces: list[Embed | str], is_whole: bool) -> Page:  # noqa: FBT001 - drawn
    markup = "".join(piece if isinstance(piece, str) else piece.markup for piece in pieces)
    head = "<!doctype html><html><head><meta charset=utf-8><title>Shop</title></head><body>"
    html = f"{head}{markup}</body></html>" if is_whole else f"<!doctype html>{markup}"
    return Page(html, tuple(piece for piece in pieces if isinstance(piece, Embed)))
