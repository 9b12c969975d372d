"""No pattern of the package can step back over the same text, but for those whose use bounds them."""

from __future__ import annotations

import re

import pytest

from tests.fuzz.patterns import flaws
from tests.fuzz.sources import Found, patterns

# What the grammar of a pattern cannot tell: why it takes no longer than its text is long.
HARMLESS = {
    "breach.addresses._IN_TEXT": "a quoted part ends at the next quote, and a word is read from its beginning only",
    "breach.addresses._HOST": "a host has 253 characters at most, which it looks at first",
    "breach.bounced.mailboxes._QUOTED": "begins at lines, and `>` ends none",
    "breach.notice.self_contained._CSS_ESCAPE": "a comment that is not closed goes on to the end, so it matches",
    "http.client._FORWARDED_ELEMENT": "reads lists whose quotes are all closed, so it matches",
    "http.client._FORWARDED_PART": "as above",
    "http.heads._TYPES": "what is not closed goes on to the end of the text, so it matches",
    "http.url._NORMAL": "labels end at dots, so the host is read twice at most",
    "policy.parts._LOG_KEY": "the names of a policy's log keys have 64 characters at most",
    r"redaction.engine.gate: re.sub('\\{[^}]*\\}|[0-9]')": "reads our own shapes, when they are compiled",
    "redaction.kinds.agents._AGENT": "matches within a window of the longest User-Agent",
    "redaction.kinds.cards._WORDS": "as http.key_names._WORD",
    "redaction.kinds.tokens._LAST": "reads 255 characters behind a prefix",
    "redaction.engine.values._FAULT": "reads what is before a key on its line, of which 200 characters are read",
    "redaction.engine.values._PUBLIC": "a bare value is judged by its first 256 characters",
    "redaction.engine.values._STATEMENT": "as redaction.engine.values._FAULT",
    "http.key_names._WORD": "capitals give back one letter at most, and then it matches",
    "redaction.engine.quoted._PART": "a string that is cut off ends at the end of its line, so it matches",
    "redaction.engine.quoted._STRINGS": "reads documents, in which no string is cut off",
    "redaction.archives.blocks._OPEN_KEY": "a line is a key's header or its body, told by its colon",
    "redaction.archives.blocks._KEY": "as above",
    "redaction.archives.blocks._REST_OF_KEY": "as above",
    "redaction.engine.decoded_text._TOKEN": "backslashes come in pairs, of which the first always matches",
    "signups.graphql._TOKEN": "a quote that is not closed is read once: it ends the reading",
    "signups.others._WORD": "as http.key_names._WORD",
    "trackers.fields._QUOTED": "what is not closed goes on to the end of the text, so it matches",
    "trackers.fields._MEMBER": "what is not closed goes on to the end of the text, so it matches",
    "trackers.pattern._HOST": "labels end at dots, as above",
    "trackers.rule._DOMAIN": "labels end at dots, as above",
}


# Its patterns read sentences, which have 2,000 characters at most; lines are read by `plain` and `markup`.
OF_SENTENCES = re.compile(
    r"policy\.lint\.(?:RULES|contradictions|document|kept|statements|statute|structure)\b"
)


@pytest.mark.parametrize("found", patterns(), ids=lambda found: found.place)
def test_a_pattern_takes_no_longer_than_its_text_is_long(found: Found) -> None:
    if found.place not in HARMLESS and not OF_SENTENCES.match(found.place):
        assert not flaws(found), found.pattern.pattern


@pytest.mark.parametrize("found", patterns(), ids=lambda found: found.place)
def test_a_pattern_without_such_a_shape_needs_no_exception(found: Found) -> None:
    if found.place in HARMLESS:
        assert flaws(found)


def test_every_exception_is_one_of_a_pattern_there_is() -> None:
    assert HARMLESS.keys() <= {found.place for found in patterns()}


# Patterns, the call they are used by, and the shape of what is wrong with them.
SHAPES = [
    (r"(?:a+)+b", "match", {"nested"}),
    (r"(?:[^\"\\]+|\\.)*\"", "match", {"nested"}),
    (r"(?:ab|[a-c]b)*d", "match", {"nested"}),
    (r"(?:[^\"\\]++|\\.)*+\"", "match", set()),
    (r"(?:a,)*b", "match", set()),
    (r"(?:a*,(?=a))*b", "match", set()),
    (r"^a*b", "search", set()),
    (r"(?m)^[^b]*b", "search", {"restarted"}),
    (r"(?:a*b)?c*d", "match", set()),
    (r"[a-z]+(?: +as +[a-z]+)?", "finditer", set()),
    (r"\s*:?\s*x", "match", {"adjacent"}),
    (r"[a.]*\.[a.]*!", "match", {"adjacent"}),
    (r"\s*+:?\s*x", "match", set()),
    (r"a*b*c", "match", set()),
    (r"\s*\s*", "match", set()),
    (r"\s*\s*", "fullmatch", {"adjacent"}),
    (r"a+b", "search", {"restarted"}),
    (r"a+b", "match", set()),
    (r"a+", "finditer", set()),
    (r"(?<![a])a++b", "search", set()),
    (r"(?<!x)a++b", "search", {"restarted"}),
    (r"=a*b", "search", set()),
    (r"<[^>]*>", "sub", {"restarted"}),
    (r"<[^<>]*>", "sub", set()),
    (r",+\Z", "search", {"restarted"}),
    (r"[^&]*+(?:&|\Z)", "finditer", set()),
    (r"[^&]*+(?=&|\Z)", "finditer", set()),
    (r"[^&]*+(?:;|\Z)", "finditer", {"restarted"}),
    (r"[^&=]*+=?[^&]*+(?:&|\Z)", "finditer", set()),
    (r"(?:\"(?:[^\"\\]|\\.)*+\"|[^\",])++", "findall", {"restarted"}),
    (r"(?i)[a-z]+@", "search", {"restarted"}),
    (r"a{0,8}b", "search", set()),
    (r"a{0,4096}b", "search", {"restarted"}),
]


@pytest.mark.parametrize(("pattern", "call", "shapes"), SHAPES)
@pytest.mark.parametrize("of_bytes", [False, True])
def test_the_shapes_that_step_back_are_told(
    pattern: str, call: str, shapes: set[str], of_bytes: bool
) -> None:
    compiled = re.compile(pattern.encode()) if of_bytes else re.compile(pattern)
    assert {flaw.shape for flaw in flaws(Found("a", compiled, frozenset({call})))} == shapes
