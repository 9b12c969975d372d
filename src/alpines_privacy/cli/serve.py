"""`alpines-privacy serve module:app`: any app, protected, on a server of its protocol."""

from __future__ import annotations

import click

__all__ = ["serve"]


@click.command(
    short_help="Run an app, protected, on a server of its kind.",
    context_settings={"max_content_width": 80},
)
@click.argument("app", metavar="MODULE[:APP]")
@click.option(
    "--policy", metavar="FILE", help="The policy to keep (TOML). Without it: the literal one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 takes any free one.",
)
@click.option("--factory", is_flag=True, help="APP is a function that makes the app: call it.")
def serve(app: str, policy: str | None, host: str, port: int, *, factory: bool) -> None:
    """Run any WSGI or ASGI app with its privacy policy kept.

    MODULE[:APP] says where the app is, as for uvicorn, gunicorn and flask: shop:app,
    shop.web:create_app(), or a file such as shop.py. Without APP it is the module's app,
    application, or what its create_app or make_app returns. Modules in the current directory are
    found.

    \b
    Examples:
      alpines-privacy serve shop:app
      alpines-privacy serve shop:app --policy alpines-privacy.toml --port 9000
      alpines-privacy serve shop:create_app --factory
    """  # noqa: D301 - click reads the backspace
    # Imported here, because `alpines-privacy serve --help` needs none of them.
    from alpines_privacy.cli.apps import find_app  # noqa: PLC0415
    from alpines_privacy.cli.servers import Listener, serve_protected  # noqa: PLC0415
    from alpines_privacy.policy import PrivacyPolicy  # noqa: PLC0415

    kept = None if policy is None else PrivacyPolicy.load(policy)
    found = find_app(app, factory=factory)
    with Listener(host, port) as listener:
        serve_protected(found, kept, listener, name=app)
