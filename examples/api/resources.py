"""The JSON API: huts and a guest's bookings."""

from typing import NoReturn

from fastapi import APIRouter, BackgroundTasks, HTTPException, Request
from pydantic import BaseModel

from examples.api.access import Guest, Store

router = APIRouter(prefix="/api")


class Hut(BaseModel):
    slug: str
    name: str
    metres: int
    beds: int
    free: int


class Booking(BaseModel):
    id: int
    hut: str
    name: str


class NewBooking(BaseModel):
    hut: str


@router.get("/huts", response_model=list[Hut])
def huts(store: Store) -> object:
    return store.huts()


@router.get("/huts/{slug}", response_model=Hut)
def hut(slug: str, store: Store) -> object:
    return store.hut(slug) or _missing("hut")


@router.get("/bookings", response_model=list[Booking])
def bookings(guest: Guest, store: Store) -> object:
    return store.bookings(guest)


@router.post("/bookings", response_model=Booking, status_code=201)
def book(
    wish: NewBooking, request: Request, guest: Guest, store: Store, later: BackgroundTasks
) -> object:
    found = store.hut(wish.hut) or _missing("hut")
    number = store.book(wish.hut, guest)
    if number is None:
        raise HTTPException(409, f"{found['name']} is full.")
    later.add_task(request.app.state.board.announce, store.hut(wish.hut))
    return {"id": number, "hut": wish.hut, "name": found["name"]}


@router.delete("/bookings/{number}", status_code=204)
def cancel(
    number: int, request: Request, guest: Guest, store: Store, later: BackgroundTasks
) -> None:
    slug = store.cancel(number, guest) or _missing("booking")
    later.add_task(request.app.state.board.announce, store.hut(slug))


def _missing(what: str) -> NoReturn:
    raise HTTPException(404, f"There is no such {what}.")
