"""What people drive in JupyterLab: panels that write to a run's folder.

review(run, rater="ann")                  # the cell shows the review panel
review(run, rater="ann", queue="audit")   # a random sample: what the checks said stays hidden until asked for
prompts(bench, rater="ann")               # the prompt panel
"""

from __future__ import annotations

from genesis.widgets.prompts import prompts as prompts
from genesis.widgets.review import review as review

__all__ = ["prompts", "review"]
