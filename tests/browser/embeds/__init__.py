"""Pages that embed other companies: `TRACKERS`, in the shapes their vendors publish, and `CONTROLS`."""

from tests.browser.embeds.embed import Embed
from tests.browser.embeds.table import CONTROLS, TRACKERS

__all__ = ["CONTROLS", "TRACKERS", "Embed"]
