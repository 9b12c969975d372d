"""A streaming HTML tokenizer that yields edits: bytes in, bytes out, only what is edited differs.

What the protocol says (WHATWG HTML §13.2.5, whose state names the comments here use):

- A `<` opens a tag only before a letter, or before `/` and a letter; before `!`, `?`, or `/` and
  anything else it opens a comment of some kind; otherwise it is text.
- Inside a tag a quote means something only where an attribute's value begins: after `=` and white
  space. There it hides everything, `<script` and `>` too, up to its like. The first `>` outside
  such a value ends the tag.
- `script`, `style`, `textarea`, `title`, `xmp`, `iframe`, `noembed`, `noframes` hold text up to
  their own end tag, and `script` has two more states for `<!--`. `plaintext` never ends.
- All that is different inside `svg` and `math`, where those elements hold markup and CDATA exists.
- `noscript` is text to a browser that runs scripts and markup to one that does not.

The decision taken: the names a consumer asks for, and those that change the state, are searched
directly; tags in between are not read. A quoted value cannot hold its own quote, so a `>` is known
to stand outside every value if neither the last `"` nor the last `'` before it follows an `=`.
After such a `>` the state is the data state again, whatever came before: that proof is two
backward byte searches, and only where it fails are the tags in between read one by one.

`noscript` is an island: its content is tokenised as markup, and its end tag ends whatever is open
in it, as it does in a browser that runs scripts. Tags inside `select` are read as everywhere else
(browsers since 2025; older ones dropped most of them).
"""

from __future__ import annotations

from alpines_privacy.http.html.attributes import Attribute
from alpines_privacy.http.html.decisions import HELD, Decide, Decision, Edit
from alpines_privacy.http.html.namespaces import Namespace
from alpines_privacy.http.html.rewriter import Interest, Known, Nowhere, Rewriter
from alpines_privacy.http.html.selection import Selection
from alpines_privacy.http.html.tags import PLAIN, Place, StartTag

__all__ = [
    "HELD",
    "PLAIN",
    "Attribute",
    "Decide",
    "Decision",
    "Edit",
    "Interest",
    "Known",
    "Namespace",
    "Nowhere",
    "Place",
    "Rewriter",
    "Selection",
    "StartTag",
]
