"""``genesis prompts`` as a person types it, bad input included."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prompt_cases import CURE, responsive

from genesis.cli import main
from genesis.lm.testing import Server

SMALL = ["-p", "pool.path=pool.jsonl", "-p", "n=2", "-p", "mix={single/single/multiple: 1}"]


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, object]:
    capsys.readouterr()
    assert main(["prompts", *arguments, "--json"]) == code
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    found: dict[str, object] = json.loads(lines[0])
    return found


def test_from_showing_to_using_a_version(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prompts", "show", "function"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("You write the tool calls")
    (project / "mine.txt").write_text(f"{text}\n{CURE}\n")
    assert main(["prompts", "diff", "function", "mine.txt"]) == 1
    assert f"+{CURE}" in capsys.readouterr().out
    assert answer(capsys, "diff", "function", "built-in")["same"] is True
    with Server(responsive()) as server:
        lm = [*SMALL, "-p", "lm=openai/any", "-p", f"api_base={server.url}"]
        found = answer(capsys, "try", "function", "mine.txt", *lm)
        assert found["changes"]["fixed"] >= 6  # type: ignore[index]
        kept = answer(capsys, "keep", "function", "mine.txt", "--name", "exact", "--author", "ann",
                      "--date", "2026-11-26", *lm)  # fmt: skip
        assert kept["asked"] == 0
    (row,) = answer(capsys, "list")["versions"]  # type: ignore[misc]
    assert (row["version"], row["author"], row["date"], row["simulated"]) == ("exact", "ann", "2026-11-26", False)
    assert row["difference"] > 0
    assert main(["prompts", "list", "function"]) == 0
    assert "exact" in capsys.readouterr().out
    assert main(["prompts", "show", "function", "exact"]) == 0
    assert CURE in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "usr"], "unknown agent 'usr'"),
        (["show", "user", "nope"], "no version 'nope'"),
        (["show", "user", "../x"], "no version name"),
        (["try", "user", "empty.txt", *SMALL], "the instructions are empty"),
        (["try", "user", "binary.txt", *SMALL], "cannot be read as text"),
        (["try", "user", "built-in", "-p", "sed=1"], "did you mean 'seed'"),
        (["keep", "user", "built-in", "--name", "../x", "--author", "a", *SMALL], "no version name"),
        (["keep", "user", "built-in", "--name", "x", "--author", " ", *SMALL], "names its author"),
        (["optimize", "user", *SMALL], "reads no instructions"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    (project / "empty.txt").write_text(" \n")
    (project / "binary.txt").write_bytes(b"\xff\xfe\x00")
    assert main(["prompts", *arguments]) == 2
    err = capsys.readouterr().err.splitlines()
    assert said in err[-1]
    assert err[-1].startswith("genesis: ")
    assert not (project / "params" / "prompts").exists()
