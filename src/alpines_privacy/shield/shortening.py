"""A minifier for the shield's source: it drops comments and blanks and shortens the source's own names.

It reads the JavaScript that `shield.js` uses, and no other: strings, templates, regular expressions,
objects and parameters as that file writes them. A name is renamed everywhere or nowhere. Properties,
global names and everything in quotes stay as they are.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from string import ascii_letters

__all__ = ["shortened"]

_TOKEN = re.compile(
    r"""(?P<blank>\s+|/\*.*?\*/)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<regex>/(?![*/])(?:[^\\/\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*+\])++/[a-z]*)
      | (?P<name>[A-Za-z_$][A-Za-z0-9_$]*)
      | (?P<number>[0-9][0-9a-zA-Z.]*)
      | (?P<mark>=>|\.\.\.|\?\.|===|!==|&&|\|\||\+\+|--|[-+*/<>=!]=|.)""",
    re.VERBOSE | re.DOTALL,
)
# A slash after one of these begins a regular expression; any other slash divides.
_BEFORE_REGEX = frozenset(
    ["(", ",", "=", ":", "[", "!", "&&", "||", "?", "{", "}", ";", "=>", "return"]
)
_KEYWORDS = frozenset(
    {
        "break", "case", "catch", "class", "const", "continue", "delete", "do", "else", "finally", "for",
        "function", "if", "in", "instanceof", "let", "new", "of", "return", "switch", "this", "throw", "try",
        "typeof", "void", "while", "get", "set", "null", "true", "false", "undefined", "arguments", "import",
    }
)  # fmt: skip
_HEADS = frozenset({"if", "for", "while", "switch"})
_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")
_TEMPLATE = re.compile(r"[`}](?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL)


def shortened(source: str) -> str:
    """Return the same program with short names and no comments."""
    parts = list(_tokens(source))
    own = _declared(parts)
    uses = Counter(part for part in parts if part in own)
    taken = {part for part in parts if part not in own}
    short = dict(zip((name for name, _ in uses.most_common()), _names(taken), strict=False))
    return _joined(_renamed(parts, short))


def _tokens(source: str) -> Iterator[str]:
    """Yield the tokens of a source; a template yields its quotes, its text and its code one by one."""
    position, before = 0, ";"
    braces: list[str] = []
    while position < len(source):
        if source[position] == "`" or (source[position] == "}" and braces and braces[-1] == "`"):
            if source[position] == "}":
                braces.pop()
            text = _TEMPLATE.match(source, position)
            assert text is not None  # the end of a template
            if text[0].endswith("${"):
                braces.append("`")
            yield text[0]
            position, before = text.end(), text[0][-1]
            before = "(" if text[0].endswith("${") else "`"
            continue
        found = _TOKEN.match(source, position)
        assert found is not None  # the last alternative matches any character
        if found.lastgroup == "regex" and before not in _BEFORE_REGEX:
            yield "/"
            position, before = position + 1, "/"
            continue
        position = found.end()
        if found.lastgroup == "blank":
            continue
        before = found[0]
        if before == "{":
            braces.append("{")
        elif before == "}":
            braces.pop()
        yield before


def _declared(parts: Sequence[str]) -> set[str]:
    """Return the names of all variables, functions and parameters."""
    names: set[str] = set()
    closing = _closing(parts)
    for index, part in enumerate(parts):
        if part in {"const", "let"}:
            names.update(_variables(parts, index + 1, closing))
        elif part == "function" and parts[index + 1] != "(":
            names.add(parts[index + 1])
        elif part == "=>" and parts[index - 1] != ")":
            names.add(parts[index - 1])
        elif part == "(" and parts[index - 1] not in _HEADS:
            end = closing[index]
            if end + 1 < len(parts) and parts[end + 1] in {"=>", "{"}:
                names.update(_in_pattern(parts[index + 1 : end]))
    return names - _KEYWORDS


def _closing(parts: Sequence[str]) -> dict[int, int]:
    """Return the index of the closing bracket for each opening one."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for index, part in enumerate(parts):
        if part in _OPENING:
            opened.append(index)
        elif part in _CLOSING:
            pairs[opened.pop()] = index
    return pairs


def _variables(parts: Sequence[str], index: int, closing: dict[int, int]) -> Iterator[str]:
    """Yield the names declared by one `const` or `let`: a pattern, or names separated by commas."""
    if index in closing:
        yield from _in_pattern(parts[index : closing[index]])
        return
    yield parts[index]
    while parts[index + 1] == ",":
        index += 2
        yield parts[index]


def _in_pattern(parts: Sequence[str]) -> Iterator[str]:
    """Yield the names declared by parameters or a destructuring pattern."""
    for part, after in itertools.zip_longest(parts, parts[1:], fillvalue=""):
        if _is_name(part) and after != ":":
            yield part


def _renamed(parts: Sequence[str], short: dict[str, str]) -> Iterator[str]:
    """Yield the tokens, with a short name for each variable."""
    within: list[
        str
    ] = []  # open brackets: "(", "[", "{" for a block, "object" for an object or a pattern
    before = ";"
    for part, after in itertools.zip_longest(parts, parts[1:], fillvalue=""):
        if part in _OPENING:
            is_object = part == "{" and (before in _BEFORE_OBJECT or before.endswith("${"))
            within.append("object" if is_object else part)
        elif part in _CLOSING:
            within.pop()
        if part not in short or before in {".", "?."}:
            yield part
        elif not within or within[-1] != "object" or before not in {"{", ","}:
            yield short[part]
        elif after in {",", "}", "="}:
            yield f"{part}:{short[part]}"
        else:  # a key or the name of a method
            yield part
        before = part


_BEFORE_OBJECT = frozenset(["(", ",", "=", ":", "[", "return", "?", "const", "let", "&&", "||"])


def _names(taken: set[str]) -> Iterator[str]:
    """Yield names of one letter, then of two, that are not taken."""
    for length in itertools.count(1):
        for letters in itertools.product(ascii_letters, repeat=length):
            name = "".join(letters)
            if name not in taken and name not in _KEYWORDS:
                yield name


def _is_name(part: str) -> bool:
    return part.isidentifier() or part.replace("$", "_").isidentifier()


def _joined(parts: Iterator[str]) -> str:
    """Join tokens, with a blank between two that would merge."""
    out: list[str] = []
    last = ";"
    for part in parts:
        first = part[0]
        if (_in_name(last) and _in_name(first)) or (first in "+-/" and first == last):
            out.append(" ")
        out.append(part)
        last = part[-1]
    return "".join(out)


def _in_name(character: str) -> bool:
    return character.isalnum() or character in "_$"
