"""The site as it is: `waitress-serve examples.site.bare:app`."""

from examples.site.app import create_app

app = create_app("examples.site.settings")
