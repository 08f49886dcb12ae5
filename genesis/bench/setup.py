"""What the benches share: tools and parameters of a fixed size, and what a process uses."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from genesis.params import Params, from_dict
from genesis.tools.pool import ToolPool
from genesis.tools.tool import Tool


def bench_pool(tools: int = 480) -> ToolPool:
    """Return tools of one size: a prompt that offers six of them has about 1,500 tokens."""
    things = ("hotel room", "train seat", "rental car", "concert ticket", "restaurant table", "museum visit")
    acts = ("book", "find", "cancel", "compare", "review", "price", "change", "watch")
    made = []
    for number in range(tools):
        act, thing = acts[number % len(acts)], things[number // len(acts) % len(things)]
        name = f"{act}_{thing.replace(' ', '_')}" + (f"_{number}" if number >= len(acts) * len(things) else "")
        properties = {
            "city": {"type": "string", "description": f"The city in which to {act} the {thing}, for example Oslo."},
            "date": {"type": "string", "description": "The day it is for, in the form YYYY-MM-DD.", "format": "date"},
            "count": {"type": "integer", "description": "The number of people who take part.", "minimum": 1},
            "grade": {"type": "string", "description": "The comfort wanted.", "enum": ["basic", "standard", "premium"]},
        }
        schema = {"type": "object", "properties": properties, "required": ["city", "date"]}
        description = (
            f"{act.capitalize()} a {thing} in a city on a given day. The result names the provider, the price in "
            f"euros and whether the {thing} can be had; nothing is paid for before the user has confirmed it."
        )
        made.append(Tool(name, description, schema, domain="travel", source="bench"))
    return ToolPool(tuple(made))


def bench_params(url: str, concurrency: int, seed: int) -> Params:
    """Return parameters of an endless plan of alike dialogues, one task with six tools on offer."""
    return from_dict(
        {
            "experiment": "bench",
            "seed": seed,
            "lm": "openai/bench",
            "api_base": url,
            "concurrency": concurrency,
            "dialogues_per_tool": 100,
            "mix": {"single/single/multiple": 1, "multi/single/multiple": 1},
            "hard_distractors": 3,
            "easy_distractors": 2,
        }
    )


def peak_mb() -> float:
    """Return the most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb() -> float:
    """Return the memory this process holds now, in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
