"""The service as it is: `uvicorn examples.api.bare:app`."""

from examples.api.app import create_app

app = create_app("api-bare.sqlite3")
