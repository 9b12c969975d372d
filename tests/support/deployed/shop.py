"""A Flask shop that keeps the policy beside it, if there is one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, session

from alpines_privacy import PrivacyPolicy, protect
from alpines_privacy.http.privacy import request_context

TRACKER = "<script src=https://www.google-analytics.com/analytics.js></script>"

app = Flask(__name__)
app.secret_key = "a key of the shop's own, which nobody can guess: 7f0c2b91"


@app.get("/")
def home() -> Response:
    session["visits"] = 1
    response = Response(f"<!doctype html>{TRACKER}<p>Welcome")
    response.set_cookie("_ga", "1")
    return response


@app.get("/view")
def view() -> str:
    context = request_context()
    assert context is not None  # the layer is around this app
    client = context.client
    seen: dict[str, Any] = {"origin": client.origin, "address": client.address}
    seen |= {"pid": os.getpid(), "framework": [request.scheme, request.host, request.remote_addr]}
    return json.dumps(seen)


@app.get("/healthz")
def health() -> str:
    return "<p>well"


POLICY = Path("alpines-privacy.toml")
if (fixes := Path("fixes.py")).exists():  # what the page says about ProxyFix
    exec(fixes.read_text("utf-8"))  # noqa: S102 - the tests' own
protect(app, PrivacyPolicy.load(POLICY) if POLICY.exists() else None)
