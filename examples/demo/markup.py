"""A page as an HTML parser reads it: which hosts its markup loads from, and what stands in it.

Python's own `html.parser`: a second opinion, which knows nothing of the layer's tokenizer.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from examples.demo.vendors import Kind, vendor_of

__all__ = ["Form", "Markup", "names", "read"]

_LOADS = {"src", "data", "poster"}
_ADDRESS = re.compile(r"https://([a-z0-9.-]+)")
_LINKS = {"stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch"}


@dataclass
class Form:
    """Where a form sends, by which relation, and what it sends if nobody fills it in."""

    action: str
    rel: str = ""
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Markup(HTMLParser):
    """What one page's markup loads, sends and runs."""

    loaded: set[str] = field(default_factory=set)
    in_scripts: set[str] = field(default_factory=set)
    forms: list[Form] = field(default_factory=list)
    first_script: str | None = None
    _script: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        addresses = [values[name] for name in _LOADS & values.keys()]
        if tag == "link" and _LINKS & set(values.get("rel", "").split()):
            addresses.append(values.get("href", ""))
        self.loaded |= {host for address in addresses if (host := urlsplit(address).hostname)}
        if tag == "script":
            self._script = True
            if self.first_script is None:
                self.first_script = values.get("src", "")
        elif tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("rel", "")))
        elif tag == "input" and self.forms and "name" in values:
            self.forms[-1].fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._script = self._script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._script:
            self.in_scripts |= set(_ADDRESS.findall(data))


def read(page: str) -> Markup:
    """Read a whole page."""
    markup = Markup()
    markup.feed(page)
    markup.close()
    return markup


def names(hosts: set[str], kind: Kind) -> str:
    """Return the companies of one kind among `hosts`, and each host that is no known company's."""
    vendors = {host: vendor_of(host) for host in hosts}
    found = {vendor.name for vendor in vendors.values() if vendor and vendor.kind == kind}
    found |= {host for host, vendor in vendors.items() if not vendor}
    return " ".join(sorted(found)) or "-"
