"""The shape of a report in JSON, as docs/breach.md says it."""

from __future__ import annotations

from typing import Any

__all__ = ["SCHEMA"]


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string", "minLength": 1}
_MOMENT = {"type": "string", "format": "date-time"}
_MOMENT_OR_NONE = {"anyOf": [_MOMENT, {"type": "null"}]}
_TEXT_OR_NONE = {"type": ["string", "null"]}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_SHA256_OR_NONE = {"anyOf": [_SHA256, {"type": "null"}]}
_STATES = ["pending", "sending", "accepted", "deferred", "failed", "bounced"]
_EVENT = _object(
    {
        "at": _MOMENT,
        "what": {"enum": ["began", "accepted", "deferred", "failed", "bounced", "retried"]},
        "attempt": _COUNT,
        "code": {"type": "integer", "minimum": 200, "maximum": 599},
        "status": {"type": "string", "pattern": r"^[245]\.\d+\.\d+$"},
        "reply": _TEXT,
        "server": _TEXT,
        "worker": _TEXT,
        "source": _SHA256,
    },
    optional=("code", "status", "reply", "server", "worker", "source"),
)
_PERSON = _object(
    {
        "key": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
        "message_id": {"type": "string", "pattern": "^<[0-9a-f]{24}[.][0-9a-f]{8}@[^@]+>$"},
        "state": {"enum": _STATES},
        "reason": _TEXT_OR_NONE,
        "language": _TEXT_OR_NONE,
        "address": _TEXT_OR_NONE,
        "evidence": {"type": "array", "items": _EVENT},
    },
    optional=("address",),
)
SCHEMA = _object(
    {
        "version": {"const": 1},
        "made": _MOMENT,
        "with_addresses": {"type": "boolean"},
        "incident": _object(
            {
                "name": _TEXT,
                "opened": _MOMENT,
                "discovered": _MOMENT,
                "confirmed": _MOMENT_OR_NONE,
                "zone": _TEXT,
                "deadline": _MOMENT,
                "calendar": _TEXT,
                "message_ids": _TEXT,
                "texts": {"type": "object"},
            }
        ),
        "deadline": _object(
            {
                "verdict": {"enum": ["met", "missed", "open", "nobody"]},
                "told": _COUNT,
                "first_acceptance": _MOMENT_OR_NONE,
                "last_acceptance": _MOMENT_OR_NONE,
                "told_late": _COUNT,
                "accepted_twice": _COUNT,
                "remaining": _COUNT,
                "another_way": _COUNT,
            }
        ),
        "states": _object(dict.fromkeys(_STATES, _COUNT)),
        "another_way": {"type": "object", "additionalProperties": _COUNT},
        "messages": _object(
            dict.fromkeys(
                ("began", "accepted", "deferred", "failed", "bounced", "retried", "unanswered"),
                _COUNT,
            )
        ),
        "history_is_intact": {"type": "boolean"},
        "history": {
            "type": "array",
            "items": _object(
                {
                    "number": _COUNT,
                    "at": _MOMENT,
                    "at_ms": _COUNT,
                    "what": _TEXT,
                    "body": {"type": "object"},
                    "digest": _SHA256,
                    "is_intact": {"type": "boolean"},
                }
            ),
        },
        "notices": {
            "type": "array",
            "items": _object({"at": _MOMENT, "sha256": _SHA256_OR_NONE}),
        },
        "lists": {
            "type": "array",
            "items": _object(
                {
                    "number": _COUNT,
                    "started": _MOMENT,
                    "finished": _MOMENT_OR_NONE,
                    "name": _TEXT_OR_NONE,
                    "sha256": _SHA256_OR_NONE,
                    "rows": _COUNT,
                    "new": _COUNT,
                    "known": _COUNT,
                    "rejected": _COUNT,
                }
            ),
        },
        "recipients_sha256": _SHA256,
        "reconciliation": {
            "type": "array",
            "items": _object(
                {"what": _TEXT, "left": _COUNT, "right": _COUNT, "adds_up": {"type": "boolean"}}
            ),
        },
        "people": {"type": "array", "items": _PERSON},
    }
)
