"""What a running app's pages loaded from others, as entries for a person to accept into the policy."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, Any

from alpines_privacy.policy import PolicyError, PrivacyPolicy, SecretKeys
from alpines_privacy.policy.parts import ThirdParty
from alpines_privacy.policy.secrets import VARIABLE
from alpines_privacy.trackers import Rules
from alpines_privacy.trackers.declared import DeclaredHosts
from alpines_privacy.trackers.reports import DIRECTIVES, listed, token_for

__all__ = ["Counts", "ask", "entries"]

Counts = Mapping[str, Mapping[str, int]]

_PATIENCE = 10.0  # seconds
_LARGEST = 1 << 20  # bytes
# Services of these kinds are about visitors, whatever part of them a rule names.
_WATCHING = frozenset({"ad", "analytics", "marketing", "tag-manager"})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirects: the token is for the host that the operator named."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - urllib's signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        del req, fp, code, msg, headers, newurl


def ask(url: str) -> Counts:
    """Ask a running app for its counts; raises `PolicyError` with the reason if that fails.

    Proxies of the environment are not used: the app is asked directly.
    """
    keys = SecretKeys.given()
    if keys is None:
        raise PolicyError(
            "is not set; expected the key the app runs with, or it tells nobody",
            source="environment",
            key=VARIABLE,
        )
    request = urllib.request.Request(url)  # noqa: S310 - the caller has checked the scheme
    request.add_header("Authorization", f"Bearer {token_for(keys)}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(request, timeout=_PATIENCE) as answer:
            return _counts(json.loads(answer.read(_LARGEST)))
    except urllib.error.HTTPError as error:
        error.close()
        raise PolicyError(f"answered {error.code}; {_why(error.code)}", source=url) from None
    except (OSError, HTTPException) as error:
        raise PolicyError(f"does not answer: {error}", source=url) from None
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        raise PolicyError("answered what are no counts", source=url) from None


def _why(status: int) -> str:
    if status == 404:
        return (
            'no protected app is there, or its policy has loads = "listed", or it runs with another '
            f"{VARIABLE}, or clocks differ"
        )
    if 300 <= status < 400:
        return "give the address it sends to"
    return "expected 200"


def _counts(answer: Any) -> Counts:
    """Return the counts by host and directive; raise for a host or number that is none."""
    counts: dict[str, dict[str, int]] = {}
    for host, by_directive in answer["loads"].items():
        ThirdParty(host, purpose="to see that it is a host")
        counts[host] = {
            directive: int(count)
            for directive, count in by_directive.items()
            if directive in DIRECTIVES
        }
    return counts


def entries(counts: Counts, policy: PrivacyPolicy, rules: Rules, page_host: str) -> Iterator[str]:
    """Write each host the policy does not declare as a `[[third_parties]]` entry (TOML).

    Its purpose is left blank, which no policy may be: a person has to say it. What is a tracker,
    or belongs to a service that watches visitors, is commented out.
    """
    declared = DeclaredHosts(party.host for party in policy.third_parties)
    for host, by_directive in counts.items():
        if host in declared:
            continue
        service = rules.companies.of(host)
        match = listed(rules, host, page_host)
        about = f"{service.company} ({service.category})" if service else "company not known"
        yield f"\n# {about}: {_loads(by_directive)}"
        entry = ("[[third_parties]]", f'host = "{host}"', 'purpose = ""')
        if match is None and (service is None or service.category not in _WATCHING):
            yield from entry
            continue
        why = f"{match.list}: {match.rule}" if match else f"of {service and service.category}"
        yield f"# WARNING: a tracker ({_on_one_line(why)}). Declared, it follows visitors who send no signal."
        yield from (f"# {line}" for line in entry)


def _loads(by_directive: Mapping[str, int]) -> str:
    often = sorted(by_directive.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{directive} {count:,}" for directive, count in often)


def _on_one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)
