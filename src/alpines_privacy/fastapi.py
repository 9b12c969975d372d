"""FastAPI: `Privacy` as a dependency.

    @app.get("/")
    def home(privacy: Privacy): ...

Protection itself is `protect(app, policy)`, or `app.add_middleware(PrivacyMiddleware, policy=policy)`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from alpines_privacy.http import privacy
from alpines_privacy.starlette import privacy_of

__all__ = ["Privacy"]


async def _privacy(connection: HTTPConnection) -> privacy.Privacy:
    """Run in the event loop: FastAPI sends plain functions to a thread."""
    return privacy_of(connection)


Privacy = Annotated[privacy.Privacy, Depends(_privacy)]
