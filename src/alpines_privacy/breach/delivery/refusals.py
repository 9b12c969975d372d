"""When refusals are the operator's problem, and the sending has to pause."""

from __future__ import annotations

from collections import Counter, deque

from alpines_privacy.breach.delivery.replies import Reply, Verdict, without_addresses

__all__ = ["WINDOW", "Refusals"]

WINDOW = 100  # answers whose share of refusals counts
# Answers of a kind, without an acceptance between them, that are about the sender and not the people.
_IN_A_ROW = {
    Verdict.SENDER_REFUSED: (3, "the server refuses the sender"),
    Verdict.UNCLEAR: (20, "the server refuses everybody"),
    Verdict.BROKEN: (20, "the server does not follow the protocol"),
    Verdict.UNKNOWN: (20, "the connection is lost after each message"),
}


class Refusals:
    """The last answers of the server, judged together.

    `share` of the last hundred may be refusals for good. With `trusts` an operator has looked at
    refusals, and they are the people's. `knows_people` if the server has accepted somebody before: one
    whose table of users is lost refuses everybody as unknown.
    """

    def __init__(self, share: float, *, trusts: bool = False, knows_people: bool = False) -> None:
        self._share = share
        self.trusts = trusts
        self._knows_people = knows_people
        self._last: deque[bool] = deque(maxlen=WINDOW)
        self._in_a_row: Counter[Verdict] = Counter()
        self.has_accepted = False

    def add(self, verdict: Verdict, reply: Reply) -> str | None:
        """Count an answer, and return the reason to pause if there is one."""
        if verdict is Verdict.ACCEPTED:
            self.has_accepted = True
            self._in_a_row.clear()
            self._last.append(False)
            return None
        self._in_a_row[verdict] += 1
        return self._too_many(verdict, reply) or self._over_share(verdict, reply)

    def is_unclear(self, verdict: Verdict) -> bool:
        """Whether a refusal says nothing about the person until somebody else is accepted."""
        is_known = self._knows_people or self.has_accepted
        return not self.trusts and (
            verdict is Verdict.UNCLEAR or (verdict is Verdict.REFUSED and not is_known)
        )

    @staticmethod
    def words(reply: Reply) -> str:
        """Return the reason to pause where everybody who was tried is refused."""
        return _words(Verdict.UNCLEAR, reply)

    def _too_many(self, verdict: Verdict, reply: Reply) -> str | None:
        if verdict not in _IN_A_ROW or (verdict is Verdict.UNCLEAR and self.trusts):
            return None
        return _words(verdict, reply) if self._in_a_row[verdict] >= _IN_A_ROW[verdict][0] else None

    def _over_share(self, verdict: Verdict, reply: Reply) -> str | None:
        if verdict not in {Verdict.REFUSED, Verdict.UNCLEAR}:
            return None
        self._last.append(True)
        refused = sum(self._last)
        if refused <= self._share * WINDOW:
            return None
        return (
            f"{refused} of the last {len(self._last)} answers are refusals, "
            f"the last: {without_addresses(reply)}"
        )


def _words(verdict: Verdict, reply: Reply) -> str:
    return f"{_IN_A_ROW[verdict][1]}, after {reply.stage.value}: {without_addresses(reply)}"
