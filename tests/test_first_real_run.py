"""The first real run, walked through by command line over real HTTP, with a model that answers untidily."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from needs import ROOT
from test_untidy_session import Untidy

from genesis import params
from genesis.cli import main
from genesis.formats import dialogues
from genesis.lm.testing import Call, Reaction, Server

VLLM, API = ROOT / "params/first_real_run.yaml", ROOT / "params/first_real_run_api.yaml"
MODEL = "Qwen/Qwen3-8B"


class FirstModel(Untidy):
    """Untidy with the agents, plain with the questions of ``genesis lm check``."""

    def __call__(self, call: Call) -> Reaction:
        if any(message["role"] == "system" for message in call.messages):
            return super().__call__(call)
        if "tools" in call.body or "response_format" in call.body:
            return Reaction(status=400, body=b'{"error": {"message": "not supported"}}')
        return Reaction(["blue"] * call.n)


@pytest.fixture
def walk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command in an empty folder; return its exit code and the one JSON object on its standard output."""
    monkeypatch.chdir(tmp_path)

    def step(*words: str) -> tuple[int, dict[str, Any]]:
        code = main([*words, "--json"])
        told = capsys.readouterr()
        assert told.out.count("\n") == 1, f"{' '.join(words)}: exit {code}: {told.out}{told.err}"
        return code, json.loads(told.out)

    return step


@pytest.mark.slow
def test_the_first_real_run_from_check_to_the_training_command(walk: Any, tmp_path: Path) -> None:
    with Server(FirstModel(bad_share=0.06), models=(MODEL,)) as server:
        code, found = walk("lm", "check", f"openai/{MODEL}", "--api-base", server.url)
        assert code == 0
        assert found["usable"], found
        asked = server.calls

        code, plan = walk("plan", str(VLLM))
        assert code == 0
        assert plan["dialogues"] == 20
        assert plan["total"]["calls"] < 2000, "what is planned fits the cap"
        assert server.calls == asked, "a plan asks no model"

        code, made = walk("run", str(VLLM), "-p", f"api_base={server.url}", "--out", "experiments")
        assert code == 0
        run = Path(made["run"])
        meta = json.loads((run / "run.json").read_text())
        assert meta["simulated"] is False
        assert meta["counts"]["planned"] == 20
        assert meta["counts"]["accepted"] >= 12
        assert meta["calls"] == server.calls - asked, "every paid call is counted, and no other was made"
        assert (run / "report.html").stat().st_size > 10_000

        reviewed = _review(walk, run, tmp_path / "sheet.csv")
        left = list(dialogues(run / "dialogues.parquet"))
        assert reviewed not in {dialogue.id for dialogue in left}, "what a person rejected is not exported"

        code, written = walk("export", str(run), "--format", "trl", "--out", str(tmp_path / "data"))
        assert code == 0
        assert written["rows"]["train"] == len(left)
        file = next((tmp_path / "data").glob("train.*"))
        code, training = walk("train", "sft", "--data", str(file), "--dry-run")
        assert code == 0
        assert training
        assert server.calls == asked + meta["calls"], "review, export and the dry run ask no model"


def _review(walk: Any, run: Path, sheet: Path) -> str:
    """Decide on every dialogue of an audit, reject the first; return its id."""
    code, found = walk("review", "export", str(run), str(sheet), "--what", "audit")
    assert code == 0
    assert found["rows"] > 0
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for index, row in enumerate(rows):
        row |= {"rater": "ann", "decision": "accept" if index else "reject", "reasons": "" if index else "unnatural"}
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    code, found = walk("review", "import", str(run), str(sheet))
    assert code == 0
    assert found["added"] == len(rows)
    code, _ = walk("review", "apply", str(run))
    assert code == 0
    return rows[0]["id"]


def test_a_budget_caps_both_variants() -> None:
    local, api = params.load(VLLM, []), params.load(API, [])
    for one in (local, api):
        assert one.budget.calls
        assert one.budget.tokens
        assert one.pool.size * one.dialogues_per_tool == 20
    assert api.budget.usd
    assert api.lm in api.prices, "a cap in dollars needs a price"
    assert not any("KEY=" in line and "..." not in line for line in API.read_text().splitlines())
