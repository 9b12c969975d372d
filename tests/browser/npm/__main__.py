"""Bring the packages and bundle them; a second run changes nothing that is as it should be."""

from __future__ import annotations

import shutil
import subprocess

from tests.browser.npm import FOLDER, SOURCES


def main() -> None:
    """Install what package.json names, without its install scripts, and build the bundles."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "build.mjs"):
        shutil.copy(SOURCES / name, FOLDER)
    install = ["npm", "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"]
    subprocess.run(install, cwd=FOLDER, check=True)  # noqa: S603 - fixed words
    build = ["node", "build.mjs", str(SOURCES / "sources"), "bundles"]
    subprocess.run(build, cwd=FOLDER, check=True)  # noqa: S603 - fixed words
    built = FOLDER / "bundles"
    print(f"{sum(1 for _ in built.glob('*.js'))} bundles in {built}")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
