"""Text that wants to run as a script stays text: in report pages and in an executed notebook, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab import ARGUMENTS, chromium, jupyterlab, open_notebook, run_all
from review_cases import dialogue

from genesis import params, record, report
from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue, Verdict
from genesis.record import Run
from genesis.tools.pool import ToolPool, save_pool

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SCRIPT = "<script>window.pwned=1</script>"
IMAGE = '<img src=x onerror="window.pwned=2">'
EVIL = f"{SCRIPT}{IMAGE}</td></pre></textarea><svg onload=window.pwned=3><a href='javascript:window.pwned=4'>x</a>"
CELLS = (
    "from genesis import notebook, report, runs, views\nfrom genesis.metrics import source, frames",
    "step = notebook.begin(run)\nprint(step.note, step.caption)",
    "runs.frame(notebook.results_root())",
    "views.summary(step.run)",
    "views.pick(step.run, 2, seed=0)",
    "views.pick(step.run, 2, seed=0, name='rejected')",
    "views.reasons(step.run)",
    "views.students(step.run)",
    "from genesis.tools import views as tools\nfrom genesis.tools.pool import load_pool",
    "pool = load_pool(step.run.path / 'pool.jsonl')\ntools.table(pool)",
    "tools.one(pool, pool.tools[0].name)",
    "frames.twins(source.open_source(step.run.path).accepted)",
    "print('the end')",
)


def hostile(number: int) -> Dialogue:
    """A dialogue whose every text is an attack: tool, description, request, arguments, result, answer, verdict."""
    plain = dialogue(number)
    tool = replace(plain.tools[0], name=EVIL, description=EVIL)
    messages = (
        Message("user", EVIL),
        Message("assistant", EVIL, (ToolCall(f"call{EVIL}", EVIL, {EVIL: EVIL}),)),
        Message("tool", EVIL, tool_call_id=f"call{EVIL}"),
        Message("assistant", EVIL, reasoning=EVIL),
    )
    verdicts = (Verdict(EVIL, "fail", (EVIL,)),)
    return replace(plain, id=f"{number}{EVIL}", tools=(tool,), messages=messages, verdicts=verdicts)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    chosen = {"experiment": "hostile", "pool": {"path": EVIL}, "rules_off": [EVIL], "lm": f"openai/{EVIL}"}
    made = record.create(params.from_dict(chosen), tmp_path / "experiments")
    for name in ("dialogues", "rejected"):
        for number in range(3):
            made.append(name, hostile(number).to_row())
    save_pool(ToolPool(hostile(0).tools), made.file("pool.jsonl"))
    part = {"accuracy": 0.5, "interval": [0.4, 0.6], "n": 9}
    made.write_json("scores/evil.json", {"student": EVIL, "program": {EVIL: 1}, "aggregates": {EVIL: part}})
    made.update(counts={"planned": 6, "accepted": 3, "rejected": 3, "errored": 0}, notices=[EVIL], status="complete")
    made.write_json("parts/metrics.json", {"quality": {EVIL: {"value": 1.0}}})
    made.write_json("metrics.json", {"quality": {EVIL: {"value": 1.0}}})
    return made


@pytest.fixture
def browser() -> Iterator[Any]:
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


def inert(page: Any) -> None:
    """Nothing has run, no such element is there, and the attack can be read as text."""
    page.wait_for_timeout(500)
    assert page.evaluate("window.pwned") is None
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    assert page.locator("svg[onload]").count() == 0


def test_hostile_text_is_only_ever_text(browser: Any, run: Run, tmp_path: Path) -> None:
    file = report.build(run)
    # The page forbids scripts; that policy is switched off here, so that it is the escaping that is tested.
    page = browser.new_context(bypass_csp=True, viewport={"width": 1280, "height": 900}).new_page()
    page.goto(file.as_uri())
    for details in page.locator("details").all():
        details.evaluate("node => node.open = true")
    inert(page)
    assert page.inner_text("body").count(SCRIPT) > 20
    assert page.locator("script").count() == 0
    page.close()

    folder = tmp_path / "work"
    folder.mkdir()
    cells = [f"run = {str(run.path)!r}", *CELLS]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "hostile.ipynb")
    with jupyterlab(folder, tmp_path) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 6000})
        open_notebook(page, address, "hostile.ipynb")
        run_all(page)  # what a trusted session executes is shown unsanitised
        page.locator(".jp-OutputArea-output", has_text="the end").wait_for(timeout=120_000)
        inert(page)
        outputs = page.locator(".jp-OutputArea-output")
        assert not [text for text in outputs.all_inner_texts() if "Traceback" in text]
        shown = "".join(outputs.all_inner_texts())
        assert shown.count(SCRIPT) > 20
        page.close()
