"""What endpoints ask for: the database, and who is signed in."""

from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request
from starlette.requests import HTTPConnection

from examples.api.storage import Database


def _database(connection: HTTPConnection) -> Database:
    return cast("Database", connection.app.state.database)


def _guest(request: Request) -> str:
    """Return the signed-in guest's user name; 401 without one."""
    guest = request.session.get("guest")
    if not isinstance(guest, str):
        raise HTTPException(401, "Log in first.")
    return guest


Store = Annotated[Database, Depends(_database)]
Guest = Annotated[str, Depends(_guest)]
