"""README and docs name commands that parse, and files that are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from needs import ROOT

from genesis.cli import build_parser

PAGES = ("README.md", *(f"docs/{file.name}" for file in sorted((ROOT / "docs").glob("*.md"))))


def commands(page: str) -> list[str]:
    """Return the ``genesis`` lines of a page's code blocks, comments cut."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", (ROOT / page).read_text(), re.S | re.M)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    parts = [part for line in lines for part in re.split(r"\s+#\s| && | > ", line)[:2] if part.startswith("genesis ")]
    return [part.strip() for part in parts]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_the_page_is_one(page: str) -> None:
    parser = build_parser()
    for command in commands(page):
        arguments = parser.parse_args(shlex.split(command)[1:])
        assert callable(arguments.handler), command


@pytest.mark.parametrize("page", PAGES)
def test_every_file_the_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text()
    folder = (ROOT / page).parent
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (folder / target).exists(), target
    for file in re.findall(r"`((?:params|notebooks|experiments)/[\w/.]+?)/?`", text):
        if file not in ("params/mine.yaml", "experiments/mine", "params/prompts"):
            assert (ROOT / file).exists() or Path(ROOT / f"{file}.ipynb").exists(), file


def test_readme_is_short_and_its_pictures_light() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 250
    assert len(commands("README.md")) > 12
    for picture in (ROOT / "docs").glob("*.png"):
        assert picture.stat().st_size < 250_000, picture.name
