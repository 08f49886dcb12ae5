"""The prompt panel: edit an agent's instructions, run, see old and new side by side, keep or discard.

What is typed is on the disk at every change (:mod:`genesis.prompts.drafts`); a lost kernel loses nothing, and the panel
opens with the newest draft. All text of prompts and dialogues is escaped.
"""

from __future__ import annotations

import asyncio
import datetime
import html
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from genesis import record
from genesis.display import visible
from genesis.errors import GenesisError
from genesis.prompts import BUILT_IN, Bench, Trial, keep, names, prompt, trial
from genesis.prompts.drafts import Desk
from genesis.prompts.show import diff_html, totals_html, trial_html
from genesis.prompts.trial import CHANGES, SIMULATED
from genesis.prompts.versions import Prompt
from genesis.widgets.parts import button, data

ALL = "what changed first"
PAUSE = 0.4
"""Seconds between two looks at how far a trial is."""


class Edit(anywidget.AnyWidget):  # type: ignore[misc]
    """A text area that says which of its changes are on the kernel's disk."""

    _esm = data("prompts.js")
    _css = data("prompts.css")
    text = traitlets.Unicode("").tag(sync=True)
    number = traitlets.Int(0).tag(sync=True)
    """Counts the changes made in the browser."""
    saved = traitlets.Int(0).tag(sync=True)
    """The last of them that is on the disk."""
    note = traitlets.Unicode("").tag(sync=True)
    rescued = traitlets.Int(0).tag(sync=True)
    """How often text came back that was typed while no kernel answered."""
    shelf = traitlets.Unicode("").tag(sync=True)
    """Where the browser keeps what the kernel has not confirmed."""


def prompts(bench: Bench, *, rater: str = "") -> widgets.VBox:
    """Return the panel on a bench. Raises RecordError, ParamsError."""
    return Panel(bench, rater=rater).box


