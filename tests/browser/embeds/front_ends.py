"""Front ends and vendors' own packages, bundled as sites bundle them; none where npm has not brought them.

`python -m tests.browser.npm` brings and builds them.
"""

from __future__ import annotations

from tests.browser.embeds.embed import Embed
from tests.browser.npm import BUILT

__all__ = ["BUNDLED", "FRONT_ENDS"]

_FRAGMENT = "<ul><li>Assam</li><li>Bancha</li></ul>"
_RAN = {
    "react": "front-react: 3 teas, 3",
    "vue": "front-vue: 3 teas",
    "svelte": "front-svelte: 3 teas",
    "htmx": "front-htmx: 2 teas ran",
    "alpine": "front-alpine: 3 teas",
    "turbo": "front-turbo: 2 teas",
    "zone": "front-zone: 33 Assam",
    "sentry": "front-sentry: fetch xhr",
    "opentelemetry": "front-opentelemetry: 200",
    "morph": "front-morph: true 2",
    "jquery": "front-jquery: 3 0 ran",
    "trusted-types": "front-trusted-types: 2 TypeError,TypeError ran",
}
# What stands in the page for a front end to take up.
_MOUNT = {
    "htmx": '<div id="front" hx-get="/npm/data/fragment.html" hx-trigger="load"></div>',
    "alpine": '<div id="front" x-data="shop()"><p x-html="note"></p>'
    '<ul><template x-for="tea in teas" :key="tea"><li x-text="tea" @click="note = tea"></li></template></ul></div>',
    "turbo": '<div id="front"><turbo-frame id="teas" src="/npm/data/frame.html"></turbo-frame></div>',
}
_FIELDS = {"trusted-types": {"Content-Security-Policy": "require-trusted-types-for 'script'"}}

FRONT_ENDS = tuple(
    Embed(
        name=f"front-{name}",
        way="control",
        ran=(ran,),
        body=_MOUNT.get(name, '<div id="front"></div>')
        + f'\n<script src="/npm/{name}.js"></script>\n',
        fields=_FIELDS.get(name, {}),
    )
    for name, ran in _RAN.items()
    if BUILT
)

_SENDS = {
    "posthog": ("us.i.posthog.com",),
    "mixpanel": ("api-js.mixpanel.com",),
    "segment": ("api.segment.io",),
}
BUNDLED = tuple(
    Embed(
        name=f"npm-{name}",
        way="beacon",
        always=hosts,
        ran=(f"npm-{name}: went on",),
        body=f'<script src="/npm/{name}.js"></script>\n',
    )
    for name, hosts in _SENDS.items()
    if BUILT
)
