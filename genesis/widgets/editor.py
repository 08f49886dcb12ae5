"""The fields in which a reviewer mends a dialogue, checked while they are typed in."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as widgets

from genesis.dialogue import Dialogue
from genesis.display import visible
from genesis.review.editing import Field, Looked, fields_of, look
from genesis.widgets.parts import button


class Editor:
    """One field a call and a text of a dialogue; empty while closed."""

    def __init__(self, save: Callable[[], None], off: frozenset[str]) -> None:
        self.box = widgets.VBox([])
        self.dialogue: Dialogue | None = None
        self._off = off
        self._areas: dict[str, widgets.Textarea] = {}
        self._marks: dict[str, widgets.HTML] = {}
        self._whole = widgets.HTML()
        self._save = button("Save fix (Ctrl+Enter)", save)
        self._save.button_style = "primary"
        self._cancel = button("Cancel (Esc)", self.close)

    @property
    def is_open(self) -> bool:
        """Whether it is shown."""
        return self.dialogue is not None

    @property
    def found(self) -> Looked:
        """What the texts come to as they stand."""
        if self.dialogue is None:
            return Looked()
        texts = {key: area.value for key, area in self._areas.items()}
        return look(self.dialogue, texts, off=self._off)

    def open(self, dialogue: Dialogue) -> None:
        """Show the fields of a dialogue."""
        fields = fields_of(dialogue)
        self.dialogue = dialogue
        self._areas = {field.key: _area(field) for field in fields}
        self._marks = {field.key: widgets.HTML() for field in fields}
        parts: list[widgets.Widget] = []
        for field in fields:
            parts += [widgets.HTML(f'<span class="genesis-soft">{_text(field.label)}</span>'), self._areas[field.key]]
            parts += [self._marks[field.key]] if field.call is not None else []
            self._areas[field.key].observe(lambda _change: self._typed(), "value")
        ends = widgets.HBox([self._save, self._cancel])
        ends.add_class("genesis-row")
        self.box.children = (*parts, self._whole, ends)
        self._typed()

    def close(self) -> None:
        """Put the fields away; what was typed is dropped."""
        self.dialogue = None
        self.box.children = ()

    def _typed(self) -> None:
        found = self.found
        for key, mark in self._marks.items():
            fault = found.faults.get(key)
            words, colour = (f"✗ {fault}", "bad") if fault else ("✓ fits the schema", "good")
            mark.value = f'<span class="genesis-{colour}">{_text(words)}</span>'
        self._whole.value = "".join(f'<div class="genesis-bad">✗ {_text(line)}</div>' for line in found.broken)
        self._save.disabled = not found.savable


def _area(field: Field) -> widgets.Textarea:
    lines = min(12, max(2, field.text.count("\n") + 1 + len(field.text) // 90))
    return widgets.Textarea(field.text, layout=widgets.Layout(width="auto", height=f"{lines * 18 + 14}px"))


def _text(words: str) -> str:
    return html.escape(visible(words))
