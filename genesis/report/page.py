"""One self-contained page: figures embedded, all text escaped, no script; its content policy forbids all else."""

from __future__ import annotations

import base64
import importlib.resources
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genesis.dialogue import Dialogue
from genesis.display import dialogue_html, visible
from genesis.figures import SIMULATED
from genesis.report.section import Section


@dataclass(frozen=True, slots=True)
class Page:
    """What a page holds, from top to bottom; every text is escaped when it is written."""

    title: str
    line: str
    """One line under the title: which run, which LM, when, how far."""
    lm: str
    """Where the data comes from, as captions show it: the LM in words, or the file that was given."""
    simulated: bool
    tiles: Sequence[tuple[str, str]]
    """(name, number) of what a reader wants to know first."""
    sections: Sequence[Section]
    figures: Mapping[str, Path]
    """Name -> PNG; those that no section names stand at the end."""
    dialogues: Sequence[Dialogue]
    drawn: str
    """How the dialogues were drawn."""
    reproduce: str
    """The command that makes it again."""
    parameters: str
    """The parameters file that the command reads."""
    made_with: str
    """Code, commit and versions."""
    parameters_are: str = "params.yaml, in the run's folder or as here (what differs from the defaults):"
    """What the parameters file is."""


def write(page: Page, file: Path) -> Path:
    """Write the page and return its path. Raises OSError where the disk refuses."""
    file.write_text(render(page), encoding="utf-8")
    return file


def _spans(text: str) -> str:
    """Return a note as HTML, escaped, what stands between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(visible(text)))))


def render(page: Page) -> str:
    """Return the page as HTML."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    source = (importlib.resources.files("genesis") / "data" / "report.html.j2").read_text(encoding="utf-8")
    named = {name for section in page.sections for name in section.figures}
    images = {name: base64.b64encode(file.read_bytes()).decode() for name, file in page.figures.items()}
    environment.filters["spans"] = _spans
    context: dict[str, Any] = {
        "page": page,
        "images": images,
        "loose": [name for name in images if name not in named],
        "simulated": SIMULATED,
        "dialogues": [Markup(dialogue_html(dialogue)) for dialogue in page.dialogues],
    }
    return environment.from_string(source).render(context)
