"""How much likelier it is that a run of letters and digits is random than that a person wrote it as a name.

A likelihood ratio of two models. In the random model every character of the alphabet is equally likely.
The model of names is a Markov chain of letters (order 1) and of their kinds: small, capital, digit
(order 2). Its figures come from 147,000 different words in Python packages (source, documents and data);
each word counts by the logarithm of its frequency.
"""

from __future__ import annotations

from itertools import pairwise, product
from math import log2

__all__ = ["surprise"]

# For each previous letter (a-z, then a digit) the score of the letters a-z, in half bits: `i` is as likely
# as in random text, a later letter of the alphabet is less likely in names.
_AFTER = """
    nihhominjpmfhfqisegekknoko ekklfmpmgjqennfnsghmgqrujr fokmfnqfhuhhnodmsilfiqsumw
    fllicknmeopillgltiikimoqls imhgkkkolrnhifmjmdfgnklimp fmklffopdurhoneptgkjhrqslv
    gnlmcnjhfzoilihmufhlhppsnq donmdoqpfrokllemmikgirpvlv ikgihkiopmmhidfkpiggpjtmsk
    dqnmcqrqhqkonkfmrrfpfpntqq fmklcmmlfsmilkflrjgjinktls enmidnoqeoognnfmvnjiimruis
    dilmdpqpfspkjmffroimiqprls gohffjfognlmnjhlrmgekkqump lkihnljpkolghdjiueiihjjopp
    epmmeopihuogoofisejhjprsjx ktpnpmsrmuuepnpnojkmanptur enjjdmkpftlkjkfmrihhjlpwjs
    hphnemnigsjkmmhhongdhnnuku fojndmqhetrlmngkvfiijoosir iijjgkkqhrofhenhvfgfooqoro
    dolobqprdrrmnkhpylmnoqoumr dokleloievmkmhflsgglnqnoqt gifjekqmgsumkomesmkdooqkjr
    hkiihklnirohigidsjfgmmlqom dmokcqonernllkgnqmmmkkoski fffffeqooqomlnplrnkmpopdrt
"""
# For each two previous kinds (small, capital, digit) the bits of the next kind.
_KINDS = {
    "ll": (0.1, 4.3, 7.4), "lu": (0.1, 4.5, 5.8), "ld": (1.6, 3.7, 0.8),
    "ul": (0.0, 5.8, 10.2), "uu": (3.4, 0.2, 5.5), "ud": (7.3, 3.4, 0.2),
    "dl": (1.7, 2.5, 1.0), "du": (2.0, 1.7, 1.2), "dd": (2.8, 4.5, 0.3),
}  # fmt: skip

_SMALL = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_TO_LETTER = str.maketrans(_SMALL.upper() + _DIGITS, _SMALL + "0" * 10)
_TO_KIND = str.maketrans(_SMALL + _SMALL.upper() + _DIGITS, "l" * 26 + "u" * 26 + "d" * 10)
_SIZES = (26, 26, 10)

# Both tables by the index of two or three characters; the bits of a kind depend on how many kinds there are.
_LETTERS = {
    (before, letter): (ord(row[place]) - ord("i")) / 2
    for before, row in zip(_SMALL + "0", _AFTER.split(), strict=True)
    for place, letter in enumerate(_SMALL)
} | {(before, "0"): 0.0 for before in _SMALL + "0"}
_CHAIN = {
    (*before, kind): bits
    for before, scores in _KINDS.items()
    for kind, bits in zip("lud", scores, strict=True)
}


def surprise(run: str) -> float:
    """Return how many bits better the random model explains a run of ASCII letters and digits than the model of names.

    Negative for names, about 2.5 for each character of a run of random letters and digits.
    """
    letters, kinds = run.translate(_TO_LETTER), run.translate(_TO_KIND)
    bits = sum(map(_LETTERS.__getitem__, pairwise(letters)))
    following = kinds[2:]
    bits += sum(map(_CHAIN.__getitem__, zip(kinds, kinds[1:], following, strict=False)))
    return bits - _by_chance(following)


def _by_chance(kinds: str) -> float:
    """Return the bits of the kinds of a random run over an alphabet of the kinds present."""
    small, capital, digits = kinds.count("l"), kinds.count("u"), kinds.count("d")
    by_small, by_capital, by_digit = _BY_CHANCE[small > 0, capital > 0, digits > 0]
    return small * by_small + capital * by_capital + digits * by_digit


def _bits_by_chance(*is_there: bool) -> tuple[float, ...]:
    alphabet = sum(size for size, there in zip(_SIZES, is_there, strict=True) if there)
    return tuple(log2(max(alphabet, 1) / size) for size in _SIZES)


_BY_CHANCE = {each: _bits_by_chance(*each) for each in product((False, True), repeat=3)}
