"""Does reading cost more than it weighs? Every token, alone, in pairs and in triples, through every entry.

    GROWTH_SECONDS=900 python -m tests.fuzz.growth
    GROWTH_SECONDS=900 python -m tests.fuzz.growth --entries log: archive:

A text of 20 KB may take 20 ms (an operator's own, read at start-up, a second), and four times
the text 4.5 times as long. Time is this thread's CPU time, the least of several runs, so that other
processes decide nothing. How fast the machine is at the moment is told by a fixed piece of work,
measured beside what is judged: where that takes twice `REFERENCE`, everything has twice the time.
What looks wrong in passing is measured anew, several times at four sizes, before it is called a
find, and then shortened.

What grows by the square with so small a factor that 20 KB take less than a floor is judged at a
longer text, up to what the entry takes.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import logging
import math
import os
import random
import re
import signal
import sys
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from tests.fuzz.entries import Entry, entries, outside
from tests.fuzz.sources import constants, patterns, tables
from tests.fuzz.tokens import tokens_of

__all__ = [
    "Case",
    "Find",
    "Fuzzer",
    "entry_named",
    "judge",
    "peak",
    "seconds_from_environment",
    "seed_from_environment",
]

SIZE = 5_000
LARGE = 4 * SIZE
RATIO = 4.5  # for four times the bytes
_EXPONENT = math.log(RATIO, 4)
_FLOOR = 0.0005  # seconds: below, what a call costs in any case hides how it grows
_SUSPECT = 0.0003
_LONG = 1.5  # seconds of CPU after which a call is broken off
_PLAIN = 0.2  # seconds after which noise decides nothing: one run is enough
_SMALLEST = 256

# What `_work` takes on the machine that the limits are written for, quiet, with Python 3.11.
REFERENCE = 0.0010


_NUMBER = "0123456789"  # as long as that of a repetition


class TooLong(BaseException):
    """Raised in a call that has run for `_LONG`; nothing of the layer's catches it."""


class Case(NamedTuple):
    """A text to be made at any size: an opening, then the tokens over and over.

    Where the opening has a `…` they stand in its place, else behind it. In halves, the first token
    fills the first half and the second the other. Numbered, each repetition has a number of its
    own behind the first token, so that no cache knows what is in it.
    """

    entry: Entry
    opening: str
    tokens: tuple[str, ...]
    in_halves: bool = False
    is_numbered: bool = False

    @property
    def limit(self) -> float:
        """How many seconds 20 KB may take."""
        if not self.is_numbered:
            return self.entry.limit
        return self.entry.limit + self.entry.limit_each * LARGE / self._length

    @property
    def _length(self) -> int:
        return sum(map(len, self.tokens)) + len(_NUMBER) * self.is_numbered

    def text(self, size: int, mark: str = "") -> str:
        """Return a text of about `size` characters; a `mark` behind the tokens makes it one of its own."""
        before, _, after = self.opening.partition("…")
        room = size - len(before) - len(after)
        count = max(1, room // self._length)
        if self.is_numbered:
            first, rest = self.tokens[0] + mark.zfill(6), "".join(self.tokens[1:])
            return before + "".join(f"{first}{i:04x}{rest}" for i in range(count)) + after
        units = self.tokens if self.in_halves else ("".join(self.tokens),)
        return before + "".join(unit * count for unit in units) + mark + after


class Find(NamedTuple):
    """What costs more than it weighs, and what was measured: `(characters, seconds)`."""

    case: Case
    what: str  # "grows" or "slow"
    exponent: float
    at_large: float  # seconds for 20 KB, as on the reference machine
    times: tuple[tuple[int, float], ...]

    def __str__(self) -> str:
        entry, opening, tokens, in_halves, is_numbered = self.case
        halves = ", in halves" if in_halves else ", numbered" if is_numbered else ""
        times = ", ".join(f"{size}: {seconds * 1000:.2f} ms" for size, seconds in self.times)
        return (
            f"{entry.name}: {opening!r} then {' '.join(map(repr, tokens))}{halves}: {self.what}, "
            f"exponent {self.exponent:.2f}, 20 KB in {self.at_large * 1000:.1f} ms ({times})"
        )


# --- measuring ---


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise TooLong


@contextmanager
def _limited() -> Iterator[None]:
    """Break off what runs too long; where there are no timers (Windows, other threads) it runs on."""
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    before = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, _LONG)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the collector's pauses and a coverage tool out of the figures, and logs away from the terminal."""
    tracer = sys.gettrace()
    sys.settrace(None)
    was_enabled, level = gc.isenabled(), logging.raiseExceptions
    logger = logging.getLogger("alpines_privacy")
    disabled = logger.disabled
    gc.disable()
    logger.disabled, logging.raiseExceptions = True, False
    try:
        yield
    finally:
        logger.disabled, logging.raiseExceptions = disabled, level
        if was_enabled:
            gc.enable()
        sys.settrace(tracer)


