"""`python -m tests.browser FOLDER [NAME…]`: what each page looks like bare and protected, and whom it reached."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.browser.internet import internet
from tests.browser.pages import EMBEDS
from tests.browser.sites import Site, serve
from tests.browser.tour import SIGNALS, open_browser
from tests.support.certificate import make_certificate

_VARIANTS = {
    "bare": (Site("flask"), {}),
    "listed": (Site("flask", "listed"), {}),
    "declared": (Site("flask", "declared"), {}),
    "signal": (Site("flask", "listed"), SIGNALS["Sec-GPC"]),
}


def look(folder: Path, names: list[str]) -> None:
    """Write a picture of each page in each variant, and print the hosts it reached."""
    embeds = [EMBEDS[name] for name in names or EMBEDS if EMBEDS[name].way != "control"]
    made = make_certificate(Path(tempfile.mkdtemp()))
    with (
        internet(made.context) as others,
        serve(made.cert, made.key) as sites,
        open_browser(sites, others) as world,
    ):
        for variant, (site, signal) in _VARIANTS.items():
            shots = folder / variant
            shots.mkdir(parents=True, exist_ok=True)
            for name, visit in world.tour(site, embeds, signal=signal, shots=shots).items():
                troubles = [*visit.errors, *visit.console]
                sys.stdout.write(
                    f"{variant:9} {name:22} {' '.join(sorted(visit.reached)) or '-'}\n"
                )
                sys.stdout.writelines(f"{'':33}{trouble[:120]}\n" for trouble in troubles)


if __name__ == "__main__":
    look(Path(sys.argv[1]), sys.argv[2:])
