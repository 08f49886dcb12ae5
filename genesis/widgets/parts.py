"""What the panels share."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable

import ipywidgets as widgets


def data(name: str) -> str:
    """Return a file of the package's data as text."""
    return (importlib.resources.files("genesis") / "data" / name).read_text(encoding="utf-8")


def button(words: str, act: Callable[[], None], tooltip: str = "") -> widgets.Button:
    """Return a button as wide as its words."""
    made = widgets.Button(description=words, tooltip=tooltip, layout=widgets.Layout(width="auto"))
    made.on_click(lambda _: act())
    return made
