"""Customers: login, logout, and the orders they placed."""

import logging
import sqlite3
from datetime import UTC, datetime

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from werkzeug import Response
from werkzeug.security import check_password_hash

from examples.shop import cart
from examples.shop.storage import connection

pages = Blueprint("accounts", __name__)
log = logging.getLogger(__name__)

LONGEST_NOTE = 200


@pages.before_app_request
def find_customer() -> None:
    g.customer = None
    if "customer" in session:
        query = "SELECT * FROM customers WHERE id = ?"
        g.customer = connection().execute(query, [session["customer"]]).fetchone()


@pages.get("/login")
def login_form() -> str:
    return render_template("login.html", username="")


@pages.post("/login")
def login() -> Response | tuple[str, int]:
    username = request.form.get("username", "")
    query = "SELECT * FROM customers WHERE username = ?"
    customer = connection().execute(query, [username]).fetchone()
    if not customer or not check_password_hash(
        customer["password"], request.form.get("password", "")
    ):
        log.warning("login as %s refused, from %s", username, request.remote_addr)
        return render_template("login.html", username=username, wrong=True), 401
    session["customer"] = customer["id"]
    return redirect(url_for("accounts.orders"), 303)


@pages.post("/logout")
def logout() -> Response:
    session.clear()
    return redirect(url_for("catalogue.home"), 303)


@pages.get("/orders")
def orders() -> Response | str:
    if not g.customer:
        return redirect(url_for("accounts.login_form"))
    return render_template("orders.html", orders=_orders_of(g.customer["id"]))


@pages.post("/orders")
def place_order() -> Response:
    if not g.customer:
        flash("Please log in to place your order; your cart waits for you.")
        return redirect(url_for("accounts.login_form"), 303)
    if chosen := cart.lines():
        _place(chosen, request.form.get("note", "")[:LONGEST_NOTE])
        name, email, phone = (request.form.get(field, "") for field in ("name", "email", "phone"))
        log.info("order for %s <%s>, phone %s, from %s", name, email, phone, request.remote_addr)
        cart.empty()
        flash("Thank you, your order is placed.")
    return redirect(url_for("accounts.orders"), 303)


def _place(chosen: list[cart.Line], note: str) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    with connection() as database:
        order = database.execute(
            "INSERT INTO orders (customer, placed) VALUES (?, ?)", [g.customer["id"], now]
        ).lastrowid
        database.execute("INSERT INTO order_notes VALUES (?, ?)", [order, note])
        database.executemany(
            "INSERT INTO order_lines VALUES (?, ?, ?, ?)",
            [(order, line.product["slug"], line.quantity, line.cents) for line in chosen],
        )


def _orders_of(customer: int) -> list[sqlite3.Row]:
    query = """
        SELECT orders.id, placed, group_concat(quantity || ' x ' || name, ', ') AS contents,
               sum(order_lines.cents) AS cents, note
        FROM orders JOIN order_lines ON placed_order = orders.id JOIN products ON product = slug
        LEFT JOIN order_notes ON noted_order = orders.id
        WHERE customer = ? GROUP BY orders.id ORDER BY orders.id DESC
    """
    return connection().execute(query, [customer]).fetchall()
