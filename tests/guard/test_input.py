"""Which requests bring input: promises that read only that are asked about no others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy
from alpines_privacy.asgi import ASGIRequest
from alpines_privacy.guard import Guard
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import BODY_FIELDS
from alpines_privacy.http.promise import Promise
from alpines_privacy.wsgi import WSGIRequest
from tests.support.wire import scope_of

CGI = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}  # RFC 3875 §4.1


def asgi(
    fields: dict[str, str], *, query: str = "", method: str = "GET", **more: Any
) -> ASGIRequest:
    headers = [(name.encode(), value.encode()) for name, value in fields.items()]
    return ASGIRequest(scope_of("/a", *headers, method=method, query_string=query.encode(), **more))


def wsgi(
    fields: dict[str, str], *, query: str = "", method: str = "GET", **more: Any
) -> WSGIRequest:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": "/a", "QUERY_STRING": query, **more}
    for name, value in fields.items():
        environ[CGI.get(name, f"HTTP_{name.upper().replace('-', '_')}")] = value
    return WSGIRequest(environ)


# A body needs a length or a coding in HTTP/1.1 (RFC 9112 §6.3), and neither in HTTP/2.
HEADS = [
    ({}, {}, False),
    ({"accept": "text/html"}, {}, False),
    ({}, {"query": "card=4"}, True),
    ({"content-type": "application/json"}, {}, True),
    ({"content-length": "5"}, {"method": "POST"}, True),
    ({"transfer-encoding": "chunked"}, {"method": "POST"}, True),
    ({"transfer-encoding": "chunked"}, {}, True),
]


@pytest.mark.parametrize("made", [asgi, wsgi])
@pytest.mark.parametrize(("fields", "more", "expected"), HEADS)
def test_a_head_tells_whether_a_request_brings_input(
    made: Any, fields: dict[str, str], more: dict[str, str], *, expected: bool
) -> None:
    assert made(fields, **more).brings_input is expected


def test_a_repeated_field_counts() -> None:
    fields = [(b"accept", b"a"), (b"accept", b"b"), (b"Content-Type", b"text/plain")]
    assert ASGIRequest(scope_of("/a", *fields)).brings_input
    assert not ASGIRequest(scope_of("/a", *fields[:2])).brings_input


def test_a_body_without_a_length_counts_where_the_protocol_needs_none() -> None:
    assert asgi({}, http_version="2").brings_input
    ended: dict[str, Any] = {"wsgi.input_terminated": True}
    assert wsgi({}, SERVER_PROTOCOL="HTTP/2", **ended).brings_input
    assert wsgi({}, method="POST", SERVER_PROTOCOL="HTTP/1.1", **ended).brings_input
    assert wsgi({}, **ended).brings_input  # of an unknown protocol
    assert not wsgi({}, SERVER_PROTOCOL="HTTP/1.1", **ended).brings_input  # as Gunicorn gives it


@given(
    st.dictionaries(st.sampled_from([*BODY_FIELDS, "accept", "cookie"]), st.just("1")),
    st.sampled_from(["", "a", "a=b"]),
    st.sampled_from(["GET", "POST", "DELETE"]),
)
def test_adapters_agree_with_what_every_head_says(
    fields: dict[str, str], query: str, method: str
) -> None:
    over_asgi = asgi(fields, query=query, method=method)
    assert over_asgi.brings_input == super(ASGIRequest, over_asgi).brings_input
    over_wsgi = wsgi(fields, query=query, method=method)
    assert over_wsgi.brings_input == super(WSGIRequest, over_wsgi).brings_input


class Reader(Promise):
    """Notes which of its hooks are called."""

    reads_input = True

    def __init__(self) -> None:
        self.calls: list[str] = []

    def request(self, context: RequestContext) -> None:
        self.calls.append("request")

    def end(self, context: RequestContext) -> None:
        self.calls.append("end")


@pytest.mark.parametrize("made", [asgi, wsgi])
@pytest.mark.parametrize(("fields", "more", "expected"), HEADS)
def test_a_promise_about_input_is_asked_about_nothing_else(
    made: Any, fields: dict[str, str], more: dict[str, str], *, expected: bool
) -> None:
    reader = Reader()
    visit = Guard(PrivacyPolicy(), promises=[reader]).visit(made(fields, **more))
    visit.request()
    visit.end()
    assert reader.calls == (["request", "end"] if expected else [])
