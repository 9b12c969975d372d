"""Becoming a guest, over JSON."""

import logging
from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, Field, StringConstraints

from examples.api.access import Store

router = APIRouter(prefix="/api")
log = logging.getLogger(__name__)


class NewUser(BaseModel):
    name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
        Field(examples=["Mira Rossi"]),
    ]
    username: str = Field(pattern="^[a-z0-9_-]{3,30}$", examples=["mira"])
    password: str = Field(min_length=12, max_length=128, examples=["four-words-in-a-row"])
    birth_date: date = Field(examples=["1990-05-17"])


class NewGuest(BaseModel):
    user: NewUser


class SignedUp(BaseModel):
    username: str
    name: str


class Refusal(BaseModel):
    detail: str


@router.post(
    "/guests",
    response_model=SignedUp,
    status_code=201,
    responses={409: {"model": Refusal, "description": "Another guest has this user name"}},
)
def sign_up(wish: NewGuest, request: Request, store: Store) -> object:
    """Add a guest to the huts' register, which the law wants with dates of birth, and log in."""
    user = wish.user
    if not store.add_guest(user.username, user.name, user.birth_date.isoformat(), user.password):
        raise HTTPException(409, "Another guest has this user name.")
    log.info("new guest %s (%s), born %s", user.name, user.username, user.birth_date)
    request.session.update(
        guest=user.username, name=user.name, notice=f"Welcome, {user.name}. You are signed in."
    )
    return user
