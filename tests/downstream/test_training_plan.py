"""Training, as far as it needs no torch: parts and rows of the recipes, the plan on paper, and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from weather import dialogues

from genesis.cli import main
from genesis.dialogue import Dialogue, Verdict
from genesis.downstream.training.plan import SHAPES, Shape, Sizes, grpo_plan, memory_gb, scaled, sft_plan, shape_of
from genesis.downstream.training.rows import load, part, rl_decisions, sft_rows
from genesis.params import TrainParams

SAMPLE = Path(__file__).resolve().parents[2] / "genesis" / "data" / "sample" / "dialogues.jsonl"


def _write(path: Path, rows: list[Dialogue]) -> str:
    path.write_bytes(b"".join(msgspec.json.encode(row.to_row()) + b"\n" for row in rows))
    return str(path)


def test_rl_part_divides_the_data_and_rl_all_does_not() -> None:
    found = load(str(SAMPLE), "sft", "sft").dialogues
    first, second = part(found, "sft", "rl_part"), part(found, "grpo", "rl_part")
    assert len(first) + len(second) == len(found)
    for dialogue in second:
        assert dialogue.scenario is not None
        assert dialogue.scenario.special == "none"
        assert sum(message.role == "user" for message in dialogue.messages) > 1
    assert second
    assert {one.scenario.special for one in first if one.scenario} > {"none"}
    assert part(found, "sft", "rl_all") == part(found, "grpo", "rl_all") == list(found)


def test_failed_dialogues_teach_nothing_and_are_counted(tmp_path: Path) -> None:
    failed = replace(dialogues(1)[0], verdicts=(Verdict("rule:1", "fail", ("x",)),))
    found = load(_write(tmp_path / "d.jsonl", [failed, *dialogues(3)]), "sft", "sft")
    assert (found.about["dialogues"], found.about["failed"], found.about["kept"]) == (4, 1, 3)


def test_rows_are_those_on_disk() -> None:
    rows = sft_rows(dialogues(2))
    assert rows == [{key: row.to_row()[key] for key in ("messages", "tools")} for row in dialogues(2)]
    assert rows[0]["messages"][1]["tool_calls"][0]["function"]["arguments"] == {"city": "Oslo", "unit": "celsius"}


def test_reasoning_can_be_left_out() -> None:
    first = dialogues(1)[0]
    thought = replace(first.messages[1], reasoning="Oslo is a city.")
    found = [replace(first, messages=(first.messages[0], thought, *first.messages[2:]))]
    assert sft_rows(found)[0]["messages"][1]["reasoning_content"] == "Oslo is a city."
    assert "reasoning_content" not in sft_rows(found, reasoning=False)[0]["messages"][1]


def test_grpo_asks_no_decision_that_its_rewards_cannot_judge() -> None:
    assert [one.id for one in rl_decisions(dialogues(4))] == ["w00:1", "w01:1", "w02:1", "w03:1"]


@pytest.mark.parametrize(
    ("name", "billions"), [("qwen3-0.6b", 0.596), ("qwen3-1.7b", 1.721), ("qwen3-4b", 4.022), ("qwen3-8b", 8.191)]
)
def test_parameters_are_those_the_model_cards_give(name: str, billions: float) -> None:
    assert SHAPES[name].parameters / 1e9 == pytest.approx(billions, abs=0.001)


def test_shape_of_a_folder(tmp_path: Path) -> None:
    config = {"num_hidden_layers": 2, "hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2}
    (tmp_path / "config.json").write_text(json.dumps({**config, "vocab_size": 100, "tie_word_embeddings": True}))
    assert shape_of(str(tmp_path)) == Shape(2, 8, 16, 2, 2, 4, 100, True)
    assert shape_of("Qwen/Qwen3-8B") == SHAPES["qwen3-8b"]
    assert shape_of("nobody/knows") is None


def test_sft_plan_counts_and_grows_with_what_it_should() -> None:
    sizes = Sizes((100, 200, 5000), (10, 20, 30), exact=True)
    train = TrainParams(batch=2, epochs=3)
    plan = sft_plan(sizes, SHAPES["qwen3-8b"], train)
    assert (plan["rows"], plan["too_long"], plan["tokens"], plan["trained_tokens"]) == (2, 1, 300, 30)
    assert (plan["steps"], plan["longest"]) == (3, 200)
    many = sft_plan(scaled(sizes, 30_000), SHAPES["qwen3-8b"], train)
    assert (many["rows"], many["tokens"]) == (20_000, 3_000_000)
    wide = replace(train, batch=64, micro_batch=64)
    part, full = (
        sft_plan(scaled(sizes, 30_000), SHAPES["qwen3-8b"], replace(wide, method=method)) for method in ("lora", "full")
    )
    assert full["hours"] == pytest.approx(part["hours"] * 4 / 3, rel=0.02)
    assert full["memory_gb"] > 140 > 80 > many["memory_gb"]
    assert (full["fits"], many["fits"]) == (False, True)


def test_plan_of_small_micro_batches_is_what_was_measured() -> None:
    """experiments/real_student: 5 steps of 16 rows, one at once, took 53 s where arithmetic alone takes 9."""
    rows = scaled(Sizes((908,), (129,), exact=True), 8000)
    one, eight = (sft_plan(rows, SHAPES["qwen3-8b"], TrainParams(epochs=1, micro_batch=n)) for n in (1, 8))
    assert one["hours"] * 3600 / 100 == pytest.approx(53, rel=0.05)
    assert one["hours"] / eight["hours"] == pytest.approx(53 / 9.1, rel=0.05)
    assert eight["memory_gb"] > one["memory_gb"]


def test_grpo_plan_counts_completions() -> None:
    sizes = Sizes((100, 300), (10, 30), exact=True)
    plan = grpo_plan(sizes, SHAPES["qwen3-8b"], TrainParams(batch=8, epochs=2, generations=8))
    assert plan["completions"] == 2 * 8 * 2
    assert plan["generated_tokens"] == 40 * 8 * 2
    assert plan["steps"] == 4
    assert plan["longest"] == 300 + 512
    assert grpo_plan(sizes, None, TrainParams())["memory_gb"] is None


def test_longer_rows_need_more_memory() -> None:
    train = TrainParams()
    assert memory_gb(SHAPES["qwen3-8b"], train, 4000) > memory_gb(SHAPES["qwen3-8b"], train, 1000) > 16.4


def test_dry_run_plans_ten_thousand_dialogues(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "sft", "--data", str(SAMPLE), "--dry-run", "--rows", "10000", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["rows"], plan["model"], plan["tokens_exact"]) == (10_000, "Qwen/Qwen3-8B", False)
    assert any("on paper" in line for line in plan["assumed"])
    assert main(["train", "grpo", "--data", str(SAMPLE), "--dry-run", "-p", "train.recipe=rl_part"]) == 0
    assert "completions" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sft", "--dry-run"], "train.data is empty"),
        (["sft", "--dry-run", "--data", "/absent.jsonl"], "absent.jsonl"),
        (["sft", "--dry-run", "--data", str(SAMPLE), "--rows", "0"], "expected at least 1"),
        (["sft", "--dry-run", "--data", str(SAMPLE), "-p", "train.recipe=rl"], "train.recipe"),
        (["score", "nowhere", "--benchmark", "bfcl", "--batch", "0"], "expected --batch"),
        (["grpo", "--dry-run", "--data", "SINGLE", "-p", "train.recipe=rl_part"], "none of 4 dialogues is for grpo"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    single = _write(tmp_path / "d.jsonl", dialogues(4))
    assert main(["train", *(single if one == "SINGLE" else one for one in arguments)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("genesis.downstream.training.models.missing", lambda: ["torch", "trl"])
    single = _write(tmp_path / "d.jsonl", dialogues(4))
    assert main(["train", "sft", "--data", single, "--out", str(tmp_path / "out")]) == 2
    assert "training needs torch, trl: pip install 'genesisfunc-workbench[train]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
