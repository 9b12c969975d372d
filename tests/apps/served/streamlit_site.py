"""Streamlit as an ASGI app."""

from __future__ import annotations

from pathlib import Path

from streamlit.starlette import App

__all__ = ["app"]

app = App(Path(__file__).with_name("streamlit_page.py"))
