"""The same service with its privacy policy kept: `uvicorn examples.api.protected:app`."""

from pathlib import Path

from alpines_privacy import PrivacyPolicy, protect
from examples.api.app import create_app

POLICY = Path(__file__).with_name("alpines-privacy.toml")

app = protect(create_app("api-protected.sqlite3"), PrivacyPolicy.load(POLICY))
