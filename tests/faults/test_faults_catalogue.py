"""The fault catalogue has a test for every row; the rows that hold for all code: clocks, pickles, evaluated text."""

from __future__ import annotations

import ast
import asyncio
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import dspy
import pytest
from catalogue import CATALOGUE

from genesis.lm.caller import open_caller
from genesis.lm.testing import Call, Reaction, Server
from genesis.params import from_dict

ROOT = Path(__file__).resolve().parent.parent.parent
UNSAFE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


@pytest.mark.parametrize("row", CATALOGUE)
def test_every_row_names_tests_that_are_there_and_run(row: str) -> None:
    assert CATALOGUE[row]
    for place in CATALOGUE[row]:
        file, _, name = place.partition("::")
        functions = {
            node.name: node
            for node in ast.walk(ast.parse((ROOT / "tests" / file).read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert name in functions, place
        marks = " ".join(ast.unparse(mark) for mark in functions[name].decorator_list)
        assert "skip" not in marks, place
        assert "xfail" not in marks, place


def unsafe(tree: ast.AST) -> Iterator[str]:
    """Yield what evaluates text or reads pickles."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in UNSAFE)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNSAFE:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            called, keys = ast.unparse(node.func), {key.arg for key in node.keywords}
            if called == "yaml.load" and "Loader" in keys:
                continue
            if called in ("eval", "exec", "yaml.load", "yaml.unsafe_load", "torch.load", "pd.read_pickle"):
                yield called
            elif any(key.arg == "allow_pickle" and ast.unparse(key.value) != "False" for key in node.keywords):
                yield f"{called}(allow_pickle)"


def test_nothing_is_evaluated_or_unpickled() -> None:
    assert list(unsafe(ast.parse("import dill\neval('1')\nnp.load(f, allow_pickle=True)"))) == [
        "dill", "eval", "np.load(allow_pickle)",
    ]  # fmt: skip
    found = {
        str(path.relative_to(ROOT)): bad
        for path in sorted((ROOT / "genesis").rglob("*.py"))
        if (bad := list(unsafe(ast.parse(path.read_text()))))
    }
    assert found == {}


class Colour(dspy.Signature):
    """Name a colour."""

    thing: str = dspy.InputField()
    colour: str = dspy.OutputField()


async def test_a_clock_that_jumps_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    year = 365 * 86400.0
    now, jumps = time.time(), cycle([0.0, year, -year])
    monkeypatch.setattr(time, "time", lambda: now + next(jumps))

    def script(call: Call) -> Reaction:
        busy = call.number % 3 == 1
        return Reaction(status=503) if busy else Reaction("[[ ## colour ## ]]\nblue\n\n[[ ## completed ## ]]")

    with Server(script, latency=0.01) as server:
        settings = {"lm": "openai/any", "api_base": server.url, "timeout": 20.0, "concurrency": 4}
        params = from_dict({**settings, "rpm": {"any": 6000}, "retries": 6})
        async with asyncio.timeout(300), open_caller(params, tmp_path) as caller:  # no wait is a year long
            asks = [caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=seed) for seed in range(12)]
            replies = await asyncio.gather(*asks)
    assert {reply.outcome for pair in replies for reply in pair} == {"good"}
    assert caller.usage["user"].possibly_billed == 0
