"""The panel in the kernel: drafts survive, two panels never overwrite each other, what is kept is what was run."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from prompt_cases import small

from genesis.errors import RecordError
from genesis.prompts import open_bench, prompt
from genesis.prompts.drafts import Desk
from genesis.widgets.prompts import Panel

EVIL = "<script>window.pwned=1</script>"


def panel(project: Path, rater: str = "ann") -> Panel:
    return Panel(open_bench("user", small(), project / "experiments"), rater=rater)


def type_in(one: Panel, text: str) -> None:
    """What the browser sends at one change."""
    one.edit.set_state({"text": text, "number": one.edit.number + 1})


async def ran(one: Panel) -> None:
    one.run()
    assert one.task is not None
    await one.task


def test_a_new_panel_goes_on_from_the_newest_draft(project: Path) -> None:
    first = panel(project)
    type_in(first, f"Be kind. {EVIL}")
    assert first.edit.saved == first.edit.number == 1
    second = panel(project)
    assert second.edit.text == f"Be kind. {EVIL}"
    assert EVIL not in second.diff.value
    assert "&lt;script&gt;" in second.diff.value
    type_in(second, "Be kinder.")
    type_in(first, "Be kind and quick.")  # it still lives
    files = sorted(json.loads(file.read_text())["instructions"] for file in first.desk.folder.glob("*.json"))
    assert files == ["Be kind and quick.", "Be kinder."]
    third = panel(project)
    assert third.edit.text == "Be kind and quick."
    assert "1 other draft" in third.edit.note


def test_a_draft_may_be_a_megabyte_and_a_trial_of_it_is_refused_in_words(project: Path) -> None:
    one = panel(project)
    type_in(one, "word " * 200_000)
    assert len(panel(project).edit.text) == 1_000_000
    asyncio.run(ran(one))
    assert "expected at most 100,000" in one.status.value
    type_in(one, "")
    asyncio.run(ran(one))
    assert "empty" in one.status.value


def test_a_draft_that_cannot_be_written_is_not_called_saved(project: Path) -> None:
    one = panel(project)
    one.desk.folder.parent.mkdir(parents=True)
    one.desk.folder.write_text("a file where the folder should be")
    type_in(one, "Be kind.")
    assert one.edit.saved == 0
    assert "cannot be written" in one.status.value


def test_run_keep_and_discard(project: Path) -> None:
    one = panel(project)
    one.keep()
    assert "run it again" in one.status.value
    type_in(one, "You play a person.")
    asyncio.run(ran(one))
    assert "does not read instructions" in one.note.value
    assert "12 the same" in one.status.value or "12 same" in one.status.value
    one.name.value = "../x"
    one.keep()
    assert "no version name" in one.status.value
    one.name.value = "brief"
    type_in(one, "You play a person!")
    one.keep()
    assert "has changed since it was run" in one.status.value
    type_in(one, "You play a person.")
    one.keep()
    assert prompt("user", "brief").instructions == "You play a person."
    assert one.old.value == "brief"
    assert not list(one.desk.folder.glob("*.json"))
    type_in(one, "Another.")
    one.discard()
    assert one.edit.text == "You play a person."
    assert not list(one.desk.folder.glob("*.json"))


def test_stop_keeps_what_is_made(project: Path) -> None:
    one = panel(project)
    type_in(one, "You play a person.")

    async def stopped() -> None:
        one.run()
        while "scenarios," not in one.status.value:
            await asyncio.sleep(0)
        one.stop()
        assert one.task is not None
        await one.task

    asyncio.run(stopped())
    assert "Stopped" in one.status.value
    asyncio.run(ran(one))
    assert "12 same" in one.status.value


def test_a_damaged_draft_is_named(project: Path) -> None:
    desk = Desk(project / "experiments", "user")
    desk.save("text", "built-in")
    desk.file.write_bytes(b"{")
    with pytest.raises(RecordError, match=desk.file.name):
        Desk(project / "experiments", "user").newest()
