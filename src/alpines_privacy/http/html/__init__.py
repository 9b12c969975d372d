"""A streaming HTML tokenizer with edits: bytes in, bytes out, unedited bytes unchanged.

The standard says (WHATWG HTML §13.2.5, whose state names the comments here use):

- A `<` opens a tag only before a letter, or before `/` and a letter; before `!`, `?`, or `/` and
  anything else it opens a comment of some kind; otherwise it is text.
- Inside a tag a quote has a meaning only where an attribute's value begins: after `=` and white
  space. There it hides everything, `<script` and `>` too, up to the next such quote. The first `>`
  outside a quoted value ends the tag.
- `script`, `style`, `textarea`, `title`, `xmp`, `iframe`, `noembed`, `noframes` hold text up to
  their own end tag, and `script` has two more states for `<!--`. `plaintext` never ends.
- Inside `svg` and `math` these elements hold markup, and CDATA sections exist.
- `noscript` is text to a browser that runs scripts and markup to one that does not.

The decision: names that a consumer asks for, and names that change the state, are searched
directly; tags in between are not read. A quoted value cannot hold its own quote, so a `>` is known
to stand outside every value if neither the last `"` nor the last `'` before it follows an `=`.
After such a `>` the state is the data state again, whatever came before: that proof is two
backward byte searches, and only where it fails are the tags in between read one by one.

The content of `noscript` is tokenised as markup, and its end tag ends whatever is open in it, as
in a browser that runs scripts. Tags inside `select` are read like all others (browsers since 2025;
older ones dropped most of them).
"""

from __future__ import annotations

from alpines_privacy.http.html.addition import Addition
from alpines_privacy.http.html.attributes import Attribute
from alpines_privacy.http.html.body_start import BodyStart
from alpines_privacy.http.html.decisions import HELD, Decide, Decision, Edit
from alpines_privacy.http.html.namespaces import Namespace
from alpines_privacy.http.html.rewriter import Interest, Known, NothingKnown, Rewriter
from alpines_privacy.http.html.selection import Selection
from alpines_privacy.http.html.tag_edits import TagEdits
from alpines_privacy.http.html.tags import PLAIN, Place, StartTag, is_amp

__all__ = [
    "HELD",
    "PLAIN",
    "Addition",
    "Attribute",
    "BodyStart",
    "Decide",
    "Decision",
    "Edit",
    "Interest",
    "Known",
    "Namespace",
    "NothingKnown",
    "Place",
    "Rewriter",
    "Selection",
    "StartTag",
    "TagEdits",
    "is_amp",
]
