"""The same site with its privacy policy kept; the difference is in `settings_protected.py`."""

from examples.site.app import create_app

app = create_app("examples.site.settings_protected")
