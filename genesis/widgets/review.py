"""The review panel: read a dialogue, decide with one key, edit with the schema looking on.

Every decision is on the disk before the panel goes on; a lost kernel loses nothing, and the panel opens where its rater
stopped. All text of dialogues, tools and verdicts is escaped.
"""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from genesis.dialogue import Dialogue
from genesis.display import dialogue_html, visible
from genesis.errors import GenesisError
from genesis.record import Run
from genesis.review import decisions, queue
from genesis.review.decisions import REASONS, Decision
from genesis.widgets.editor import Editor
from genesis.widgets.parts import data

QUEUES = (("doubtful first", "doubt"), ("random sample (audit)", "audit"), ("disagreements", "disagreements"))
EVERY = "every scenario"
GUARD = 0.15
"""Seconds after a dialogue appears in which a click decides nothing: the second half of a double click."""
_LETTERS = {"accept": "A", "reject": "R", "fix": "F", "skip": "S", "undo": "U"}


class Keys(anywidget.AnyWidget):  # type: ignore[misc]
    """Hears the keyboard in the browser; a key says which dialogue it was pressed on."""

    _esm = data("review.js")
    _css = data("review.css")
    shown = traitlets.Unicode("").tag(sync=True)


def review(run: Run, *, rater: str = "", queue: queue.Kind = "doubt", audit_size: int = 60) -> widgets.VBox:
    """Return the panel on a run's queue; ``audit`` draws its sample at first. Raises RecordError."""
    return Panel(run, rater=rater, kind=queue, audit_size=audit_size).box


