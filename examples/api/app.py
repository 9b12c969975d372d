"""The service's application factory."""

import secrets
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.sessions import SessionMiddleware

from examples import databases
from examples.api import live, pages, resources
from examples.api.storage import Database

STATIC = Path(__file__).with_name("static")


def create_app(database: str = "api.sqlite3") -> FastAPI:
    # FastAPI's own documentation pages load scripts from another company's host.
    app = FastAPI(title="Hut Board", docs_url=None, redoc_url=None)
    app.state.database = Database(databases.place(database))
    app.state.board = live.Board()
    app.add_middleware(SessionMiddleware, secret_key=secrets.token_hex())
    for part in (pages, resources, live):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