_counted = itertools.count(1)


def measured(case: Case, size: int, *, is_new: bool = False) -> tuple[int, float]:
    """Return how long a text is and what reading it took, in seconds of CPU.

    A case that `is_new` is read as it is; else a mark sees to it that no cache knows the text.
    """
    text = case.text(size, "" if is_new else f"{next(_counted):x}")
    start = time.thread_time()
    try:
        with _limited():
            case.entry.read(text)
    except TooLong:
        return len(text), _LONG
    except Exception as error:  # refused: how long that took counts too, a defect is another test's
        _refusals[f"{case.entry.name}: {type(error).__name__}: {error}"[:160]] += 1
    finally:
        outside()
    return len(text), time.thread_time() - start


_refusals: Counter[str] = Counter()


def _least(case: Case, size: int, runs: int = 3) -> tuple[int, float]:
    """Return the least of several runs, each of a text of its own; a long one once."""
    best = measured(case, size)
    for _ in range(runs - 1):
        if best[1] > _PLAIN:
            break
        best = min(best, measured(case, size), key=_by_seconds)
    return best


def _by_seconds(run: tuple[int, float]) -> float:
    return run[1]


_WORDS = re.compile(r"[a-z]+(?:=[0-9]+)?")


def _work() -> float:
    """Return what a fixed piece of work takes: searches, slices and look-ups, as readers do them."""
    text = "name=17 and more; " * 600
    start = time.thread_time()
    seen: dict[str, int] = {}
    for match in _WORDS.finditer(text):
        word = text[match.start() : match.end()]
        seen[word] = seen.get(word, 0) + len(word)
    "".join(part.strip().upper() for part in text.split(";"))
    return time.thread_time() - start


def speed(runs: int = 5) -> float:
    """Return how much slower than the reference this machine is now; 1 for a faster one."""
    return max(1.0, min(_work() for _ in range(runs)) / REFERENCE)


def judge(case: Case, rounds: int = 3) -> Find | None:
    """Measure a case anew; a find only if every round says so, and growth at four sizes."""
    with _quiet():
        for _ in range(rounds):
            doubt = _doubt(case)
            if not doubt:
                return None
            if doubt > 4:
                break
        return _fitted(case)


def _doubt(case: Case, size: int = SIZE) -> float:
    """Return by how much a case costs too much, by the least of three runs at each of two sizes; 0 if it does not."""
    small = _least(case, size)
    large = _least(case, 4 * size)
    over = large[1] / (case.limit * speed()) if size == SIZE else 0
    if over > 1 or _slope(small, large) > _EXPONENT:
        return max(over, 1)
    return 0


