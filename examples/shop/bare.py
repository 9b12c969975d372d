"""The shop as it is: `flask --app examples.shop.bare run`."""

from examples.shop.app import create_app

app = create_app("shop-bare.sqlite3")
