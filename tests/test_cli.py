"""The command line as a user meets it: one clear line and exit code 2 for bad input, nothing half-made."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis.cli import build_parser

ROOT = Path(__file__).resolve().parent.parent
GENESIS = str(Path(sys.executable).with_name("genesis"))


def genesis(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([GENESIS, *arguments], cwd=cwd, capture_output=True, text=True, timeout=600, check=False)


QUICK = str(ROOT / "params" / "quickstart.yaml")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "nope.yaml"], "nope.yaml: cannot be read"),
        (["run", QUICK, "-p", "sed=1"], "unknown parameter 'sed'; did you mean 'seed'?"),
        (["run", QUICK, "-p", "n=many"], "'n' is 'many'; expected a whole number"),
        (["run", QUICK, "-p", "pool.path=nope.jsonl"], "nope.jsonl"),
        (["run", QUICK, "-p", "pool.path=torn.jsonl"], "torn.jsonl"),
        (["run", QUICK, "-p", "lm=openai/x", "-p", "api_base=http://127.0.0.1:9/v1"], "127.0.0.1:9"),
        (["run", QUICK, "-p", "mix={}"], "the plan is empty"),
        (["run", QUICK, "-p", "notebooks=[10_tool_pol]"], "no notebook '10_tool_pol'"),
        (["run", QUICK, "-p", "pool.sources=['python:os']"], "--allow-exec"),
        (["run", QUICK, "-p", "experiment=../x"], "'experiment' is '../x'"),
        (["run", QUICK, "-p", "api_key_env=sk-proj-5eCr3t"], "'api_key_env' is no such name (not shown); expected"),
        (["run", QUICK, "-p", "api_key_env=gsk_5eCr3tkey"], "'api_key_env' is no such name (not shown); expected"),
        (["lm", "check", "openai/x", "--api-key-env", "sk-5eCr3t"], "is no such name (not shown)"),
        (["run"], "either a parameters file or --resume"),
        (["run", "--resume", "../nope"], "run '../nope'"),
        (["nope"], "invalid choice: 'nope'"),
    ],
)
def test_bad_input_is_one_clear_line_and_leaves_nothing(tmp_path: Path, arguments: list[str], told: str) -> None:
    (tmp_path / "torn.jsonl").write_text('{"name": "x", "descr')
    done = genesis(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "5eCr3t" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("genesis: ")
    assert told in last
    assert not list(tmp_path.glob("experiments/*/*/metrics.json"))


def test_help_names_the_commands_and_shows_examples() -> None:
    assert "genesis run params/quickstart.yaml" in genesis("--help").stdout
    assert "-p seed=1" in genesis("run", "--help").stdout
    assert "pool.size" in genesis("run", "--help-params").stdout


@pytest.mark.slow
def test_the_quickstart_ends_with_a_complete_run(tmp_path: Path) -> None:
    small = ["-p", "pool.size=12", "-p", "dialogues_per_tool=1", "-p", "downstream_items=200"]
    done = genesis("run", QUICK, "--out", str(tmp_path), "--json", *small)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    run = Path(result["run"])
    assert result["counts"]["planned"] == 12
    assert sum(result["counts"][name] for name in ("accepted", "rejected", "errored")) == 12
    assert set(result["metrics"]) >= {"diversity", "quality", "downstream", "cost"}
    assert {file.stem for file in (run / "notebooks").iterdir()} == {
        "10_tool_pool", "20_generate", "30_check", "40_metrics", "50_downstream", "60_report",
    }  # fmt: skip
    for figure in (run / "figures").glob("*.png"):
        assert figure.with_suffix(".pdf").exists()
        assert figure.with_suffix(".csv").exists()
    page = (run / "report.html").read_text()
    assert "offline (simulated) LM" in page
    assert "<script" not in page
    again = genesis("run", QUICK, "--out", str(tmp_path), *small)
    assert again.returncode == 0
    assert "reported, not repeated" in again.stderr
    assert str(run) in again.stdout


def leaves(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Yield (command, what stands below its help) of every command."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield parser.prog, parser.epilog or ""
    for child in groups[0].choices.values() if groups else ():
        yield from leaves(child)


COMMANDS = [pair for group in build_parser()._subparsers._group_actions[0].choices.values() for pair in leaves(group)]  # type: ignore[union-attr]


@pytest.mark.parametrize(("command", "examples"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_every_command_s_help_shows_an_example_of_it(command: str, examples: str) -> None:
    assert f"{command} " in examples