def _fitted(case: Case) -> Find | None:
    """Return what a case costs at four sizes, if it is too much."""
    factor = speed()
    large, seconds = _least(case, LARGE)
    at_large = seconds / factor * (LARGE / large)
    size = _base(case, factor)
    times = tuple(_least(case, size * step) for step in (1, 2, 4, 8))
    exponent = min(_slope(times[0], times[2]), _slope(times[1], times[3]))
    if exponent > _EXPONENT and times[2][1] > _FLOOR * factor:
        return Find(case, "grows", exponent, at_large, times)
    if at_large > case.limit:
        return Find(case, "slow", exponent, at_large, times)
    return None


def _base(case: Case, factor: float) -> int:
    """Return the smallest of four sizes at which growth shows: less for what is slow, more for what is fast."""
    size = SIZE
    while size > _SMALLEST and measured(case, size)[1] > 0.01:
        size //= 2
    if size < SIZE:
        return size
    while size * 32 <= case.entry.longest and measured(case, size * 4)[1] < _FLOOR * factor:
        size *= 4
    return min(size, case.entry.longest // 8)


def _slope(small: tuple[int, float], large: tuple[int, float]) -> float:
    return (
        math.log(large[1] / small[1]) / math.log(large[0] / small[0])
        if large[0] > small[0]
        else 0.0
    )


def peak(case: Case, size: int = 65_536) -> float:
    """Return how many bytes each byte of a text takes at most while it is read."""
    text = case.text(size)
    weight = len(text.encode("utf-8", "surrogatepass"))
    with _quiet():
        measured(case, 1_000)  # what is made once
        tracemalloc.start()
        try:
            with suppress(Exception):
                case.entry.read(text)
            return tracemalloc.get_traced_memory()[1] / weight
        finally:
            tracemalloc.stop()
            outside()


# --- shortening ---


def shortened(find: Find, seconds: float = 5) -> Find:
    """Return a find with as little in it as still costs too much, as far as some seconds of CPU go."""
    end = time.thread_time() + seconds
    size = SIZE if find.what == "slow" else min(SIZE, find.times[0][0])
    tried = {find.case}
    best, progress = find.case, True
    while progress:
        progress = False
        for case in _shorter(best):
            if case in tried or time.thread_time() > end:
                continue
            tried.add(case)
            with _quiet():
                progress = bool(_doubt(case, size) and _doubt(case, size))
            if progress:
                best = case
                break
    return judge(best) or find


def _shorter(case: Case) -> Iterator[Case]:
    tokens = case.tokens
    if case.in_halves or case.is_numbered:
        yield case._replace(in_halves=False, is_numbered=False)
    if case.in_halves:
        for token in tokens:
            yield case._replace(tokens=(token,), in_halves=False)
    if case.opening:
        yield case._replace(opening="")
    if len(tokens) > 1 and not case.in_halves:
        for index in range(len(tokens)):
            yield case._replace(tokens=tokens[:index] + tokens[index + 1 :])
    for index, token in enumerate(tokens):
        for part in _parts(token):
            yield case._replace(tokens=(*tokens[:index], part, *tokens[index + 1 :]))


def _parts(token: str) -> Iterator[str]:
    if len(token) > 3:
        yield token[: len(token) // 2]
        yield token[len(token) // 2 :]
    if len(token) > 1:
        yield token[1:]
        yield token[:-1]


# --- choosing ---

# Which entries a module's tokens are for; a quarter of the cases go through any.
_RELATED = {
    "redaction": ("log", "archive"),
    "trackers": ("page", "response", "url", "list"),
    "http": ("request", "response", "page", "body", "url", "target", "set-cookie"),
    "signups": ("body", "target", "request"),
    "cookies": ("set-cookie", "response", "request"),
    "preference": ("request", "target", "body"),
    "policy": ("policy",),
    "cli": ("archive", "list"),
}


class Kit(NamedTuple):
    """Tokens that stand together, and the module that knows them."""

    module: str
    tokens: tuple[str, ...]


@cache
def _kits() -> tuple[tuple[Kit, ...], tuple[Kit, ...]]:
    """Return the tokens of each pattern; those of each module's code and tables."""
    of_patterns = [
        Kit(found.place.partition(".")[0], tokens)
        for found in patterns()
        if (tokens := tokens_of(found))
    ]
    others = [Kit(t.place.partition(".")[0], t.words) for t in (*constants(), *tables())]
    return tuple(of_patterns), tuple(others)


@cache
def _grouped(prefixes: tuple[str, ...]) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries():
        if entry.name.startswith(prefixes):
            groups.setdefault(entry.group, []).append(entry)
    return groups


def entry_named(name: str) -> Entry:
    """Return the entry of a name."""
    return next(entry for entry in entries() if entry.name == name)


def cases(seed: int, prefixes: tuple[str, ...] = ("",)) -> Iterator[Case]:
    """Yield cases for ever: half of them of one pattern, the rest of one module's words or of anything.

    Only entries whose names begin with one of the `prefixes` are tried.
    """
    rng = random.Random(seed)  # noqa: S311 - the same cases for the same seed, no secret
    of_patterns, others = _kits()
    while True:
        kind = rng.random()
        if kind < 0.5:
            kit = rng.choice(of_patterns)
            tokens = [rng.choice(kit.tokens) for _ in range(rng.choice((1, 2, 2, 3)))]
        elif kind < 0.75:
            kit = rng.choice(others)
            tokens = [rng.choice(kit.tokens) for _ in range(rng.choice((1, 1, 2, 3)))]
        else:
            kit = rng.choice(of_patterns)
            more = [rng.choice(of_patterns + others) for _ in range(rng.choice((1, 2)))]
            tokens = [rng.choice(each.tokens) for each in (kit, *more)]
            rng.shuffle(tokens)
        entry = _entry(kit.module, rng, prefixes)
        in_halves = len(tokens) == 2 and rng.random() < 0.15
        is_numbered = not in_halves and rng.random() < 0.1
        yield Case(entry, rng.choice(entry.openings), tuple(tokens), in_halves, is_numbered)


def _entry(module: str, rng: random.Random, prefixes: tuple[str, ...]) -> Entry:
    groups = _grouped(prefixes)
    related = [group for group in _RELATED.get(module, ()) if group in groups]
    names = related if related and rng.random() < 0.75 else list(groups)
    return rng.choice(groups[rng.choice(names)])


class Fuzzer:
    """Tries cases until its time is over; `finds` are confirmed and shortened."""

    def __init__(
        self,
        seed: int,
        *,
        most_of_entry: int = 1,
        verbose: bool = False,
        report: Path | None = None,
        prefixes: tuple[str, ...] = ("",),
    ) -> None:
        self.finds: list[Find] = []
        self.tried = self.suspected = 0
        self._seed = seed
        self._most = most_of_entry
        self._verbose = verbose
        self._report = report
        self._prefixes = prefixes
        self._of_entry: dict[str, list[Find]] = {}

    def run(self, seconds: float) -> list[Find]:
        """Try cases for some seconds of the clock and return what was found."""
        self._warm()
        tries = cases(self._seed, self._prefixes)
        waiting = next(tries)  # made once, however long that takes
        end, told = time.monotonic() + seconds, time.monotonic()
        for case in itertools.chain((waiting,), tries):
            if time.monotonic() > end:
                return self.finds
            self._try(case)
            if self._verbose and time.monotonic() > told + 10:
                told = time.monotonic()
                self._tell(end - told)
        return self.finds

    def _warm(self) -> None:
        """Read something short through every entry: what is made once shall count for none."""
        with _quiet():
            for entry in entries():
                for opening in entry.openings:
                    measured(Case(entry, opening, ("a",)), 64)

    def _try(self, case: Case) -> None:
        known = self._of_entry.setdefault(_base_name(case.entry), [])
        if len(known) >= self._most or any(_holds(case, find) for find in known):
            return
        self.tried += 1
        with _quiet():
            if not _is_suspect(case):
                return
        self.suspected += 1
        if find := judge(case):
            find = shortened(find)
            if not any(_holds(find.case, other) for other in known):
                known.append(find)
                self.finds.append(find)
                if self._verbose:
                    print(f"  {find}", flush=True)
                if self._report:
                    self._report.write_text(table_of(self.finds) + "\n", encoding="utf-8")
        gc.collect()

    def _tell(self, left: float) -> None:
        print(
            f"{left:5.0f} s left: {self.tried} cases, {self.suspected} suspected, {len(self.finds)} finds",
            flush=True,
        )


def _is_suspect(case: Case) -> bool:
    small, first = measured(case, SIZE, is_new=True)
    if first > case.limit:
        return True
    large, second = measured(case, LARGE, is_new=True)
    return second > case.limit or (
        second > _SUSPECT and second / first > 1.1 * (large / small) ** _EXPONENT
    )


def _base_name(entry: Entry) -> str:
    return entry.name.partition(" (")[0]


def _holds(case: Case, find: Find) -> bool:
    """Whether a case is one that is found already, with something beside it."""
    return "".join(find.case.tokens) in "".join(case.tokens) * 2


def seconds_from_environment() -> float:
    """Return how long to look: `GROWTH_SECONDS`, else a minute in CI and 20 seconds elsewhere."""
    default = 60 if os.environ.get("CI") == "true" else 20
    return float(os.environ.get("GROWTH_SECONDS", default))


def seed_from_environment() -> int:
    """Return where to begin: `GROWTH_SEED`, else the same for everybody."""
    return int(os.environ.get("GROWTH_SEED", "1"))


def table_of(finds: Sequence[Find]) -> str:
    lines = ["| entry | opening | tokens | 20 KB | exponent | what |", "|---|---|---|---|---|---|"]
    for find in sorted(finds, key=lambda f: (f.case.entry.group, -f.at_large)):
        entry, opening, tokens, in_halves, is_numbered = find.case
        shown = " ".join(f"`{token!r}`" for token in tokens) + (" in halves" if in_halves else "")
        shown += " numbered" if is_numbered else ""
        shown = shown.replace("|", "\\|")
        seconds = f"{find.at_large * 1000:.1f} ms"
        lines.append(
            f"| {entry.name} | `{opening!r}` | {shown} | {seconds} | {find.exponent:.2f} | {find.what} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Look for as long as `GROWTH_SECONDS` says, tell what is found, and fail if anything was."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--most", type=int, default=5, help="finds of one entry after which it is left alone"
    )
    parser.add_argument("--report", type=Path, help="a file for the finds, as a Markdown table")
    parser.add_argument(
        "--entries",
        nargs="+",
        default=[""],
        metavar="PREFIX",
        help="try only entries whose names begin so, as `log:`",
    )
    options = parser.parse_args()
    prefixes = tuple(options.entries)
    if not any(entry.name.startswith(prefixes) for entry in entries()):
        parser.error(f"no entry begins with {' or '.join(map(repr, prefixes))}")
    seconds, seed = seconds_from_environment(), seed_from_environment()
    print(
        f"seed {seed}, {seconds:.0f} s, {sum(entry.name.startswith(prefixes) for entry in entries())} entries, "
        f"machine {speed():.2f} times the reference"
    )
    fuzzer = Fuzzer(
        seed,
        most_of_entry=options.most,
        verbose=True,
        report=options.report,
        prefixes=prefixes,
    )
    finds = fuzzer.run(seconds)
    print(f"{fuzzer.tried} cases, {fuzzer.suspected} suspected, {len(finds)} finds")
    for refusal, count in _refusals.most_common(10):
        print(f"  raised {count} times: {refusal}")
    print(table_of(finds))
    sys.exit(bool(finds))


if __name__ == "__main__":
    main()
