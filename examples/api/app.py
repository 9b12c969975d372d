"""The service's application factory."""

import secrets
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.sessions import SessionMiddleware

from examples import databases
from examples.api import live, pages, resources, signup
from examples.api.storage import Database
from examples.offline import OfflineAsgi

STATIC = Path(__file__).with_name("static")


def create_app(database: str = "api.sqlite3") -> FastAPI:
    # FastAPI's own documentation pages load scripts from another company's host.
    app = FastAPI(title="Hut Board", docs_url=None, redoc_url=None)
    app.state.database = Database(databases.place(database))
    app.state.board = live.Board()
    app.add_middleware(SessionMiddleware, secret_key=secrets.token_hex())
    for part in (pages, resources, signup, live):
        app.include_router(part.router)
    app.add_exception_handler(RequestValidationError, say_what_is_wrong)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(OfflineAsgi)
    return app


def say_what_is_wrong(_request: Request, error: Exception) -> JSONResponse:
    """Answer as FastAPI does, without a copy of what was sent: it may be a password."""
    assert isinstance(error, RequestValidationError)
    told = [{key: one[key] for key in ("type", "loc", "msg")} for one in error.errors()]
    return JSONResponse({"detail": told}, 422)
