"""The whole pipeline on each kind of LM: offline, over HTTP, replayed, with models of their own for some agents."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from needs import ROOT

from genesis import record, steps
from genesis.bench import bench_pool, throughput
from genesis.cli import main
from genesis.errors import LockedError
from genesis.estimate import estimate
from genesis.lm.testing import CANNED, Call, Reaction, Server, offline_script
from genesis.params import Params, dump_yaml, from_dict
from genesis.tools.pool import load_pool, save_pool


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pool") / "pool.jsonl"
    save_pool(bench_pool(10), path)
    return path


def params_for(pool: Path, **values: Any) -> Params:
    plain = {
        "experiment": "paths",
        "seed": 2,
        "n": 2,
        "pool": {"path": str(pool)},
        "mix": {"single/single/multiple": 2, "multi/single/multiple": 1, "irrelevance": 1},
    }
    return from_dict({**plain, **values})


def generate(params: Params, root: Path) -> tuple[record.Run, dict[str, int]]:
    run = record.create(params, root)
    return run, asyncio.run(steps.generate(run, params))


def conversations(run: record.Run) -> list[Any]:
    return [(row["id"], row["messages"], row["tools"]) for row in run.rows("dialogues")]


def test_http_and_replay_give_the_dialogues_of_the_offline_engine(pool: Path, tmp_path: Path) -> None:
    errors = dict.fromkeys(("wrong_value", "unparsable"), 0.1)
    offline, counts = generate(params_for(pool, offline=errors), tmp_path / "offline")
    assert counts["accepted"] >= 5
    assert offline.read_json("run.json")["usage"]["user"]["resamples"] > 0
    with Server(offline_script(errors | {"missing_param": 0.02, "wrong_type": 0.02, "unknown_tool": 0.01,
                                         "needless_ask": 0.01, "contradiction": 0.01, "repeat": 0.0}),
                latency=0.005) as server:  # fmt: skip
        served, _ = generate(params_for(pool, lm="openai/any", api_base=server.url), tmp_path / "served")
        calls = server.calls
    assert conversations(served) == conversations(offline)
    assert served.read_json("run.json")["calls"] == calls
    assert {row["provenance"]["lm"] for row in served.rows("dialogues")} == {"any"}
    replayed, _ = generate(params_for(pool, lm=f"replay:{served.path}"), tmp_path / "replayed")
    for name in ("dialogues.jsonl", "rejected.jsonl"):
        if (served.path / name).exists():
            assert (replayed.path / name).read_bytes() == (served.path / name).read_bytes()
    assert replayed.read_json("run.json")["calls"] == calls
    assert replayed.read_json("run.json")["simulated"] is False
    played, _ = generate(params_for(pool, lm=f"replay:{offline.path}", offline=errors), tmp_path / "played")
    assert played.read_json("run.json")["simulated"] is True
    assert played.made_by == f"replay:{offline.path}, offline (simulated) LM"


@pytest.mark.slow
def test_a_replay_that_misses_a_request_says_so(pool: Path, tmp_path: Path) -> None:
    made, _ = generate(params_for(pool), tmp_path)
    params = params_for(pool, lm=f"replay:{made.path}", seed=3, notebooks=["20_generate"])
    (tmp_path / "p.yaml").write_text(dump_yaml(params))
    program = "from genesis.cli import main; raise SystemExit(main())"
    command = [sys.executable, "-c", program, "run", str(tmp_path / "p.yaml"), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert "holds no reply to this request" in done.stderr.splitlines()[-1]


def test_slow_dialogues_hold_up_nobody_and_change_nothing(pool: Path, tmp_path: Path) -> None:
    script = offline_script()

    def uneven(call: Call) -> Reaction:
        reaction = script(call)
        return Reaction(reaction.text, delay=0.3 if call.number in (3, 20, 40) else 0.001 * (call.number % 7))

    runs = []
    for place, (used, concurrency) in enumerate(((script, 1), (uneven, 16))):
        with Server(used) as server:
            params = params_for(pool, lm="openai/any", api_base=server.url, concurrency=concurrency)
            run, _ = generate(params, tmp_path / str(place))
            runs.append(run)
            if used is uneven:
                assert server.most_in_flight > 4
    assert conversations(runs[0]) == conversations(runs[1])


def test_agents_use_models_of_their_own(pool: Path, tmp_path: Path) -> None:
    with Server(offline_script()) as one, Server(offline_script()) as two:
        params = params_for(
            pool,
            lm={"default": "openai/maker", "judge": "openai/critic"},
            api_base={"default": one.url, "judge": two.url},
        )
        run, _ = generate(params, tmp_path)
        usage = run.read_json("run.json")["usage"]
        assert usage["judge"]["calls"] == two.calls > 0
        assert sum(row["calls"] for agent, row in usage.items() if agent != "judge") == one.calls
        assert {call.body["model"] for call in two.seen} == {"critic"}


def test_a_second_writer_of_a_journal_is_refused(pool: Path, tmp_path: Path) -> None:
    from genesis.lm import open_caller

    params = params_for(pool)

    async def twice() -> None:
        async with open_caller(params, tmp_path / "journal"), open_caller(params, tmp_path / "journal"):
            pass

    with pytest.raises(LockedError):
        asyncio.run(twice())


def test_the_plan_foresees_what_the_run_uses(pool: Path, tmp_path: Path) -> None:
    params = params_for(pool, dialogues_per_tool=2)
    found = estimate(load_pool(pool), params)
    run, counts = generate(params, tmp_path)
    made = run.read_json("run.json")
    assert found["dialogues"] == counts["planned"] == sum(found["mix"].values()) == 20
    labels = [row["scenario"] for name in ("dialogues", "rejected") for row in run.rows(name)]
    assert len(labels) == 20
    assert found["total"]["calls"] == pytest.approx(made["calls"], rel=0.25)
    assert found["total"]["prompt_tokens"] == pytest.approx(made["tokens"]["prompt"], rel=0.25)
    assert found["total"]["usd"] == 0
    assert found["tools_left_out"] == []


def test_the_plan_tells_cost_window_and_budget(pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "p.yaml"
    known = params_for(pool, lm="openai/gpt-4o-mini", budget={"calls": 10}, context={"gpt-4o-mini": 2500})
    file.write_text(dump_yaml(known))
    assert main(["plan", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"]["usd"] > 0
    assert any("budget.calls is 10" in note for note in found["notes"])
    assert any("do not fit the window of 2500 tokens" in note for note in found["notes"])
    unknown = params_for(pool, lm="openai/any", api_base="http://127.0.0.1:9/v1")
    file.write_text(dump_yaml(unknown))
    assert main(["plan", str(file)]) == 0
    told = capsys.readouterr().out
    assert "10 dialogues over 10 tools" in told
    assert "unknown" in told
    assert "the price of openai/any is unknown" in told


@pytest.mark.slow
def test_the_bench_measures_the_real_pipeline() -> None:
    found = throughput(latency=0.1, concurrency=8, workers=2, seconds=8.0)
    assert found["calls_per_s"] > 10
    assert 0 < found["share_of_ideal"] <= 1.1
    assert found["completions_per_s"] > found["calls_per_s"]
    assert 1000 < found["prompt_tokens_per_call"] < 2000
    assert found["raw_calls_per_s"] > 0
    assert found["dialogues_per_s"] > 0
    spent = found["cpu_ms_by_part"]
    assert all(
        spent[part] > 0 for part in ("bare_client", "render", "key", "encode", "parse", "journal_row", "pipeline")
    )
    assert sum(spent.values()) >= found["cpu_ms_per_call"] * 0.99


def test_the_canned_answer_needs_no_agent() -> None:
    reaction = offline_script()(Call(1, {"model": CANNED, "messages": []}, {}))
    assert reaction.text == "canned"
