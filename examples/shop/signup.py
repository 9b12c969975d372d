"""Becoming a customer: a name, a user name and a password. The shop asks for no age."""

import logging
import re
import sqlite3

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from werkzeug import Response
from werkzeug.security import generate_password_hash

from examples.shop.storage import connection

pages = Blueprint("signup", __name__, url_prefix="/signup")
log = logging.getLogger(__name__)

USERNAME = re.compile(r"[a-z0-9_-]{3,30}")
LONGEST_NAME = 80
PASSWORD = range(12, 129)  # characters; longer ones only cost time to hash

# What is wrong with each field, by its name.
Problems = dict[str, str]


@pages.get("")
def form() -> Response | str:
    if g.customer:
        return redirect(url_for("accounts.orders"))
    return render_template("signup.html", given={}, wrong={})


@pages.post("")
def sign_up() -> Response | tuple[str, int]:
    given = {field: request.form.get(field, "").strip() for field in ("name", "username")}
    password = request.form.get("password", "")
    wrong = _problems(**given, password=password)
    if not wrong and (customer := _add(**given, password=password)):
        session["customer"] = customer
        log.info("new customer %s (%s) from %s", *given.values(), request.remote_addr)
        flash(f"Welcome, {given['name']}. You are signed in.")
        return redirect(url_for("accounts.orders"), 303)
    wrong = wrong or {"username": "Somebody has this user name already."}
    return render_template("signup.html", given=given, wrong=wrong), 422


def _problems(name: str, username: str, password: str) -> Problems:
    checks = {
        "name": (0 < len(name) <= LONGEST_NAME, "Write the name your parcels go to."),
        "username": (
            USERNAME.fullmatch(username),
            "Use 3 to 30 small letters, digits, hyphens and underscores.",
        ),
        "password": (
            len(password) in PASSWORD,
            f"Use {PASSWORD.start} to {PASSWORD[-1]} characters.",
        ),
    }
    return {field: problem for field, (fine, problem) in checks.items() if not fine}


def _add(name: str, username: str, password: str) -> int | None:
    """Return the new customer's number, or None when the user name is taken."""
    row = (name, username, generate_password_hash(password))
    query = "INSERT INTO customers (name, username, password) VALUES (?, ?, ?)"
    try:
        with connection() as database:
            return database.execute(query, row).lastrowid
    except sqlite3.IntegrityError:
        return None
