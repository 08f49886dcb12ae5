"""Freeze the verdicts of bfcl-eval's own runner: ``python tests/downstream/freeze_bfcl.py`` (needs ``openai`` too).

Everything is the package's: the runner's per-entry functions, its OpenAI handler's decoding, its prompting decoder, its
checker and its data. Only ``model_config`` (which imports every vendor's SDK) is replaced, by two entries. The runner
calls ``eval`` on parts of model text, so run this with the predictions of ``frozen_cases.py`` only.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from types import ModuleType, SimpleNamespace
from typing import Any

from frozen_cases import CASES, freeze

from genesis.benchmarks import bfcl as data
from genesis.downstream import bfcl
from genesis.downstream.predictions import Prediction


def main() -> None:
    """Write ``frozen/bfcl.json``."""
    os.environ["BFCL_PROJECT_ROOT"] = tempfile.mkdtemp()
    os.environ.setdefault("OPENAI_API_KEY", "none")
    config: Any = ModuleType("bfcl_eval.constants.model_config")
    config.MODEL_CONFIG_MAPPING = {
        "native": SimpleNamespace(underscore_to_dot=True),
        "text": SimpleNamespace(underscore_to_dot=False),
    }
    sys.modules["bfcl_eval.constants.model_config"] = config
    items = bfcl.items()
    gold = bfcl.gold(items)
    verdicts: dict[str, dict[str, list[bool | None]]] = {}
    for case, make in CASES.items():
        per = verdicts[case] = {}
        for category in data.SINGLE_TURN:
            ids = [item.id for item in items if item.category == category]
            per[category] = official(category, [make(item, gold) for item in ids])
    from importlib import metadata

    freeze("bfcl", f"bfcl-eval {metadata.version('bfcl-eval')}, eval_runner's per-entry functions", verdicts)


def official(category: str, predictions: list[Prediction]) -> list[bool | None]:
    """Return the runner's verdicts on one category's predictions; None where the runner itself would stop."""
    from bfcl_eval.constants.enums import Language, ReturnFormat
    from bfcl_eval.eval_checker import eval_runner
    from bfcl_eval.model_handler.api_inference.openai_completion import OpenAICompletionsHandler
    from bfcl_eval.utils import is_java, is_js, is_relevance_or_irrelevance, load_dataset_entry, load_ground_truth_entry

    native = predictions[0].calls is not None
    name = "native" if native else "text"
    handler = OpenAICompletionsHandler(name, 0, name, native)
    prompts = load_dataset_entry(category, include_prereq=False, include_language_specific_hint=False)
    presence = is_relevance_or_irrelevance(category)
    golds = [] if presence else load_ground_truth_entry(category)
    kind = "JAVA" if is_java(category) else "JAVASCRIPT" if is_js(category) else "PYTHON"
    found: list[bool | None] = []
    for index, (prompt, prediction) in enumerate(zip(prompts, predictions, strict=True)):
        assert prompt["id"] == prediction.id
        result = _native(prediction) if native else prediction.text
        try:
            if presence:
                entry = eval_runner._evaluate_single_relevance_entry(
                    handler, prompt["id"], result, prompt, name, category
                )
            else:
                entry = eval_runner._evaluate_single_ast_entry(
                    handler,
                    prompt["id"],
                    result,
                    golds[index]["ground_truth"],
                    prompt,
                    name,
                    category,
                    Language[kind],
                    ReturnFormat[kind],
                )
            found.append(bool(entry["valid"]))
        except Exception:
            found.append(None)
    return found


def _native(prediction: Prediction) -> list[dict[str, str]]:
    """Return calls as a function-calling API gives them: names without dots, arguments as JSON text."""
    return [
        {name.replace(".", "_"): arguments if isinstance(arguments, str) else json.dumps(arguments)}
        for name, arguments in prediction.calls or ()
    ]


if __name__ == "__main__":
    main()
