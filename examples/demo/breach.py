"""The drill of a data breach: what has to hold at its end."""

from collections.abc import Callable, Sequence
from pathlib import Path

from alpines_privacy.breach.drill.drill import Check, drill
from alpines_privacy.breach.errors import BreachError

PEOPLE = 200


def practised(folder: Path, progress: Callable[[str, str], None]) -> Sequence[Check]:
    """Run the drill in a folder; one that cannot be run is a check that does not hold."""
    try:
        return drill(folder, people=PEOPLE, progress=progress).checks
    except (BreachError, OSError) as error:
        return [Check("the drill runs", str(error), holds=False)]
