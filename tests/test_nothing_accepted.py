"""A run with a model whose replies cannot be used ends well: every notebook runs, and it says what to try."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from doubles import make_pool

from genesis.cli import main
from genesis.lm.testing import Reaction, Server
from genesis.record import Run
from genesis.tools.pool import save_pool

TEXTS = (
    "When we're asked to write a message with a certain task, we just need to format it as a list[Stated].",
    '{\n  "semantic_type": "{semantic_type}",\n  "guidance": "{guidance}"\n}',
    "[\n\n[\n\n[\n\n[\n\n[[\n\n[[\n\n[[",
)


@pytest.mark.slow
def test_a_run_in_which_nothing_is_accepted_ends_with_a_page_and_advice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_pool(make_pool(7), tmp_path / "pool.jsonl")
    notebooks = ["20_generate", "30_check", "40_metrics", "60_report"]
    values = {"lm": "openai/any", "pool": {"path": str(tmp_path / "pool.jsonl")}, "n": 2, "notebooks": notebooks}
    with Server(lambda call: Reaction([TEXTS[call.number % 3]] * call.n)) as server:
        (tmp_path / "p.yaml").write_text(yaml.safe_dump({**values, "api_base": server.url}))
        assert main(["run", "p.yaml", "--out", "out"]) == 0
    told = capsys.readouterr().out
    assert "7 planned, 0 accepted, 7 rejected, 0 errored" in told
    assert "100% of the replies are not in the format asked for: try adapter: json" in told
    assert "\ncost  " not in told, "a heading without a row below it says nothing"
    (meta,) = (tmp_path / "out").glob("*/*/run.json")
    run = Run(meta.parent)
    assert run.complete
    assert json.loads(meta.read_text())["usage"]["user"]["unparsable"] >= 14
    assert "The model" in (run.path / "report.html").read_text()
