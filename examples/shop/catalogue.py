"""What the shop sells: pages, and the same list as JSON."""

import sqlite3

from flask import Blueprint, Response, abort, jsonify, render_template, request

from examples.shop.storage import connection

pages = Blueprint("catalogue", __name__)


def price(cents: int) -> str:
    return f"CHF {cents / 100:,.2f}"


def product(slug: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = (
        connection().execute("SELECT * FROM products WHERE slug = ?", [slug]).fetchone()
    )
    return found


def every_product() -> list[sqlite3.Row]:
    return connection().execute("SELECT * FROM products ORDER BY name").fetchall()


@pages.get("/")
def home() -> str:
    last = product(request.cookies.get("last_seen", ""))
    return render_template("catalogue.html", products=every_product(), last=last)


@pages.get("/products/<slug>")
def show(slug: str) -> str:
    return render_template("product.html", product=product(slug) or abort(404))


@pages.app_errorhandler(404)
def missing(_error: Exception) -> tuple[str, int]:
    return render_template("missing.html"), 404


@pages.get("/products.json")
def as_json() -> Response:
    return jsonify([dict(row) for row in every_product()])
