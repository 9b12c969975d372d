"""Secret keys: from the environment, else derived from the app's, else shared by the site's processes.

The newest comes first, so that keys can be rotated. No key is read from a policy file.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Mapping
from typing import Self

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.shared_key import shared_key
from alpines_privacy.policy.strength import weakness
from alpines_privacy.policy.warning import warn

__all__ = ["MADE_BY", "SecretKeys"]

_SALT = b"alpines-privacy"
VARIABLE = "ALPINES_PRIVACY_SECRET_KEY"
MADE_BY = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"


class SecretKeys(tuple[str, ...]):
    """The site's secret keys, newest first: the first signs, all of them verify.

    Raises `PolicyError` for a weak key (`strength.weakness`), which it names by its place and does
    not show.
    """

    __slots__ = ()

    def __new__(cls, keys: Iterable[str] = (), *, source: str = "") -> Self:
        """Take strong keys; `source` names their origin in an error."""
        made = super().__new__(cls, keys)
        for index, key in enumerate(made, start=1):
            if problem := weakness(key):
                raise PolicyError(
                    f"key {index} of {len(made)} {problem}. A new one comes from: {MADE_BY}",
                    source=source,
                    key=VARIABLE,
                )
        return made

    @classmethod
    def of_site(
        cls, app_keys: Iterable[str | bytes] = (), environment: Mapping[str, str] = os.environ
    ) -> SecretKeys:
        """Return the keys that all processes of the site have: set, derived from the app's, or shared.

        `app_keys` are the framework's own (Flask's or Django's `SECRET_KEY`, then its fallbacks):
        ours are derived from them, so that neither reveals the other. Weak ones are skipped.
        Raises `PolicyError` for a weak key in the environment, and if there is no key and none
        can be stored.
        """
        return cls.given(environment) or cls.derived(app_keys) or _shared()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> SecretKeys:
        """Read `ALPINES_PRIVACY_SECRET_KEY`, one key or several separated by commas; else as `of_site`."""
        return cls.of_site(environment=environment)

    @classmethod
    def given(cls, environment: Mapping[str, str] = os.environ) -> SecretKeys | None:
        """Read the keys an operator has set; None if there is none. Raises `PolicyError` as above."""
        keys = [key.strip() for key in environment.get(VARIABLE, "").split(",") if key.strip()]
        return cls(keys, source="environment") if keys else None

    @classmethod
    def derived(cls, app_keys: Iterable[str | bytes]) -> SecretKeys | None:
        """Return keys made from an app's own, as `of_site` does; None if all of those can be guessed."""
        texts = map(_as_text, app_keys)
        return cls(_of_app(text) for text in texts if not weakness(text)) or None


def _as_text(key: str | bytes) -> str:
    """Return a key as text of characters that can be measured; bytes that are no text in hexadecimal."""
    if isinstance(key, str):
        return key
    return key.decode("ascii") if key.isascii() else key.hex()


def _of_app(key: str) -> str:
    """Derive a key of ours from an app's (HMAC, RFC 2104)."""
    return hmac.new(key.encode("utf-8", "surrogateescape"), _SALT, "sha256").hexdigest()


_made: list[SecretKeys] = []


def _shared() -> SecretKeys:
    """Return the key that the site's processes share, the same at every call."""
    if not _made:
        try:
            _made.append(SecretKeys([shared_key()]))
        except (OSError, PolicyError) as error:
            raise PolicyError(
                f"is not set, the app has no secret key of its own, and none can be kept for its "
                f"processes ({error}). Set it to one value for all of them, made by: {MADE_BY}",
                source="environment",
                key=VARIABLE,
            ) from None
        warn(
            f"{VARIABLE} is not set, so a key was made that the site's processes on this machine share: on "
            "another machine, or once temporary files are gone, what visitors chose is not recognised. Set it "
            f"to one value for all processes, made by: {MADE_BY}"
        )
    return _made[0]
