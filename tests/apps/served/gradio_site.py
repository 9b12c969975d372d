"""A Gradio interface behind its own login, mounted on FastAPI."""

from __future__ import annotations

from pathlib import Path

import gradio
from fastapi import FastAPI

__all__ = ["app"]

with gradio.Blocks(analytics_enabled=False) as _blocks:
    _name = gradio.Textbox(label="Name")
    _greeting = gradio.Textbox(label="Greeting")
    gradio.Button("Greet").click(lambda name: f"Good morning, {name}", _name, _greeting)
    _file = gradio.File(label="File")
    _size = gradio.Textbox(label="Size")
    _file.upload(lambda path: f"{Path(path).stat().st_size} bytes", _file, _size)

app = gradio.mount_gradio_app(FastAPI(), _blocks, path="/", auth=("ayesha", "mountain-lake"))
