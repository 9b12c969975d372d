"""The pages: huts, a hut, a guest's bookings, signup, login; and the live board."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from examples.api.access import Guest, Store
from examples.api.visitors import remember

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
templates = Jinja2Templates(Path(__file__).with_name("templates"))


def page(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    context |= {"guest": request.session.get("name"), "notice": request.session.pop("notice", None)}
    response = templates.TemplateResponse(request, template, context, status_code=status)
    remember(request, response)
    return response


@router.get("/")
def home(request: Request, store: Store) -> Response:
    last = store.hut(request.cookies.get("last_seen", ""))
    return page(request, "huts.html", huts=store.huts(), last=last)


@router.get("/huts/{slug}")
def show(slug: str, request: Request, store: Store) -> Response:
    if hut := store.hut(slug):
        return page(request, "hut.html", hut=hut)
    return page(request, "missing.html", status=404)


@router.post("/huts/{slug}/bookings")
def book(slug: str, request: Request, store: Store, later: BackgroundTasks) -> Response:
    if not (guest := request.session.get("guest")):
        return RedirectResponse("/login", 303)
    hut = store.hut(slug)
    if not hut:
        return page(request, "missing.html", status=404)
    booked = store.book(slug, guest)
    later.add_task(request.app.state.board.announce, store.hut(slug))
    request.session["notice"] = f"{hut['name']}: " + (
        "one bed is yours." if booked else "it is full."
    )
    return RedirectResponse("/bookings", 303)


@router.get("/bookings")
def bookings(request: Request, store: Store) -> Response:
    if not (guest := request.session.get("guest")):
        return RedirectResponse("/login", 303)
    return page(request, "bookings.html", bookings=store.bookings(guest))


@router.post("/bookings/{number}/cancel")
def cancel(
    number: int, request: Request, guest: Guest, store: Store, later: BackgroundTasks
) -> Response:
    if not (slug := store.cancel(number, guest)):
        raise HTTPException(404, "There is no such booking.")
    later.add_task(request.app.state.board.announce, store.hut(slug))
    return RedirectResponse("/bookings", 303)


@router.get("/live")
def live(request: Request, store: Store) -> Response:
    return page(request, "live.html", huts=store.huts())


@router.get("/signup")
def signup_form(request: Request) -> Response:
    if request.session.get("guest"):
        return RedirectResponse("/bookings", 303)
    return page(request, "signup.html")


@router.get("/login")
def login_form(request: Request) -> Response:
    return page(request, "login.html")


@router.post("/login")
def login(
    request: Request,
    store: Store,
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    if not (guest := store.guest(username, password)):
        return page(request, "login.html", status=401, wrong=True, username=username)
    request.session.update(guest=guest["username"], name=guest["name"])
    return RedirectResponse("/bookings", 303)


@router.post("/logout")
def logout(request: Request) -> Response:
    request.session.clear()
    return RedirectResponse("/", 303)
