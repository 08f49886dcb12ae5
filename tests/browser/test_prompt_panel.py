"""Someone edits a prompt in a real JupyterLab, runs, keeps; the kernel is killed under what is being typed."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from lab import ARGUMENTS, chromium, jupyterlab, open_notebook, run_all, wait_for_kernel, with_parameters
from needs import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EVIL = '<img src=x onerror="window.pwned=1">'
WAIT = 90_000


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Any]:
    path = chromium()
    from playwright.sync_api import sync_playwright

    project = tmp_path / "project"
    for folder in ("notebooks", "params"):
        (project / folder).mkdir(parents=True)
    source = ROOT / "notebooks" / "01_prompts.ipynb"
    values = {"agent": "user", "prompts": {}, "seed": 0, "pool": {"sources": ["bfcl"], "size": 12}, "lm": "offline"}
    values |= {"api_base": "", "n": 2, "budget": {}, "rater": "ann"}
    with_parameters(source, project / "notebooks" / "01_prompts.ipynb", **values)
    with sync_playwright() as playwright, jupyterlab(project, tmp_path) as address:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        opened = browser.new_page(viewport={"width": 1280, "height": 1600})
        open_notebook(opened, address, "notebooks/01_prompts.ipynb")
        yield opened
        browser.close()


def drafts(project: Path) -> list[str]:
    files = (project / "experiments" / "prompts" / "drafts" / "user").glob("*.json")
    return sorted(json.loads(file.read_text())["instructions"] for file in files)


def panel(page: Any, words: str) -> None:
    page.locator(".genesis-prompts", has_text=words).wait_for(timeout=WAIT)


def kill_kernel() -> None:
    """Kill the kernel that the server of this test started, as a full memory would."""
    kernels = [
        child
        for child in psutil.Process().children(recursive=True)
        if any("ipykernel" in word for word in child.cmdline())
    ]
    assert kernels
    for kernel in kernels:
        os.kill(kernel.pid, signal.SIGKILL)


def test_edit_run_keep_and_a_killed_kernel_loses_no_edit(page: Any, tmp_path: Path) -> None:
    project = tmp_path / "project"
    run_all(page)
    area = page.locator(".genesis-prompts textarea[aria-label=instructions]")
    area.wait_for(timeout=2 * WAIT)
    wait_for_kernel(page)  # the cells below have run: what is typed is heard at once
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    area.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(f"\nBe brief. {EVIL}")
    panel(page, "Saved.")
    page.locator(".genesis-prompts ins", has_text="Be brief.").wait_for(timeout=WAIT)  # as text
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells  # no key reached the notebook
    (draft,) = drafts(project)
    assert draft.endswith(f"\nBe brief. {EVIL}")

    page.locator(".genesis-prompts button", has_text="Run both").click()
    panel(page, "12 same")
    panel(page, "does not read instructions: the expected difference is 0")
    assert page.evaluate("window.pwned") is None
    page.locator(".genesis-prompts input[placeholder='name of the version']").fill("brief")
    page.keyboard.press("Tab")
    page.locator(".genesis-prompts button", has_text="Keep").click()
    panel(page, "Kept as")
    kept = json.loads((project / "params" / "prompts" / "brief.json").read_text())
    assert kept["instructions"] == draft
    assert (kept["author"], kept["parent"]) == ("ann", "built-in")
    assert kept["trial"]["totals"]["acceptance"]["value"] == 0
    if folder := os.environ.get("GENESIS_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / "prompts_desktop.png"))

    area.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" First on disk.")
    panel(page, "Saved.")
    page.wait_for_timeout(500)
    kill_kernel()
    page.keyboard.type(" Then typed while dead.")
    (draft,) = drafts(project)
    assert draft.endswith(" First on disk.")  # what the kernel had is on its disk
    panel(page, "Not on the disk yet: the kernel does not answer.")

    page.reload()
    open_notebook(page, page.url.partition("/lab")[0], "notebooks/01_prompts.ipynb")
    run_all(page)
    area.wait_for(timeout=2 * WAIT)
    panel(page, "Text typed while no kernel answered is back")
    assert area.input_value().endswith(" First on disk. Then typed while dead.")
    assert any(text.endswith(" First on disk. Then typed while dead.") for text in drafts(project))
    shutil.rmtree(project / "experiments")
