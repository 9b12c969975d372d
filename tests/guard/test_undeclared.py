"""What a policy does not declare is not even imported."""

from __future__ import annotations

import os
import subprocess
import sys

_PARTS = ("collected", "transport", "intrusion", "disclosure", "passwords")
_CODE = """
import sys
from alpines_privacy import protect
protect(lambda environ, start_response: [b""])
print(*(name for name in sys.modules if name.startswith("alpines_privacy.")))
"""


def test_a_plain_protect_imports_no_part_that_is_to_be_declared() -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ALPINES_PRIVACY_")}
    done = subprocess.run(  # noqa: S603 - the code above
        [sys.executable, "-c", _CODE], env=environ, capture_output=True, text=True, check=True
    )
    imported = {name.split(".")[1] for name in done.stdout.split()}
    assert imported.isdisjoint(_PARTS)
    assert "payments" in imported  # it reports by default
