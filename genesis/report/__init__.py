"""What people look at after a run: report.html, and the short table in the terminal.

::

    section.py    a section as data: title, rows, note
    numbers.py    numbers as a reader sees them
    measures.py   which measures come first; the short table
    sections.py   what a run's page says, section by section: add one there
    page.py       the page itself: one self-contained file, without scripts, all text escaped
    run.py        the page of a run or an audit
    sweep.py      the page of a sweep
"""

from genesis.report.measures import headline, metrics_parts, rejection_reasons, student_rows, summary_rows
from genesis.report.numbers import flat, shown
from genesis.report.run import build
from genesis.report.section import Row, Section
from genesis.report.sweep import build_sweep

__all__ = [
    "Row",
    "Section",
    "build",
    "build_sweep",
    "flat",
    "headline",
    "metrics_parts",
    "rejection_reasons",
    "shown",
    "student_rows",
    "summary_rows",
]
