"""Where the examples keep their SQLite files."""

import os
from pathlib import Path

# The demo and the tests give every process a folder of its own here.
VARIABLE = "EXAMPLES_INSTANCE"


def place(name: str) -> Path:
    """Return the path of the database file `name`, its folder made if need be."""
    folder = Path(os.environ.get(VARIABLE) or Path(__file__).with_name("instance"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name
