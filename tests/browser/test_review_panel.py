"""Someone works through a review queue in a real JupyterLab, with mouse and keyboard; the files on disk are right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lab import (
    ARGUMENTS,
    chromium,
    jupyterlab,
    open_notebook,
    restart_and_run_all,
    run_all,
    wait_for_kernel,
    with_parameters,
)
from needs import ROOT
from playwright.sync_api import expect
from review_cases import dialogue, make_run, with_model

from genesis.chat import Message
from genesis.record import Run
from genesis.review import decisions

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=2</script>'
WAIT = 15_000


def hostile(number: int) -> Any:
    found = dialogue(number)
    evil = (replace(found.messages[0], content=f"{EVIL} Weather in Oslo? " + found.messages[0].content),)
    last = (Message("assistant", found.messages[-1].content + f" {EVIL}"),)
    return replace(found, messages=evil + found.messages[1:-1] + last)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = make_run(tmp_path / "experiments", [hostile(0), *(dialogue(number) for number in range(1, 6))])
    with_model(made, {"d0000": 0.3, "d0001": 0.4, "d0002": 0.5, "d0003": 0.6, "d0004": 0.7, "d0005": 0.99})
    return made


@pytest.fixture
def page(browser: Any, run: Run, tmp_path: Path) -> Iterator[Any]:
    folder = tmp_path / "work"
    folder.mkdir()
    source = ROOT / "notebooks" / "31_review.ipynb"
    with_parameters(source, folder / "review.ipynb", run=str(run.path), rater="ann", queue="doubt", audit_size=3)
    with jupyterlab(folder, tmp_path) as address:
        opened = browser.new_page(viewport={"width": 1280, "height": 1500})
        open_notebook(opened, address, "review.ipynb")
        yield opened
        opened.close()


def cells(page: Any) -> int:
    return int(page.locator(".jp-Notebook .jp-Cell").count())


def shown(page: Any) -> str:
    return str(page.locator(".genesis-dialogue").inner_text())


def status(page: Any, words: str) -> None:
    page.locator(".genesis-review", has_text=words).wait_for(timeout=WAIT)


def made(run: Run) -> list[tuple[str, str]]:
    return [(one.decision, one.id) for one in decisions.read(run)]


def click(page: Any, words: str) -> None:
    page.wait_for_timeout(200)
    page.locator(".genesis-review button", has_text=words).click()


def test_a_queue_is_worked_through(page: Any, run: Run, tmp_path: Path) -> None:
    run_all(page)
    page.wait_for_selector(".genesis-review .genesis-dialogue", timeout=60_000)
    status(page, "1 of 5")
    before = cells(page)
    assert EVIL in shown(page)  # as text
    assert page.evaluate("window.pwned") is None
    page.screenshot(path=str(tmp_path / "1_open.png"))

    click(page, "Accept")  # by mouse
    status(page, "Accepted d0000")
    page.keyboard.press("2")  # by keyboard: a reason, then reject
    page.locator(".genesis-review button.mod-active").wait_for(timeout=WAIT)
    page.screenshot(path=str(tmp_path / "2_reason.png"))
    page.keyboard.press("r")
    status(page, "Rejected d0001")
    assert made(run) == [("accept", "d0000"), ("reject", "d0001")]
    assert decisions.read(run)[1].reasons == ("wrong-value",)

    page.keyboard.press("u")
    status(page, "Taken back: reject d0001")
    status(page, "2 of 5")
    assert made(run)[2][0] == "undo"
    assert list(decisions.current(decisions.read(run))) == ["d0000"]

    page.keyboard.press("s")
    status(page, "Skipped d0001")
    status(page, "3 of 5")
    _fix(page, tmp_path)
    assert made(run)[-1] == ("fix", "d0002")
    assert decisions.read(run)[-1].edits[0]["arguments"] == {"city": "Lima", "unit": "celsius"}
    assert cells(page) == before  # no key reached the notebook

    page.reload()
    open_again(page)
    status(page, "2 of 5")  # the first open one: it was skipped
    status(page, "2 decided, 3 open")


def _fix(page: Any, tmp_path: Path) -> None:
    page.keyboard.press("f")
    area = page.locator(".genesis-review textarea").first
    area.wait_for(timeout=WAIT)
    save = page.locator(".genesis-review button", has_text="Save fix")
    expect(save).to_be_disabled(timeout=WAIT)
    area.fill('{"city": "Lima", "unit": "kelvin"}')
    page.locator(".genesis-bad", has_text="kelvin").wait_for(timeout=WAIT)
    page.screenshot(path=str(tmp_path / "3_fix.png"))
    expect(save).to_be_disabled(timeout=WAIT)
    area.fill('{"city": "Lima", "unit": "celsius"}')
    page.wait_for_function("() => !document.querySelector('.genesis-review button.mod-primary').disabled", timeout=WAIT)
    area.press("Control+Enter")
    status(page, "Fixed d0002")


def open_again(page: Any) -> None:
    wait_for_kernel(page)
    run_all(page)
    page.wait_for_selector(".genesis-review .genesis-dialogue", timeout=60_000)


def test_a_lost_kernel_loses_nothing(page: Any, run: Run) -> None:
    run_all(page)
    page.wait_for_selector(".genesis-review .genesis-dialogue", timeout=60_000)
    page.locator(".genesis-review .genesis-dialogue").click()
    page.keyboard.press("a")
    status(page, "Accepted d0000")
    restart_and_run_all(page)
    page.wait_for_timeout(1000)
    page.wait_for_selector(".genesis-review .genesis-dialogue", timeout=60_000)
    status(page, "2 of 5")
    assert made(run) == [("accept", "d0000")]
    wait_for_kernel(page)
    assert [row["id"] for row in run.rows("dialogues")] == ["d0000", "d0005"]  # the cells below have settled the run
    assert page.evaluate("window.pwned") is None


def test_without_a_name_nothing_is_decided_and_typing_is_no_command(page: Any, run: Run) -> None:
    run_all(page)
    page.wait_for_selector(".genesis-review .genesis-dialogue", timeout=60_000)
    name = page.locator(".genesis-review input").first
    name.fill("")
    name.press("Enter")
    status(page, "Write your name first")
    expect(page.locator(".genesis-review button", has_text="Accept")).to_be_disabled(timeout=WAIT)
    name.type("sara")
    name.press("Enter")
    page.wait_for_function("() => !document.querySelector('.genesis-review button.mod-success').disabled", timeout=WAIT)
    page.locator(".genesis-note textarea").type("a rather fishy uuu")
    page.locator(".genesis-dialogue").click()
    page.keyboard.press("a")
    status(page, "Accepted d0000")
    (one,) = decisions.read(run)
    assert (one.rater, one.note) == ("sara", "a rather fishy uuu")
