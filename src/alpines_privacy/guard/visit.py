"""`Visit`: one request's way through the policy.

A visit takes heads and bytes and returns decisions and bytes. It does no I/O, so all protocols
share it and tests need no server; a promise whose storage is a server says that it `blocks`, and
an adapter on an event loop then calls `body`, `response` and `settle` in a thread. An adapter
decides nothing itself; it calls

    request()               -> Pass | Answer | NeedBody
    body(data, more)        -> More | Pass | Answer      while a body is needed
    cut_short()             -> Pass | Answer             if that body breaks off
    preflight(answer)       -> fields | None             for a preflight to the app, before an answer
    granting(answer, head)  -> Answer                    with what the app's answer to that allows
    response(head)          -> Send | Hold | Replace     also when the app starts over
    settle(data, last)      -> Send | Replace            with the first chunk of a held response
    chunk(data, last)       -> bytes                     for each chunk of a rewritten response
    fields(message, fields) -> fields                    of trailers, early hints, pushes
    raised(error)                                        when the app's exception passes to the server
    end()                                                when the response has left, or never will
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.cross_origin import granted, preflight
from alpines_privacy.http.heads import NEVER_PLAIN, Field, RequestHead, ResponseHead, field_name
from alpines_privacy.http.outcomes import (
    HOLD,
    MORE,
    Answer,
    Examine,
    Hold,
    More,
    NeedBody,
    Pass,
    Replace,
    Rewrite,
    Send,
    Settle,
    Wait,
    Watch,
    Watcher,
)
from alpines_privacy.http.privacy import Privacy, current_privacy
from alpines_privacy.http.promise import Message, Promise
from alpines_privacy.http.sniffing import sniffed

if TYPE_CHECKING:
    from alpines_privacy.guard.guard import Guard

__all__ = ["RequestHook", "Visit"]

# A promise's `page` or `request`, with the promise.
RequestHook: TypeAlias = (
    "tuple[Promise, Callable[[RequestContext], Answer | Examine | Watch | None]]"
)

# A promise's `fill` or `plain`, with the promise.
Filler: TypeAlias = "tuple[Promise, Callable[[RequestContext, ResponseHead], None]]"

_NO_BODY = frozenset({204, 304})  # RFC 9110 §6.4.1, and every 1xx

# For a body that ends before its declared length: half a form proves nothing.
_TRUNCATED = Answer(
    400, [("content-type", "text/plain; charset=utf-8")], b"The request ended too early.\n"
)


class Visit:
    """One request and its response: made by `Guard.visit`, driven by an adapter, ended once.

    Class attributes are defaults that few requests change.
    """

    _head: ResponseHead | None = None  # the held one
    _untouched: ResponseHead  # in report mode, the head that leaves
    _sniffs = False  # the first chunk tells whether the held head is a page's
    _judges: list[tuple[Promise, Examine]] | None = None
    _settles: list[tuple[Promise, Settle]] | None = None
    _filters: list[tuple[Promise, Rewrite]] | None = None
    _watchers: list[Watcher] | None = None
    _taken = 0

    @property
    def blocks(self) -> bool:
        """Whether the next decision may wait for a server: an event loop then asks for it in a thread."""
        return self.context.blocks

    def __init__(self, guard: Guard, head: RequestHead) -> None:
        self._guard = guard
        self.context = context = RequestContext(guard.read_preference(head), head, guard.runtime)
        self.privacy = privacy = Privacy(context)  # what the app sees of the context
        if guard.trusts_peers:
            context.arrived = head.asked()
        # Whether the policy applies to this request; if not, an adapter passes everything through.
        self.applies = not (guard.exempt.any and guard.exempt.holds(head))
        self._before = current_privacy.get()
        current_privacy.set(privacy)

    def request(self) -> Pass | Answer | NeedBody:
        """Decide over the request's head: pass it to the app, answer it, or ask for the body first."""
        context, guard = self.context, self._guard
        if not self.applies:
            return self._passed()
        head = context.request
        context.brings_input = brings_input = head.brings_input
        hooks: Sequence[RequestHook] = (
            guard.on_request if brings_input else guard.on_request_without_input
        )
        path = head.local_path
        # Most requests cost two look-ups; only a page of ours costs a call.
        if (path in guard.pages or path.startswith(guard.beginnings)) and head.kind == "http":
            page, ahead = guard.page_at(path), guard.ahead_of_pages
            hooks = [*hooks[:ahead], page, *hooks[ahead:]] if page else hooks
        for promise, hook in hooks:
            try:
                outcome = hook(context)
            except Exception:
                outcome = self._failed(promise, None)
            if outcome is None:
                continue
            if isinstance(outcome, Examine | Watch):
                if head.kind == "http":
                    self._look_at_body(promise, outcome)
            elif not self._only_reported(outcome):
                return outcome
        if self._judges:
            return NeedBody(max(examine.limit for _, examine in self._judges))
        return self._passed()

    def _look_at_body(self, promise: Promise, wish: Examine | Watch) -> None:
        if isinstance(wish, Watch):
            self._watchers = [*(self._watchers or ()), wish.watcher]
        else:
            self.context.blocks |= wish.blocks
            self._judges = [*(self._judges or ()), (promise, wish)]

    def body(self, data: bytes, more: bool) -> More | Pass | Answer:  # noqa: FBT001 - DESIGN's signature
        """Take the next bytes of a needed body; the adapter keeps them until the body passes."""
        self._taken += len(data)
        undecided = []
        for promise, examine in self._judges or ():
            verdict = self._judged(promise, examine, data, more=more)
            if isinstance(verdict, Answer) and not self._only_reported(verdict):
                return verdict
            if verdict is MORE and more:
                undecided.append((promise, examine))
        self._judges = undecided
        if undecided:
            return MORE
        return self._passed()

    def preflight(self, answer: Answer) -> list[Field] | None:
        """Return the fields of a preflight to send to the app before an answer; None for most answers."""
        return preflight(self.context.request, self.context.client) if answer.crosses else None

    def granting(self, answer: Answer, head: ResponseHead | None) -> Answer:
        """Return the answer with the CORS fields of the app's response to the preflight."""
        if head is None:
            return answer
        fields = [field for field in answer.fields if field[0] != "content-length"]
        origin = self.context.request.values("origin")[0]
        return Answer(answer.status, [*fields, *granted(origin, head)], answer.body)

    def cut_short(self) -> Pass | Answer:
        """Decide over a body that broke off: refuse it, but in report mode let it pass."""
        return self._passed() if self._guard.reports else _TRUNCATED

    def response(self, head: ResponseHead) -> Send | Hold | Replace:
        """Decide over the response's head; called again when the app starts over after an error."""
        self._sniffs = False
        if head.is_plain and self._may_pass(head):  # nearly always, so the code is inlined here
            if self._guard.on_plain:
                return self._pass_on(head)
            self._settles = self._filters = None
            self.context.head_left = True
            return Send(head)
        if head.is_undecided and self._has_body(head):
            self._sniffs, self._head = True, head
            return HOLD
        return self._run_hooks(head)

    def _may_pass(self, head: ResponseHead) -> bool:
        """Whether no promise reads this head, which is no page's."""
        context, fields_read = self.context, self._guard.fields_read
        return (
            fields_read is not None
            and not context.read
            and context.login is None
            and not context.preference.opted_out
            and fields_read.isdisjoint(head.names)
        )

    def _pass_on(self, head: ResponseHead) -> Send:
        """Send a plain head with what the `plain` hooks add to it."""
        self._settles = self._filters = None
        if self._guard.on_plain and not self._guard.reports:
            self._run_fillers(self._guard.on_plain, head)
        self.context.head_left = True
        return Send(head)

    def _sniffed(self, data: bytes) -> Send | Hold | Replace:
        """Tell by the first chunk whether a held head is a page's; run the hooks if one reads it."""
        head, self._sniffs = self._head, False
        assert head is not None  # it was held
        try:
            head.media_type = sniffed(head, data)
        except Exception:  # the chunk is not bytes: the server reports that
            self._guard.runtime.notices.failure("the reading of a response's beginning")
        is_no_page = not head.is_html and head.status not in NEVER_PLAIN
        return self._pass_on(head) if is_no_page and self._may_pass(head) else self._run_hooks(head)

    def _has_body(self, head: ResponseHead) -> bool:
        """Whether the response has a body: not for HEAD, nor for some statuses."""
        is_asked = self.context.request.method != "HEAD"
        return is_asked and head.status >= 200 and head.status not in _NO_BODY

    def _run_hooks(self, head: ResponseHead) -> Send | Hold | Replace:
        """Run the `response` hooks of all promises on a head."""
        context = self.context
        context.is_missing = head.status == 404
        context.look_again()
        sent = head
        if self._guard.reports:
            self._untouched, head = head, head.copy()
        self._settles = self._filters = None
        exempted = context.exempted
        for promise, hook in self._guard.on_response:
            if exempted and promise.part in exempted:
                continue
            outcome: Replace | Rewrite | Wait | None = None
            try:
                outcome = hook(context, head)
            except Exception:
                self._failed(promise, head)
            if isinstance(outcome, Replace) and not self._only_reported(outcome):
                context.head_left = True
                return outcome
            if isinstance(outcome, Wait):
                self._settles = [*(self._settles or ()), (promise, outcome.settle)]
            elif isinstance(outcome, Rewrite):
                self._filters = [*(self._filters or ()), (promise, outcome)]
        if self._settles or self._filters:
            self._head = head
            return self._with_body(head)
        self._fill(head)
        context.head_left = True
        return Send(sent)

    def settle(self, data: bytes, last: bool) -> Send | Replace:  # noqa: FBT001 - DESIGN's style
        """Take the first chunk of a held response and release its head; `chunk` gets the chunk again."""
        if self._sniffs and not isinstance(decided := self._sniffed(data), Hold):
            return decided
        head = self._head
        assert head is not None  # only a held response settles
        settles, self._settles = self._settles or (), None
        first = _as_bytes(data)
        if first is None:  # the app's fault: its server reports it
            self._filters = None
            return self._sent(head)
        whole = last or head.values("content-length") == [str(len(first))]
        for promise, settle in settles:
            if promise.part in self.context.exempted:  # set after the app began its response
                continue
            outcome: Replace | Rewrite | None = None
            try:
                outcome = settle(first, whole)
            except Exception:
                self._failed(promise, head)
            if isinstance(outcome, Replace) and not self._only_reported(outcome):
                self.context.head_left = True
                return outcome
            if isinstance(outcome, Rewrite):
                self._filters = [*(self._filters or ()), (promise, outcome)]
        return self._sent(head)

    def chunk(self, data: bytes, last: bool) -> bytes:  # noqa: FBT001 - DESIGN's signature
        """Return the next bytes of a rewritten response; in report mode the app's own."""
        left = _as_bytes(data)
        if left is None:  # the app's fault: its server reports it
            return data
        for promise, rewrite in self._filters or ():
            try:
                left = rewrite.filter(left, last=last)
            except Exception:
                self._guard.runtime.notices.failure(_name(promise))
                # The filter has lost its place, so it gets no more bytes.
                self._filters = [f for f in self._filters or () if f[1] is not rewrite]
        return data if self._guard.reports else left

    def fields(self, message: Message, fields: list[Field]) -> list[Field]:
        """Return the fields of a message that may leave; the same list if all may."""
        hooks = self._guard.on_fields if self.applies and not self._guard.reports else ()
        for promise, hook in hooks:
            if promise.part in self.context.exempted:
                continue
            try:
                fields = hook(self.context, message, fields)
            except Exception:
                head = ResponseHead(200, fields)  # fail like those of a head
                self._failed(promise, head)
                fields = head.fields
        return fields

    def raised(self, error: BaseException) -> None:
        """Run the `raised` hooks for an exception of the app's, which the adapter passes on."""
        for promise, raised in self._guard.on_raised if self.applies else ():
            try:
                raised(self.context, error)
            except Exception:
                self._failed(promise, None)

    def end(self) -> None:
        """End the visit and reset `current()`. Calling it again does nothing."""
        context = self.context
        if context.ended:
            return
        guard = self._guard
        hooks = guard.on_end if context.brings_input else guard.on_end_without_input
        for promise, hook in hooks if self.applies else ():
            try:
                hook(context)
            except Exception:
                self._failed(promise, None)
        context.ended = True
        if current_privacy.get() is self.privacy:
            current_privacy.set(self._before)

    def _with_body(self, head: ResponseHead) -> Send | Hold | Replace:
        """Hold the head or rewrite the body; without a body, settle the head at once."""
        if not self._has_body(head):
            outcome = self.settle(b"", last=True)
            if isinstance(outcome, Send):
                return Send(outcome.head)
            return outcome
        if self._settles:
            return HOLD
        return self._sent(head)

    def _passed(self) -> Pass:
        head = self.context.request
        if self._guard.reports:
            head.edits = None
        return Pass(head, self._watched if self._watchers else None)

    def _watched(self, data: bytes) -> None:
        """Show the watchers the next bytes that the app reads of the body."""
        for watcher in self._watchers or ():
            try:
                watcher(data)
            except Exception:
                self._guard.runtime.notices.failure("the watching of a request's body")

    def _fill(self, head: ResponseHead) -> None:
        """Run the `fill` hooks: they use the room that is left in a head."""
        self._run_fillers(self._guard.on_fill, head)

    def _run_fillers(self, hooks: Sequence[Filler], head: ResponseHead) -> None:
        exempted = self.context.exempted
        for promise, hook in hooks:
            if promise.part in exempted:
                continue
            try:
                hook(self.context, head)
            except Exception:
                self._failed(promise, head)

    def _sent(self, head: ResponseHead) -> Send:
        """Send a head, for a rewritten body without the app's length."""
        self._fill(head)
        self.context.head_left = True
        rewrites = [rewrite for _, rewrite in self._filters or ()]
        if self._guard.reports:  # the body is filtered only to report removals
            return Send(self._untouched, rewrites=bool(rewrites))
        if rewrites and "content-length" in head.names:
            fields = [f for f in head.fields if field_name(f[0]) != "content-length"]
            if (length := rewrites[0].length) is not None and len(rewrites) == 1:
                fields.append(("content-length", str(length)))
            head.replace(fields)
        return Send(head, rewrites=bool(rewrites))

    def _judged(
        self, promise: Promise, examine: Examine, data: bytes, *, more: bool
    ) -> Answer | More | None:
        if self._taken > examine.limit:
            return examine.beyond() if callable(examine.beyond) else examine.beyond
        try:
            return examine.judge(data, more=more)
        except Exception:
            return self._failed(promise, None)

    def _only_reported(self, outcome: object) -> bool:
        """In report mode, log an outcome and return True: it has no effect."""
        if not self._guard.reports:
            return False
        if isinstance(outcome, Answer):
            self._guard.runtime.notices.once(
                "a request would have been answered %s.", str(outcome.status)
            )
        return True

    def _failed(self, promise: Promise, head: ResponseHead | None) -> Answer | None:
        """Handle a hook's exception: log it once, and let the promise fail open or closed."""
        notices = self._guard.runtime.notices
        notices.failure(_name(promise))
        try:
            return promise.failed(self.context, head)
        except Exception:
            notices.failure(f"{_name(promise)}.failed")
            return None


def _name(promise: Promise) -> str:
    return f"{type(promise).__module__}.{type(promise).__qualname__}"


def _as_bytes(data: bytes) -> bytes | None:
    """Return the bytes of a chunk, which may be any buffer; None for text and other types."""
    if isinstance(data, bytes):
        return data
    try:
        return bytes(memoryview(data))
    except TypeError:
        return None
