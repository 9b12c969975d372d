"""Templates of the app's for pages of ours: `string.Template` with the places that a page fills."""

from __future__ import annotations

from string import Template

from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.bounds import read_bounded
from alpines_privacy.policy.errors import nearest

__all__ = ["TEMPLATE_CONTENT_POLICY", "read_template"]

# The app's template may load from its own site; it needs no script.
TEMPLATE_CONTENT_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "script-src 'none'; object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_LONGEST = 1 << 20  # bytes
_PLACES = frozenset({"content", "title", "language", "direction", "style"})


def read_template(path: str, key: str) -> Template:
    """Read the app's template; raises `PolicyError` naming what is wrong with it.

    `key` is the policy's key that names the file.
    """
    try:
        template = Template(read_bounded(path, _LONGEST, key=key).decode("utf-8"))
    except OSError as error:
        raise PolicyError(f"{path} cannot be read: {error.strerror}", key=key) from None
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path} is not UTF-8 (byte {error.start})", key=key) from None
    if not template.is_valid():
        raise PolicyError(
            f"{path} holds a $ that begins no placeholder; expected $$ for a dollar sign", key=key
        )
    places = set(template.get_identifiers())
    if unknown := sorted(places - _PLACES):
        raise PolicyError(
            f"{path} holds ${unknown[0]}, which nothing fills{nearest(unknown[0], _PLACES)}; "
            f"expected {', '.join(f'${name}' for name in sorted(_PLACES))}",
            key=key,
        )
    if "content" not in places:
        raise PolicyError(
            f"{path} lacks $content; expected it where the texts and the form go", key=key
        )
    return template
