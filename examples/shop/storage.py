"""The shop's database: one connection per request, made and filled on the first start."""

import sqlite3
from contextlib import closing
from typing import cast

from flask import Flask, current_app, g
from werkzeug.security import generate_password_hash

SCHEMA = """
CREATE TABLE IF NOT EXISTS products (
    slug TEXT PRIMARY KEY, name TEXT NOT NULL, cents INTEGER NOT NULL, summary TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS customers (
    id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL, password TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers, placed TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS order_notes (
    noted_order INTEGER PRIMARY KEY REFERENCES orders, note TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS order_lines (
    placed_order INTEGER NOT NULL REFERENCES orders, product TEXT NOT NULL REFERENCES products,
    quantity INTEGER NOT NULL, cents INTEGER NOT NULL
);
"""

PRODUCTS = [
    ("mug", "Enamel mug", 1450, "Holds a third of a litre, survives a fall from the table."),
    ("rope", "Climbing rope, 60 m", 18900, "A single rope of 9.5 mm with a marked middle."),
    ("headlamp", "Headlamp", 5900, "Four hundred lumens, or a red light that wakes nobody."),
    ("stove", "Gas stove", 7200, "Boils a litre of water in four minutes; folds into its pot."),
    (
        "tent",
        "Tent for two",
        34900,
        "Stands in three minutes. Two doors, so nobody climbs over you.",
    ),
    ("notebook", "Field notebook", 980, "Paper that takes a pencil in the rain."),
]


def init_app(app: Flask) -> None:
    with closing(sqlite3.connect(app.config["DATABASE"])) as database, database:
        database.executescript(SCHEMA)
        database.executemany("INSERT OR IGNORE INTO products VALUES (?, ?, ?, ?)", PRODUCTS)
        database.execute(
            "INSERT OR IGNORE INTO customers (username, name, password) VALUES (?, ?, ?)",
            ("ayesha", "Ayesha Khan", generate_password_hash("mountain-lake")),
        )
    app.teardown_appcontext(_close)


def connection() -> sqlite3.Connection:
    """Return this request's connection; it is closed when the request is over."""
    if "database" not in g:
        g.database = sqlite3.connect(current_app.config["DATABASE"])
        g.database.row_factory = sqlite3.Row
    return cast("sqlite3.Connection", g.database)


def _close(_error: BaseException | None) -> None:
    if database := g.pop("database", None):
        database.close()
