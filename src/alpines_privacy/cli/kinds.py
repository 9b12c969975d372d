"""The kinds of personal data of a command: a policy narrowed by `--only` and `--skip`."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from alpines_privacy.cli.errors import Refusal
from alpines_privacy.policy import Logs, PrivacyPolicy
from alpines_privacy.policy.errors import nearest

__all__ = ["policy_for", "redacted_kinds"]


def policy_for(file: str | None, only: Collection[str], skip: Collection[str]) -> PrivacyPolicy:
    """Return the policy of a file, or the literal one, with all other kinds set to "keep".

    Raises `Refusal` for an unknown kind, `PolicyError` for the file.
    """
    policy = PrivacyPolicy() if file is None else PrivacyPolicy.load(file)
    if not only and not skip:
        return policy
    logs = _logs(policy)
    kinds = [*_replacements(logs)]
    wanted = _known(only, kinds, "--only") or set(kinds)
    left = (set(kinds) - wanted) | _known(skip, kinds, "--skip")
    return replace(policy, logs=replace(logs, **dict.fromkeys(left, "keep")))


def redacted_kinds(policy: PrivacyPolicy) -> frozenset[str]:
    """Return the kinds that a policy redacts."""
    return frozenset(
        kind.upper() for kind, way in _replacements(_logs(policy)).items() if way != "keep"
    )


def _logs(policy: PrivacyPolicy) -> Logs:
    return policy.logs if isinstance(policy.logs, Logs) else Logs()


def _replacements(logs: Logs) -> dict[str, str]:
    named = {name: getattr(logs, name) for name in Logs.__struct_fields__}
    return {name: way for name, way in named.items() if isinstance(way, str)}


def _known(names: Collection[str], kinds: list[str], option: str) -> set[str]:
    asked = {name.lower().replace("-", "_") for name in names}
    for name in sorted(asked.difference(kinds)):
        raise Refusal(
            f"{option} {name.upper()}: no such kind{nearest(name.upper(), map(str.upper, kinds))}; "
            f"expected one of {', '.join(map(str.upper, kinds))}"
        )
    return asked