class Panel:
    """One panel: what is shown, and what its buttons and keys do."""

    def __init__(self, run: Run, *, rater: str, kind: queue.Kind, audit_size: int) -> None:
        self.run, self.audit_size = run, audit_size
        self.editor = Editor(self.save_fix, frozenset(run.params.rules_off))
        self.items: list[queue.Item] = []
        self.place = 0
        self.since = time.monotonic()
        self.open_checks = False
        self.keys = Keys()
        self.keys.on_msg(self._key)
        self._build(rater, kind)
        self.reload()

    # --- the parts -----------------------------------------------------------------------------------------------

    def _build(self, rater: str, kind: queue.Kind) -> None:
        self.rater = widgets.Text(rater, placeholder="your name", description="rater", continuous_update=False)
        self.kind = widgets.Dropdown(options=QUEUES, value=kind, description="queue")
        self.scenario = widgets.Dropdown(options=[EVERY], description="scenario")
        self.search = widgets.Text("", placeholder="text, id or check", description="find", continuous_update=False)
        self.head, self.why, self.text = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.text.add_class("genesis-dialogue")
        self.reasons = {
            name: widgets.ToggleButton(description=f"{number} {words}", layout=widgets.Layout(width="auto"))
            for number, (name, words) in enumerate(REASONS.items(), 1)
        }
        self.note = widgets.Textarea(placeholder="a note (N)", layout=widgets.Layout(width="auto", height="46px"))
        self.note.add_class("genesis-note")
        self.buttons = {
            name: self._button(f"{name.capitalize()} ({letter})", partial(self._clicked, name))
            for name, letter in _LETTERS.items()
        }
        self.buttons["accept"].button_style, self.buttons["reject"].button_style = "success", "danger"
        self.buttons["back"] = self._button("←", lambda _: self.go(-1), "previous")
        self.buttons["next"] = self._button("→", lambda _: self.go(1), "next")
        self.checks = self._button("Show what the checks said (C)", lambda _: self.press("checks"))
        self.status = widgets.HTML()
        row = widgets.HBox([*self.buttons.values(), self.checks])
        filters = widgets.HBox([self.rater, self.kind, self.scenario, self.search])
        toggles = widgets.HBox(list(self.reasons.values()))
        for box in (row, filters, toggles):
            box.add_class("genesis-row")
        parts = [
            self.head,
            filters,
            self.why,
            self.text,
            self.editor.box,
            toggles,
            self.note,
            row,
            self.status,
            self.keys,
        ]
        self.box = widgets.VBox(parts)
        self.box.add_class("genesis-review")
        for part in (self.rater, self.kind, self.scenario, self.search):
            part.observe(lambda change: self.reload(), "value")

    def _button(self, words: str, act: Callable[[Any], None], tooltip: str = "") -> widgets.Button:
        button = widgets.Button(description=words, tooltip=tooltip, layout=widgets.Layout(width="auto"))
        button.on_click(act)
        return button

    def _clicked(self, name: str, _button: Any) -> None:
        self.press(name)

    # --- the queue -----------------------------------------------------------------------------------------------

    @property
    def item(self) -> queue.Item | None:
        """What is shown; None where the queue is empty."""
        return self.items[self.place] if self.items else None

    def reload(self, at: str = "") -> None:
        """Read the queue from the disk and open ``at``, else the first that this rater has not decided."""
        self.items = [item for item in self._queue() if self._wanted(item.dialogue)]
        places = [place for place, item in enumerate(self.items) if item.dialogue.id == at]
        self.place = places[0] if places else self._first_open(0)
        self.show()

    def _queue(self) -> list[queue.Item]:
        if self.kind.value == "audit" and not any(self.run.rows(queue.AUDIT)):
            queue.draw_audit(self.run, self.audit_size, seed=self.run.params.seed)
        found = queue.queue(self.run, self.kind.value, rater=self.rater.value.strip())
        labels = [EVERY, *sorted({_label(item.dialogue) for item in found})]
        if list(self.scenario.options) != labels:
            chosen = self.scenario.value if self.scenario.value in labels else EVERY
            with self.scenario.hold_trait_notifications():
                self.scenario.options, self.scenario.value = labels, chosen
        return found

    def _wanted(self, dialogue: Dialogue) -> bool:
        wanted = self.search.value.strip().lower()
        if self.scenario.value not in (EVERY, _label(dialogue)):
            return False
        checks = (verdict.check for verdict in dialogue.verdicts if verdict.outcome != "pass")
        said = (message.content for message in dialogue.messages)
        return not wanted or any(wanted in text.lower() for text in (dialogue.id, *checks, *said))

    def _first_open(self, start: int) -> int:
        order = [*range(start, len(self.items)), *range(min(start, len(self.items)))]
        return next((place for place in order if self.items[place].mine is None), min(start, len(self.items) - 1, 0))

    def go(self, step: int) -> None:
        """Show the next or the previous dialogue, decided or not."""
        if self.items:
            self.place = (self.place + step) % len(self.items)
            self.show()

    # --- showing -------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Show the dialogue at the current place."""
        item, decided = self.item, sum(one.mine is not None for one in self.items)
        self.open_checks = False
        self.since = time.monotonic()
        self.keys.shown = f"{item.dialogue.id}:{self.place}:{decided}" if item else ""
        share = 100 * decided / len(self.items) if self.items else 0
        place = f"{self.place + 1} of {len(self.items)}" if self.items else "nothing here"
        simulated = " · offline (simulated) LM" if item and item.dialogue.provenance.get("simulated") else ""
        self.head.value = (
            f"<b>Review</b> · {place} · {decided} decided, {len(self.items) - decided} open{_text(simulated)}"
            f'<div class="genesis-bar"><div style="width:{share:.1f}%"></div></div>'
            '<span class="genesis-soft"><span class="genesis-keys-on">Keys: A accept · R reject · F fix · S skip · '
            "U undo · 1–9 reasons · N note · ← → move</span>"
            '<span class="genesis-keys-off">Click anywhere in this panel to use the keyboard.</span></span>'
        )
        for button in self.reasons.values():
            button.value = False
        self.note.value = ""
        self.editor.close()
        named = bool(self.rater.value.strip())
        for name in ("accept", "reject", "fix", "skip"):
            self.buttons[name].disabled = item is None or not named
        self._show_text()
        if not named:
            self.say("Write your name first: a decision carries it.", bad=True)
        elif self.items and decided == len(self.items):
            self.say("All decided. The next cell settles the run and says what is left.")

    def _show_text(self) -> None:
        item = self.item
        blind = self.kind.value == "audit" and not self.open_checks
        self.checks.layout.display = "" if self.kind.value == "audit" and item else "none"
        if item is None:
            empty = {
                "doubt": "No dialogue is doubtful, or none fits the filters.",
                "audit": "The sample is empty, or none fits the filters.",
                "disagreements": "No two raters disagree.",
            }
            self.why.value, self.text.value = f'<div class="genesis-soft">{empty[self.kind.value]}</div>', ""
            return
        shown = Dialogue(**{**_parts(item.dialogue), "verdicts": ()})
        self.text.value = dialogue_html(shown)
        lines = ["Random sample: read it before you see what the checks said."] if blind else [item.why]
        if not blind:
            lines += [_verdict_line(verdict) for verdict in item.dialogue.verdicts if verdict.reasons]
        if self.kind.value == "disagreements":
            lines += [f"{one.rater}: {one.decision} {', '.join(one.reasons)} {one.note}" for one in item.others]
        if item.mine is not None:
            lines.append(f"You decided: {item.mine.decision} {', '.join(item.mine.reasons)} {item.mine.note}")
        self.why.value = f'<div class="genesis-why">{"<br>".join(_text(line) for line in lines)}</div>'

    def say(self, words: str, *, bad: bool = False) -> None:
        """Show one line under the buttons."""
        self.status.value = f'<span class="{"genesis-bad" if bad else "genesis-good"}">{_text(words)}</span>'

    # --- deciding ------------------------------------------------------------------------------------------------

    def _key(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        key = str(content.get("key", ""))
        if content.get("shown") != self.keys.shown:
            return  # pressed on what was there before
        names = {letter.lower(): name for name, letter in _LETTERS.items()} | {"c": "checks"}
        if key in ("next", "back"):
            self.go(1 if key == "next" else -1)
        elif key == "save" and self.editor.is_open:
            self.save_fix()
        elif key == "escape":
            self.editor.close()
        elif key.isdigit() and 0 < int(key) <= len(self.reasons):
            button = list(self.reasons.values())[int(key) - 1]
            button.value = not button.value
        elif key in names:
            self.press(names[key], keyed=True)

    def press(self, name: str, *, keyed: bool = False) -> None:
        """Do what a button or key says; what cannot be saved is told in the panel."""
        if name == "checks":
            self.open_checks = not self.open_checks
            self._show_text()
        elif name == "undo":
            self._told(self.undo)
        elif self.item is None or not self.rater.value.strip():
            self.say("Write your name first: a decision carries it." if self.item else "Nothing to decide.", bad=True)
        elif name == "fix":
            self.editor.open(self.item.dialogue)
        elif keyed or time.monotonic() - self.since >= GUARD:
            self._told(lambda: self.decide(name))

    def _told(self, act: Callable[[], None]) -> None:
        try:
            act()
        except GenesisError as error:
            self.say(str(error), bad=True)

    def decide(self, name: str, edits: Iterable[dict[str, Any]] = ()) -> None:
        """Save a decision on what is shown and go on to the next open dialogue. Raises RecordError, FormatError."""
        item = self.item
        assert item is not None
        chosen = tuple(reason for reason, button in self.reasons.items() if button.value)
        made = decisions.make(
            self.rater.value,
            item.dialogue,
            name,  # type: ignore[arg-type]
            reasons=chosen if name != "accept" else (),
            note=self.note.value.strip(),
            edits=tuple(edits),
            seconds=time.monotonic() - self.since,
            queue=self.kind.value,
        )
        decisions.append(self.run, made)
        at = self.place
        self.reload(item.dialogue.id)
        if name == "skip":
            self.go(1)
        else:
            self.place = self._first_open(at)
            self.show()
        done = all(one.mine is not None for one in self.items)
        undoes = "" if name == "skip" else " U undoes."
        self.say(f"{_past(made)} {item.dialogue.id}.{undoes}{' All decided.' if done else ''}")

    def save_fix(self) -> None:
        """Save the edits as a fix, where they are sound."""
        found = self.editor.found
        if found.savable:
            self._told(lambda: self.decide("fix", found.edits))
        else:
            self.say("This does not pass the checks yet." if found.edits else "Nothing is changed yet.", bad=True)

    def undo(self) -> None:
        """Take this rater's last decision back, by a further record, and show its dialogue again."""
        mine = [made for made in decisions.read(self.run) if made.rater == self.rater.value.strip()]
        undone = {made.undoes for made in mine}
        left = [made for made in mine if made.decision not in ("undo", "skip") and made.uid not in undone]
        if not left:
            self.say("There is nothing to undo.", bad=True)
            return
        decisions.append(self.run, decisions.undo(left[-1]))
        self.reload(left[-1].id)
        self.say(f"Taken back: {left[-1].decision} {left[-1].id}.")


def _text(words: str) -> str:
    return html.escape(visible(words))


def _label(dialogue: Dialogue) -> str:
    return dialogue.scenario.label if dialogue.scenario else "imported"


def _parts(dialogue: Dialogue) -> dict[str, Any]:
    return {name: getattr(dialogue, name) for name in dialogue.__dataclass_fields__}


def _verdict_line(verdict: Any) -> str:
    mark = {"pass": "✓", "fail": "✗", "flag": "⚑"}[verdict.outcome]
    sure = f" {verdict.confidence:.2f}" if verdict.confidence is not None else ""
    return f"{mark} {verdict.check}{sure}: {'; '.join(verdict.reasons)}"


def _past(made: Decision) -> str:
    return {"accept": "Accepted", "reject": "Rejected", "fix": "Fixed", "skip": "Skipped"}[made.decision]
