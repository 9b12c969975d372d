"""The same shop with its privacy policy kept: `flask --app examples.shop.protected run`."""

from pathlib import Path

from alpines_privacy import PrivacyPolicy, protect
from examples.shop.app import create_app

POLICY = Path(__file__).with_name("alpines-privacy.toml")

app = protect(create_app("shop-protected.sqlite3"), PrivacyPolicy.load(POLICY))
