"""`Redactor`: personal data taken out of text and of nested data, each kind in the policy's way (policy §6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from alpines_privacy.policy import Logs, PrivacyPolicy, SecretKeys
from alpines_privacy.redaction.scanner import Scanner
from alpines_privacy.redaction.spans import Span
from alpines_privacy.redaction.ways import Ways

__all__ = ["Redactor"]

T = TypeVar("T")


class Redactor:
    """Redacts text and data by a policy's `logs`; safe to share between threads.

    No method raises, and none gives back what it could not judge: if something inside fails, the
    answer is the notice `[withheld: redaction failed (TypeName)]`. `keys` are the site's secret
    keys for pseudonyms, read from the environment where they are not given.
    """

    __slots__ = ("_scanner", "_ways")

    def __init__(
        self, policy: PrivacyPolicy | None = None, *, keys: SecretKeys | None = None
    ) -> None:
        logs = policy.logs if policy is not None and isinstance(policy.logs, Logs) else Logs()
        self._ways = Ways(logs, keys)
        self._scanner = Scanner()

    def redact(self, text: str) -> str:
        """Return the text with every piece of personal data replaced; itself where there is none."""
        try:
            spans = self._spans(text)
            return self._replaced(text, spans) if spans else text
        except Exception as error:
            return notice(error)

    def findall(self, text: str) -> list[Span]:
        """Return where personal data stands in a text: disjoint spans, in order."""
        try:
            return self._spans(text)
        except Exception:
            return [Span(0, len(text), "SECRET")]

    def redact_mapping(self, obj: T) -> T:
        """Return nested data with every value redacted by its key and its text; itself when clean."""
        try:
            return cast("T", self._cleaned(obj))
        except Exception as error:
            return cast("T", notice(error))

    def redact_value(self, key: str, value: object) -> object:
        """Return the value that stands under a key, redacted; itself when clean."""
        return self.redact_mapping({key: value})[key]

    def _spans(self, text: str) -> list[Span]:
        return [s for s in self._scanner.spans(text) if s.kind not in self._ways.kept]

    def _replaced(self, text: str, spans: list[Span]) -> str:
        pieces, end = [], 0
        for span in spans:
            pieces.append(text[end : span.start])
            pieces.append(self._ways.replacement(span.kind, text[span.start : span.end]))
            end = span.end
        pieces.append(text[end:])
        return "".join(pieces)

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            cleaned = {self._cleaned(key): self._cleaned(item) for key, item in value.items()}
            return value if cleaned == value else cleaned
        if type(value) in {list, tuple, set, frozenset}:
            members = type(value)(map(self._cleaned, value))
            return value if members == value else members
        return value


def notice(error: Exception) -> str:
    """Return what stands in the place of a text that could not be redacted."""
    return f"[withheld: redaction failed ({type(error).__name__})]"
