"""The shield's source made short: comments and blanks go, names of its own become a letter or two.

This reads the JavaScript of `shield.js` and not any: strings, templates, regular expressions,
objects and parameters as that file writes them. A name is renamed everywhere or nowhere, so what it
means stays; properties, global names and everything in quotes stay as they are.
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
      | (?P<regex>/(?![*/])(?:[^\\/\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)
      | (?P<name>[A-Za-z_$][A-Za-z0-9_$]*)
      | (?P<number>[0-9][0-9a-zA-Z.]*)
      | (?P<mark>=>|\.\.\.|\?\.|===|!==|&&|\|\||\+\+|--|[-+*/<>=!]=|.)""",
    re.VERBOSE | re.DOTALL,
)
# After these a slash begins a regular expression; after anything else it divides.
_BEFORE_REGEX = frozenset("( , = : [ ! && || ? { } ; => return".split())
_KEYWORDS = frozenset(
    "break case catch class const continue delete do else finally for function if in instanceof let "
    "new of return switch this throw try typeof void while get set null true false undefined "
    "arguments import".split()
)
_HEADS = frozenset({"if", "for", "while", "switch"})
_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")
_TEMPLATE = re.compile(r"[`}](?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL)


def shortened(source: str) -> str:
    """Return the same program with short names and without comments."""
    tokens = list(_tokens(source))
    own = _declared(tokens)
    uses = Counter(token for token in tokens if token in own)
    taken = {token for token in tokens if token not in own}
    short = dict(zip((name for name, _ in uses.most_common()), _names(taken), strict=False))
    return _joined(_renamed(tokens, short))


def _tokens(source: str) -> Iterator[str]:
    """Yield the tokens of a text; of a template its quotes, its text and the code in it, one by one."""
    position, before = 0, ";"
    braces: list[str] = []
    while position < len(source):
        if source[position] == "`" or (source[position] == "}" and braces and braces[-1] == "`"):
            if source[position] == "}":
                braces.pop()
            text = _TEMPLATE.match(source, position)
            assert text is not None  # a template ends
            if text[0].endswith("${"):
                braces.append("`")
            yield text[0]
            position, before = text.end(), text[0][-1]
            before = "(" if text[0].endswith("${") else "`"
            continue
        found = _TOKEN.match(source, position)
        assert found is not None  # the last alternative takes anything
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


def _declared(tokens: Sequence[str]) -> set[str]:
    """Return every name that the program declares: variables, functions, parameters."""
    names: set[str] = set()
    closing = _closing(tokens)
    for index, token in enumerate(tokens):
        if token in {"const", "let"}:
            names.update(_variables(tokens, index + 1, closing))
        elif token == "function" and tokens[index + 1] != "(":
            names.add(tokens[index + 1])
        elif token == "=>" and tokens[index - 1] != ")":
            names.add(tokens[index - 1])
        elif token == "(" and tokens[index - 1] not in _HEADS:
            end = closing[index]
            if end + 1 < len(tokens) and tokens[end + 1] in {"=>", "{"}:
                names.update(_in_pattern(tokens[index + 1 : end]))
    return names - _KEYWORDS


def _closing(tokens: Sequence[str]) -> dict[int, int]:
    """Return where each bracket that opens is closed."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token in _OPENING:
            opened.append(index)
        elif token in _CLOSING:
            pairs[opened.pop()] = index
    return pairs


def _variables(tokens: Sequence[str], index: int, closing: dict[int, int]) -> Iterator[str]:
    """Yield what follows `const` or `let`: a pattern, or names separated by commas."""
    if index in closing:
        yield from _in_pattern(tokens[index : closing[index]])
        return
    yield tokens[index]
    while tokens[index + 1] == ",":
        index += 2
        yield tokens[index]


def _in_pattern(tokens: Sequence[str]) -> Iterator[str]:
    """Yield the names that parameters, or a destructuring pattern, declare."""
    for token, after in itertools.zip_longest(tokens, tokens[1:], fillvalue=""):
        if _is_name(token) and after != ":":
            yield token


def _renamed(tokens: Sequence[str], short: dict[str, str]) -> Iterator[str]:
    """Yield the tokens with every variable under its short name."""
    within: list[str] = []  # what is open: "(", "[", "{" for a block, "object" for an object or a pattern
    before = ";"
    for token, after in itertools.zip_longest(tokens, tokens[1:], fillvalue=""):
        if token in _OPENING:
            within.append("object" if token == "{" and before in _BEFORE_OBJECT else token)
        elif token in _CLOSING:
            within.pop()
        if token not in short or before in {".", "?."}:
            yield token
        elif not within or within[-1] != "object" or before not in {"{", ","}:
            yield short[token]
        elif after in {",", "}", "="}:
            yield f"{token}:{short[token]}"
        else:  # a key or a method's name
            yield token
        before = token


_BEFORE_OBJECT = frozenset("( , = : [ return ? const let && ||".split())


def _names(taken: set[str]) -> Iterator[str]:
    """Yield names of one letter, then of two, that are not taken."""
    for length in itertools.count(1):
        for letters in itertools.product(ascii_letters, repeat=length):
            name = "".join(letters)
            if name not in taken and name not in _KEYWORDS:
                yield name


def _is_name(token: str) -> bool:
    return token.isidentifier() or token.replace("$", "_").isidentifier()


def _joined(tokens: Iterator[str]) -> str:
    """Write tokens with a blank where two would become one."""
    out: list[str] = []
    last = ";"
    for token in tokens:
        first = token[0]
        if (_in_name(last) and _in_name(first)) or (first in "+-" and first == last):
            out.append(" ")
        out.append(token)
        last = token[-1]
    return "".join(out)


def _in_name(character: str) -> bool:
    return character.isalnum() or character in "_$"
