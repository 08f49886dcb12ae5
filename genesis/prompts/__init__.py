"""Prompt iteration: try an agent's instructions on a fixed set of scenarios, compare, keep or discard.

    bench = open_bench("user", params, root)
    found = await trial(bench, bench.built_in(), bench.built_in().with_text("You play a person. Be brief."))
    print(found.words())
    keep(found.new.prompt, "user-brief", parent="built-in", author="ann", date="2026-11-26", trial=found.numbers())

::

    versions.py    prompts and the versions kept of them
    drafts.py      what is being written, on the disk at every change
    bench.py       the fixed scenarios, and what each prompt makes of them
    trial.py       two prompts side by side
    show.py        the same as HTML and tables, every text escaped
    optimise.py    GEPA over whole dialogues, with the rules' reasons as feedback
"""

from __future__ import annotations

from genesis.prompts.bench import Bench as Bench
from genesis.prompts.bench import open_bench as open_bench
from genesis.prompts.trial import Trial as Trial
from genesis.prompts.trial import draft_trial as draft_trial
from genesis.prompts.trial import trial as trial
from genesis.prompts.versions import BUILT_IN as BUILT_IN
from genesis.prompts.versions import Prompt as Prompt
from genesis.prompts.versions import keep as keep
from genesis.prompts.versions import names as names
from genesis.prompts.versions import prompt as prompt
from genesis.prompts.versions import versions as versions

__all__ = [
    "BUILT_IN",
    "Bench",
    "Prompt",
    "Trial",
    "draft_trial",
    "keep",
    "names",
    "open_bench",
    "prompt",
    "trial",
    "versions",
]
