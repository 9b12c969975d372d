"""The data of npm's third-party-web as this package stores it: companies by host, and rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from alpines_privacy.policy import PolicyError
from alpines_privacy.trackers.companies import Companies, Service

__all__ = [
    "ERROR_MONITORING",
    "FOLLOWING",
    "Entity",
    "company_lines",
    "read_entities",
    "rule_lines",
]

ERROR_MONITORING = "error-monitoring"

# The categories of trackers; each of their hosts becomes a rule.
FOLLOWING = frozenset({"analytics", "marketing", "tag-manager"})

# Services that monitor the site's own errors; the operator may allow this category.
_ERROR_MONITORS = frozenset(
    {"Sentry", "Bugsnag", "Rollbar", "TrackJS", "Raygun", "Honeybadger", "Airbrake"}
)

# Hosts in those categories that serve what the visitor came for: a sign-in, a shop's own pictures and
# scripts, any file (a CDN), a help desk. EasyPrivacy has rules for their addresses that track.
_SERVING_VISITORS = frozenset(
    {
        "okta.com", "gigya.com", "janrain.com", "janrainbackplane.com", "rpxnow.com",
        "d3hmp0045zy3cs.cloudfront.net", "oneall.com", "xboxlive.com",  # sign-in
        "bigcommerce.com", "tcdn.com.br", "ekmsecure.com", "10cms.com", "amplience.com",
        "amplience.net", "bigcontent.io", "adis.ws", "wayfair.com",  # shops
        "llnwd.net", "limelight.com", "delvenetworks.com", "ibmcloud.com", "s81c.com", "hp.com",
        "imageg.net", "cdngc.net", "cdnplanet.com",  # files
        "custhelp.com", "bbb.org", "jsonip.com", "wurfl.io", "spiceworks.com",  # services
    }
)  # fmt: skip


class Entity(Struct, frozen=True):
    """One entry of `entities.json`; `domains` are hosts, or `*.` and a domain."""

    name: str
    category: str
    domains: tuple[str, ...]
    company: str = ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts without stars, each once."""
        return tuple(dict.fromkeys(domain.removeprefix("*.").lower() for domain in self.domains))

    @property
    def service(self) -> Service:
        """The entity as a service of the companies' table."""
        category = ERROR_MONITORING if self.name in _ERROR_MONITORS else self.category
        return Service(self.name, self.company or self.name, category)


def read_entities(data: bytes, *, source: str) -> list[Entity]:
    """Read third-party-web's `dist/entities*.json`; raises `PolicyError` for other data."""
    try:
        entities: Any = msgspec.json.decode(data, type=list[Entity])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PolicyError(
            f"is no entities.json of third-party-web: {error}", source=source
        ) from None
    return list(entities)


def company_lines(entities: list[Entity]) -> Iterator[str]:
    """Return the lines of the companies' table; a repeated host belongs to the last, as in third-party-web."""
    for entity in entities:
        yield Companies.line(entity.service, entity.hosts)


def rule_lines(entities: list[Entity]) -> Iterator[str]:
    """Return a rule for each host of a service in a tracking category."""
    for entity in sorted(entities, key=lambda entity: (entity.category, entity.name)):
        if entity.service.category in FOLLOWING:
            for host in entity.hosts:
                if host not in _SERVING_VISITORS:
                    yield f"||{host}^$third-party"
