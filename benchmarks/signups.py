"""`python -m benchmarks.signups`: what signups cost, beside what reading their forms costs anyway.

The check is everything between a request's head and the app: the route, the cookies, the body
read to its end, the date. Other people's parsers read the same bytes; the app pays for that too.
Each turn times everything once, in batches; what counts is the median over the turns.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import logging
import platform
import statistics
from collections.abc import Callable
from time import perf_counter_ns
from urllib.parse import urlencode

from python_multipart import FormParser
from python_multipart.multipart import Field as ParsedField
from werkzeug.formparser import FormDataParser

from alpines_privacy import PrivacyPolicy, Signup
from alpines_privacy.asgi import ASGIRequest
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import RequestHead
from alpines_privacy.http.outcomes import NeedBody, Pass
from alpines_privacy.signups import signups_for
from alpines_privacy.wsgi import WSGIRequest
from benchmarks import traffic

POLICY = PrivacyPolicy(
    signups=[Signup("/register", birth_date="dob"), Signup("/clubs/{club}/join", birth_date="dob")]
)
FIELDS = {
    "name": "Ayesha Khan", "dob": "1990-02-03", "email": "ayesha@shop.example", "password": "correct horse battery",
    "about": "Tea, mostly: green & black. " * 29,
}  # fmt: skip
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"
_DELIMITER = "------WebKitFormBoundary7MA4YWxkTrZu0gW"

Call = Callable[[], object]


def bodies() -> dict[str, tuple[str, bytes]]:
    """Return the same form of a kilobyte in each kind of body."""
    written = "".join(
        f'{_DELIMITER}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in FIELDS.items()
    )
    return {
        "form": (URLENCODED, urlencode(FIELDS).encode()),
        "multipart": (MULTIPART, f"{written}{_DELIMITER}--\r\n".encode()),
        "JSON": ("application/json", json.dumps(FIELDS).encode()),
    }


def heads(method: str, path: str, *more: traffic.Field) -> dict[str, RequestHead]:
    """Return a request's head as each protocol has it."""
    fields = (*traffic.PLAIN, *more)
    scope = traffic.scope(fields, path) | {"method": method}
    environ = traffic.environ(fields, path) | {"REQUEST_METHOD": method}
    return {"ASGI": ASGIRequest(scope), "WSGI": WSGIRequest(environ)}


def checks(head: RequestHead, body: bytes) -> Call:
    """Return the call of a whole visit's way in, which must let this body pass."""
    guard = Guard(POLICY)

    def call() -> object:
        visit = guard.visit(head)
        assert isinstance(visit.request(), NeedBody)
        outcome = visit.body(body, False)
        visit.end()
        return outcome

    assert isinstance(call(), Pass)
    return call


def visits(head: RequestHead) -> Call:
    """Return the call of the same visit under a policy without signups."""
    guard = Guard(PrivacyPolicy(detect_signups=False))

    def call() -> object:
        visit = guard.visit(head)
        outcome = visit.request()
        visit.end()
        return outcome

    assert isinstance(call(), Pass)
    return call


def werkzeug(content_type: str, body: bytes) -> Call:
    kind, _, boundary = content_type.partition("; boundary=")
    parser = FormDataParser()

    def call() -> object:
        return parser.parse(io.BytesIO(body), kind, len(body), {"boundary": boundary})

    return call


def python_multipart(content_type: str, body: bytes) -> Call:
    kind, _, boundary = content_type.partition("; boundary=")

    def call() -> object:
        found: list[ParsedField] = []
        parser = FormParser(kind, found.append, None, boundary=boundary.encode() or None)  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
        return found

    return call


def elsewhere(method: str, path: str) -> dict[str, Call]:
    """Return what a request that is no signup costs the promise, over each protocol."""
    (promise,) = signups_for(POLICY)
    guard = Guard(POLICY)
    calls: dict[str, Call] = {}
    for protocol, head in heads(method, path).items():
        visit = guard.visit(head)
        context = visit.context
        calls[protocol] = lambda context=context: promise.request(context)  # type: ignore[misc]
        assert calls[protocol]() is None
        visit.end()
    return calls


def nothing() -> None:
    """Cost what calling costs."""


def timed(calls: dict[str, Call], turns: int, count: int) -> dict[str, float]:
    """Return each call's median in microseconds, what calling costs left out."""
    took: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(turns):
        gc.collect()
        gc.disable()
        empty = _batch(nothing, count)
        for name, call in calls.items():
            took[name].append(_batch(call, count) - empty)
        gc.enable()
    return {name: statistics.median(values) for name, values in took.items()}


def _batch(call: Call, count: int) -> float:
    start = perf_counter_ns()
    for _ in range(count):
        call()
    return (perf_counter_ns() - start) / count / 1000


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signups", description=__doc__)
    parser.add_argument("--turns", type=int, default=41)
    turns = parser.parse_args().turns
    logging.disable(logging.CRITICAL)
    print(
        f"{platform.python_implementation()} {platform.python_version()}, medians of {turns} turns"
    )
    print("\nA request that is no signup (microseconds, budget 0.2)")
    calls = {
        f"{method} {path}, {protocol}": call
        for method, path in (("GET", "/api/items"), ("POST", "/api/items"))
        for protocol, call in elsewhere(method, path).items()
    }
    for name, took in timed(calls, turns, 5000).items():
        print(f"  {name:<32}{took:>8.2f}")
    print(
        "\nA signup of 1 KB (microseconds, budget 60)     check   of werkzeug's  of python-multipart's"
    )
    for kind, (content_type, body) in bodies().items():
        head = heads("POST", "/register", ("content-type", content_type))["ASGI"]
        calls = {"check": checks(head, body), "visit": visits(head)}
        if kind != "JSON":
            calls["werkzeug"] = werkzeug(content_type, body)
            calls["python-multipart"] = python_multipart(content_type, body)
        took = timed(calls, turns, 200)
        check = took["check"] - took["visit"]
        ratios = [f"{check / took[n]:.2f}" for n in ("werkzeug", "python-multipart") if n in took]
        print(
            f"  {kind + f', {len(body)} bytes':<44}{check:>8.1f}{''.join(f'{r:>16}' for r in ratios)}"
        )


if __name__ == "__main__":
    main()
