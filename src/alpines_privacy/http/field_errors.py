"""Answers for programs that name the wrong fields, in the format of the app's framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from alpines_privacy.http.heads import RequestHead
from alpines_privacy.http.outcomes import Answer
from alpines_privacy.http.own_page import json_answer, problem

__all__ = ["about_fields"]


def about_fields(request: RequestHead, status: int, text: str, names: Sequence[str]) -> Answer:
    """Return an answer that names the wrong fields; `names` may be empty.

    FastAPI's clients get its list of validation errors, all others a problem with `errors`
    (RFC 9457 §3). Names are dotted paths into JSON: `user.birth_date`.
    """
    if request.framework == "FastAPI":
        return json_answer(status, {"detail": _as_fastapi(text, names)})
    errors = [{"detail": text, "pointer": _pointer(name)} for name in names]
    return problem(status, text, errors=errors) if errors else problem(status, text)


def _as_fastapi(text: str, names: Sequence[str]) -> list[dict[str, Any]]:
    paths = [name.split(".") for name in names] or [[]]
    return [{"type": "value_error", "loc": ["body", *path], "msg": text} for path in paths]


def _pointer(name: str) -> str:
    """Return a JSON Pointer as a URI fragment (RFC 6901 §6)."""
    steps = (step.replace("~", "~0").replace("/", "~1") for step in name.split("."))
    return "#" + "".join("/" + quote(step, safe="~") for step in steps)
