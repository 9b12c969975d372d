"""A FastAPI board that keeps the policy beside it, if there is one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from alpines_privacy import PrivacyPolicy, protect
from alpines_privacy.http.privacy import request_context

app = FastAPI()


@app.get("/", response_class=HTMLResponse)
def home() -> HTMLResponse:
    page = "<!doctype html><script src=https://www.google-analytics.com/a.js></script><p>Welcome"
    response = HTMLResponse(page)
    response.set_cookie("session", "1")
    response.set_cookie("_ga", "1")
    return response


@app.get("/view")
def view(request: Request) -> dict[str, Any]:
    context = request_context()
    assert context is not None  # the layer is around this app
    client, peer = context.client, request.client
    framework = [request.url.scheme, request.url.netloc, peer.host if peer else ""]
    seen = {"origin": client.origin, "address": client.address}
    return {**seen, "framework": framework, "pid": os.getpid()}


@app.get("/healthz", response_class=HTMLResponse)
def health() -> str:
    return "<p>well"


POLICY = Path("alpines-privacy.toml")
protect(app, PrivacyPolicy.load(POLICY) if POLICY.exists() else None)
