"""The cart, kept in the session: works before login, and under a privacy signal."""

import sqlite3
from typing import NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, session, url_for
from werkzeug import Response

from examples.shop.catalogue import product

pages = Blueprint("cart", __name__, url_prefix="/cart")


class Line(NamedTuple):
    product: sqlite3.Row
    quantity: int

    @property
    def cents(self) -> int:
        return int(self.product["cents"]) * self.quantity


def lines() -> list[Line]:
    # A product may have left the catalogue since it was put into a cart.
    found = ((product(slug), quantity) for slug, quantity in session.get("cart", {}).items())
    return [Line(row, quantity) for row, quantity in found if row]


def empty() -> None:
    session.pop("cart", None)


@pages.app_context_processor
def cart_size() -> dict[str, int]:
    return {"cart_size": sum(session.get("cart", {}).values())}


@pages.get("/")
def show() -> str:
    cart = lines()
    return render_template("cart.html", lines=cart, total=sum(line.cents for line in cart))


@pages.post("/<slug>")
def add(slug: str) -> Response:
    row = product(slug) or abort(404)
    cart = session.get("cart", {})
    session["cart"] = cart | {slug: cart.get(slug, 0) + 1}
    flash(f"{row['name']} is in your cart.")
    return redirect(url_for("cart.show"), 303)


@pages.post("/<slug>/remove")
def remove(slug: str) -> Response:
    session["cart"] = {
        name: count for name, count in session.get("cart", {}).items() if name != slug
    }
    return redirect(url_for("cart.show"), 303)
