"""A model that reads instructions: it errs until the agent's instructions tell it what the checks have said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from genesis.lm.offline import reply
from genesis.lm.testing import Call, Reaction, Script
from genesis.params import Params, from_dict

CURE = "Copy every value exactly as the person gave it."
SICK = {"wrong_value": 0.9}


def small(**values: Any) -> Params:
    """Parameters of twelve scenarios with calls, two candidates each."""
    mix = {"single/single/multiple": 3, "multi/single/multiple": 1}
    return from_dict({"pool": {"path": "pool.jsonl"}, "mix": mix, "n": 2, "seed": 3, **values})


def responsive(writes: str = CURE, seen: list[str] | None = None, sick: Callable[[str], bool] | None = None) -> Script:
    """Return a script: the function agent writes wrong values unless its instructions hold CURE.

    Asked to rewrite instructions, it adds ``writes``, and only where the feedback speaks of a rejection.
    """
    ill = sick or (lambda system: CURE not in system)

    def script(call: Call) -> Reaction:
        system, user = call.messages[0]["content"], call.messages[-1]["content"]
        if "output fields are:\n1. `improved`" in system:
            if seen is not None:
                seen.append(user)
            present = user.split("[[ ## present ## ]]")[1].split("[[ ## dialogues ## ]]")[0].strip()
            better = f"{present}\n{writes}" if "rejected:" in user else present
            return Reaction(f"[[ ## improved ## ]]\n{better}\n\n[[ ## completed ## ]]")
        errors = SICK if "output fields are:\n1. `calls`" in system and ill(system) else {}
        seed = int(call.body.get("seed", 0))
        return Reaction([reply(call.messages, seed=seed, sample=n, errors=errors) for n in range(call.n)])

    return script
