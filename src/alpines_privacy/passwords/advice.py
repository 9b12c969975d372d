"""The promise of advice: an address that judges a password, and the script that shows the answer beside its field.

A password is read from the request's body, judged and forgotten: it is in no address, no log and no
answer. Only a page of the site itself may ask.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from html import escape
from importlib.resources import files
from typing import Annotated, ClassVar
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import RequestHead, ResponseHead, media_type
from alpines_privacy.http.ip_addresses import customer_network
from alpines_privacy.http.outcomes import Answer, Examine, whole_body
from alpines_privacy.http.own_page import is_from_here, json_answer, not_allowed, problem
from alpines_privacy.http.own_script import LASTING, asks_for_page, script_file
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.script_permission import permission
from alpines_privacy.passwords.strength import LONGEST, MOST_INPUTS, Strength
from alpines_privacy.policy import Passwords, PolicyError, PrivacyPolicy

__all__ = ["PasswordAdvice"]

_LARGEST = 16_384  # bytes of a question
_SLOTS = 65_536  # networks that are told apart; two that share a slot share its count
_MINUTE = 60
_GIVEN = "/*given*/{}"
_FORBIDDEN = (
    "The Content-Security-Policy of a page lets no script of this site run, so %s shows no password meter there. "
    "Add 'self' to its script-src, or a nonce."
)


class _Question(Struct, forbid_unknown_fields=True):
    """The question that the script sends: the password, and the texts of the same form."""

    password: Annotated[str, Meta(max_length=LONGEST)]
    inputs: Annotated[
        list[Annotated[str, Meta(max_length=LONGEST)]], Meta(max_length=MOST_INPUTS)
    ] = []


class PasswordAdvice(Promise):
    """Judges passwords at `<endpoint>password`, and puts the meter's script into pages where one is chosen."""

    part: ClassVar[str] = "passwords"

    def __init__(
        self,
        policy: PrivacyPolicy,
        rule: Passwords,
        strength: Strength,
        is_chosen: Callable[[RequestHead], bool],
    ) -> None:
        self._strength = strength
        self._is_chosen = is_chosen
        self._may_ask = _limited(rule.per_minute)
        self._address = policy.endpoint + "password"
        self._code = _code(rule)
        digest = hashlib.blake2s(self._code, digest_size=8).hexdigest()
        self._script = f"{policy.endpoint}passwords.{digest}.js"
        self.pages = frozenset({self._address, self._script})
        self.below = (f"{policy.endpoint}passwords.",)

    def page(self, context: RequestContext) -> Answer | Examine | None:
        """Serve the script, or take a question."""
        request = context.request
        if request.local_path != self._address:
            return self._file(context)
        if request.method != "POST":
            return not_allowed("POST")
        if not is_from_here(request, context.client):
            return problem(403, "The question came from another site.")
        if [media_type(value) for value in request.values("content-type")] != ["application/json"]:
            return problem(415, "The question is no JSON.")
        if not self._may_ask(context.client.address):
            answer = problem(429, "Too many questions; ask again in a minute.")
            answer.fields.append(("retry-after", str(_MINUTE)))
            return answer
        too_large = problem(413, "The question is too large.")
        return Examine(_LARGEST, whole_body(partial(self._judged, context)), beyond=too_large)

    def failed(self, context: RequestContext, head: ResponseHead | None) -> Answer | None:
        """Keep a question from the app, which would get a password that nobody sent to it (fail closed)."""
        if head is None and context.request.local_path == self._address:
            return problem(503, "There is no advice at the moment.")
        return None

    def tag(self, context: RequestContext, head: ResponseHead) -> bytes:
        """Return the script's element for a page where a password is chosen, `b""` for any other."""
        if not self._is_chosen(context.request) or not self._may_have_one(context):
            return b""
        allowed = permission(head.values("content-security-policy"), context.client)
        if not allowed.allowed:
            context.runtime.notices.once(_FORBIDDEN, "the policy's [passwords]")
            return b""
        path = quote(context.mount + self._script, safe="/", errors="replace")
        nonce = f' nonce="{escape(allowed.nonce)}"' if allowed.nonce else ""
        return f'<script src="{escape(path)}" defer{nonce}></script>'.encode()

    def _may_have_one(self, context: RequestContext) -> bool:
        if not context.runtime.enforces or context.exempted & {"passwords", "markup"}:
            return False
        return asks_for_page(context.request)

    def _file(self, context: RequestContext) -> Answer | None:
        request = context.request
        if not request.local_path.endswith(".js"):
            return None
        if request.method not in {"GET", "HEAD"}:
            return not_allowed("GET", "HEAD")
        # An older page asks for an older file: it gets this one, not to be kept under that name.
        lasting = LASTING if request.local_path == self._script else "no-store"
        return script_file(self._code, ("cache-control", lasting))

    def _judged(self, context: RequestContext, body: bytes) -> Answer:
        """Answer a question; no answer says again what was asked."""
        try:
            asked = msgspec.json.decode(body, type=_Question)
        except (msgspec.MsgspecError, UnicodeError):
            return problem(422, "The question is not of the form that the site's script sends.")
        own = context.client.host.split(".")
        return json_answer(
            200, self._strength.advise(asked.password, [*asked.inputs, *own])._asdict()
        )


def _code(rule: Passwords) -> bytes:
    """Return the script with the policy's names, numbers and texts in it."""
    given = {
        "fields": list(rule.fields),
        "minimum": rule.shortest,
        "label": rule.label,
        "tooShort": rule.too_short,
    }
    text = files("alpines_privacy.passwords").joinpath("meter.js").read_text("utf-8")
    return text.replace(_GIVEN, json.dumps(given)).encode()


def _limited(per_minute: int) -> Callable[[str], bool]:
    """Return a function that counts a question and tells whether the address's network may ask it."""
    try:
        from limits import RateLimitItemPerMinute  # noqa: PLC0415 - only a policy that asks for advice needs it
        from limits.storage import MemoryStorage  # noqa: PLC0415
        from limits.strategies import FixedWindowRateLimiter  # noqa: PLC0415
    except ImportError:
        raise PolicyError(
            "needs a library that counts questions; run: pip install 'alpines-privacy[passwords]'",
            key="passwords",
        ) from None
    limiter, item = FixedWindowRateLimiter(MemoryStorage()), RateLimitItemPerMinute(per_minute)
    return lambda address: limiter.hit(item, str(hash(str(customer_network(address))) % _SLOTS))
