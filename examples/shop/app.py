"""The shop's application factory."""

import secrets

from flask import Flask

from examples import databases
from examples.offline import OfflineWsgi
from examples.shop import accounts, cart, catalogue, signup, storage, visitors


def create_app(database: str = "shop.sqlite3") -> Flask:
    app = Flask(__name__)
    app.config.update(
        DATABASE=databases.place(database),
        SECRET_KEY=secrets.token_hex(),
        SESSION_COOKIE_SAMESITE="Lax",
    )
    storage.init_app(app)
    for part in (catalogue, cart, accounts, signup):
        app.register_blueprint(part.pages)
    visitors.init_app(app)
    app.add_template_filter(catalogue.price, "price")
    app.wsgi_app = OfflineWsgi(app.wsgi_app)  # type: ignore[method-assign]
    return app