class Panel:
    """One panel: what is written, what was tried, and what its buttons do."""

    def __init__(self, bench: Bench, *, rater: str = "") -> None:
        self.bench = bench
        self.desk = Desk(bench.root, bench.agent)
        self.found: Trial | None = None
        self.task: asyncio.Task[None] | None = None
        self._build(rater)
        self._open()

    # --- the parts -----------------------------------------------------------------------------------------------

    def _build(self, rater: str) -> None:
        base = self.bench.params.prompts.get(self.bench.agent, BUILT_IN)
        self.old = widgets.Dropdown(
            options=names(self.bench.agent),
            value=base,
            description="compare with",
            style={"description_width": "initial"},
        )
        self.edit = Edit(shelf=f"{self.desk.folder.resolve()}")
        self.edit.observe(self._typed, "number")
        self.diff = widgets.HTML()
        self.buttons = {
            "run": button("Run both", self.run, "make the scenarios with the old and the new instructions"),
            "stop": button("Stop", self.stop, "what is made is kept; the next run goes on from there"),
            "reset": button("Discard draft", self.discard, "back to the instructions compared with"),
            "optimise": button("Optimise", self.optimise, "let GEPA look for better instructions, within the budget"),
        }
        self.buttons["run"].button_style = "primary"
        self.buttons["stop"].disabled = True
        self.evaluations = widgets.BoundedIntText(100, min=20, max=10_000, description="dialogues")
        self.evaluations.layout.width = "170px"
        self.only = widgets.Dropdown(options=[ALL, *CHANGES], description="show")
        self.totals, self.rows, self.note = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.status = widgets.HTML()
        self.name = widgets.Text(placeholder="name of the version", description="keep as", continuous_update=False)
        self.rater = widgets.Text(rater, placeholder="your name", description="by")
        self.buttons["keep"] = button("Keep", self.keep, "write it under params/prompts")
        self.only.observe(lambda _: self._show_rows(), "value")
        self.old.observe(lambda _: self._compare_with(), "value")
        bar = [self.buttons[name] for name in ("run", "stop", "reset", "optimise")]
        rows = [[self.old], [*bar, self.evaluations], [self.name, self.rater, self.buttons["keep"]], [self.only]]
        top, run, keeping, only = (widgets.HBox(row) for row in rows)
        for row in (top, run, keeping, only):
            row.add_class("genesis-row")
        head = widgets.HTML(f"<b>Prompt of the {_text(self.bench.agent)} agent</b> · {_text(self._scenes())}")
        self.result = widgets.VBox([self.note, self.totals, keeping, only, self.rows])
        self.result.layout.display = "none"
        self.box = widgets.VBox([head, top, self.edit, self.diff, run, self.status, self.result])
        self.box.add_class("genesis-prompts")

    def _scenes(self) -> str:
        return f"{len(self.bench.plan)} scenarios, seed {self.bench.params.seed}, {record.lm_words(self.bench.params)}"

    def _open(self) -> None:
        draft = self.desk.newest()
        if draft is not None:
            if draft.parent in self.old.options:
                self.old.value = draft.parent
            others = self.desk.others()
            more = f"; {others} other draft{'s' if others > 1 else ''} in {self.desk.folder}" if others else ""
            self._put(draft.instructions, f"Your draft of {_ago(draft.at)} is back{more}.")
        else:
            self._put(self.base().instructions, "Every change is saved at once.")
        if self.bench.simulated:
            self.buttons["optimise"].disabled = True
            self.say(f"{SIMULATED} Optimise needs a model that does: lm = 'provider/model'.", "note")

    # --- writing -------------------------------------------------------------------------------------------------

    def base(self) -> Prompt:
        """Return the prompt that is compared with. Raises ParamsError."""
        if self.old.value == BUILT_IN:
            return self.bench.built_in()
        return prompt(self.bench.agent, self.old.value, reasoning=self.bench.params.reasoning)

    def draft(self) -> Prompt:
        """Return what is written. Raises ParamsError for an empty or endless text."""
        return self.base().with_text(self.edit.text)

    def _put(self, text: str, note: str) -> None:
        self.edit.text, self.edit.note = text, note
        self._show_diff()

    def _typed(self, _change: Any) -> None:
        """Save what was typed, before anything else; what cannot be saved is told and stays in the browser."""
        try:
            self.desk.save(self.edit.text, self.old.value)
        except GenesisError as error:
            self.say(str(error), "bad")
            return
        back = "Text typed while no kernel answered is back and " if self.edit.rescued else ""
        self.edit.note = f"{back}saved {datetime.datetime.now():%H:%M:%S}" if back else "Saved."
        self.edit.rescued = 0
        self.edit.saved = self.edit.number
        self._show_diff()

    def _compare_with(self) -> None:
        if not self.desk.file.exists() and self.desk.taken_from is None:
            self._put(self.base().instructions, "Every change is saved at once.")
        self._show_diff()

    def _show_diff(self) -> None:
        try:
            old = self.base().instructions
        except GenesisError as error:
            self.say(str(error), "bad")
            return
        same = old == self.edit.text.strip()
        shown = "" if same else f'<div class="genesis-diff">{diff_html(old, self.edit.text, around=120)}</div>'
        self.diff.value = '<span class="genesis-soft">No difference to what is compared with.</span>' if same else shown

    # --- running -------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Try what is written against what is compared with, while the page stays alive."""
        self._start(self._run)

    def optimise(self) -> None:
        """Let GEPA look for better instructions; what it finds becomes the draft."""
        self._start(self._optimise)

    def stop(self) -> None:
        """Stop what runs; what is made is kept."""
        if self.task is not None:
            self.task.cancel()

    def _start(self, work: Callable[[], Awaitable[None]]) -> None:
        if self.task is None or self.task.done():
            self.task = asyncio.ensure_future(self._watched(work))

    async def _watched(self, work: Callable[[], Awaitable[None]]) -> None:
        busy = [self.buttons[name] for name in ("run", "optimise", "keep", "reset")]
        before = [one.disabled for one in busy]
        for one in busy:
            one.disabled = True
        self.buttons["stop"].disabled = False
        try:
            await work()
        except GenesisError as error:
            self.say(str(error), "bad")
        except asyncio.CancelledError:
            self.say("Stopped. What is made is kept; Run goes on from there.")
        finally:
            for one, disabled in zip(busy, before, strict=True):
                one.disabled = disabled
            self.buttons["stop"].disabled = True

    async def _run(self) -> None:
        looked = 0.0

        def tell(side: str, counts: Any) -> None:
            nonlocal looked
            if time.monotonic() - looked > PAUSE:
                looked = time.monotonic()
                done = counts.accepted + counts.rejected + counts.errored
                self.say(f"{side}: {done} of {counts.planned} scenarios, {counts.accepted} accepted …")

        self.say("Running …")
        self.show(await trial(self.bench, self.base(), self.draft(), progress=tell))

    async def _optimise(self) -> None:
        from genesis.prompts.optimise import optimise

        self.say("Optimising …")
        found = await optimise(self.bench, self.draft(), evaluations=self.evaluations.value, say=self.say)
        if found.best != found.start:
            self.desk.save(found.best.instructions, self.old.value)
            self._put(found.best.instructions, "GEPA's proposal is the draft now.")
        self.say(found.words())

    def show(self, found: Trial) -> None:
        """Show a trial."""
        self.found = found
        self.note.value = f'<div class="genesis-note">{_text(found.note())}</div>' if found.note() else ""
        self.totals.value = totals_html(found)
        self._show_rows()
        self.result.layout.display = ""
        self.say(f"{found.words()} ({found.asked:,} calls sent)")

    def _show_rows(self) -> None:
        if self.found is not None:
            self.rows.value = trial_html(self.found, "" if self.only.value == ALL else self.only.value)

    # --- keeping -------------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Write what was tried as a version; what is written now must be what was tried."""
        try:
            found, told = self.found, self.draft()
            if found is None or found.new.prompt != told:
                self.say("The text has changed since it was run: run it again, then keep it.", "bad")
                return
            today = datetime.date.today().isoformat()
            author, numbers = self.rater.value, found.numbers()
            path = keep(told, self.name.value, parent=self.old.value, author=author, date=today, trial=numbers)
            self.desk.discard()
        except (GenesisError, OSError) as error:
            self.say(str(error), "bad")
            return
        self.old.options = names(self.bench.agent)
        self.old.value = self.name.value
        self.say(f"Kept as {path}: prompts: {{{self.bench.agent}: {self.name.value}}}")

    def discard(self) -> None:
        """Take the draft away and go back to what is compared with."""
        try:
            self.desk.discard()
            self._put(self.base().instructions, "The draft is discarded.")
        except (GenesisError, OSError) as error:
            self.say(str(error), "bad")
            return
        self.result.layout.display = "none"
        self.found = None

    def say(self, words: str, kind: str = "good") -> None:
        """Show one line under the buttons."""
        self.status.value = f'<div class="genesis-{kind}">{_text(words)}</div>'


def _text(words: str) -> str:
    return html.escape(visible(words))


def _ago(at: float) -> str:
    return f"{datetime.datetime.fromtimestamp(at):%d %b %H:%M:%S}"
