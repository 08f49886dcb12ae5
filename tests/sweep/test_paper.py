"""The paper's experiments: files that read, costs that count shared arms once, figures of whatever there is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from needs import ROOT
from sweep_notebooks import write_notebook

from genesis import cli
from genesis.paper import collect, figures
from genesis.paper.run import NAMES, commands, plan
from genesis.params import Params, TrainParams
from genesis.record import Run, copy_results, create
from genesis.sweep import spec, summary
from genesis.sweep.execute import execute
from genesis.sweep.spec import result_of


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_every_experiment_of_the_paper_has_its_file_and_arms() -> None:
    sweeps = {sweep.name: sweep for sweep in plan().sweeps}
    assert tuple(sweeps) == NAMES
    arms = {name: [point.arm for point in sweep.points if not point.params.seed] for name, sweep in sweeps.items()}
    assert arms["ablate_judge"] == ["n=1, judge=random", "n=4, judge=random", "n=4, judge=llm"]
    assert arms["dialogues_per_tool"] == [f"dialogues_per_tool={count}" for count in (1, 5, 10)]
    assert arms["ablate_evaluation"] == ["evaluation=true", "evaluation=false"]
    assert {point.params.pool.size for point in sweeps["main_bfcl"].points} == {1000}
    assert all(len({point.params.seed for point in sweep.points}) == 3 for sweep in sweeps.values())


def test_arms_that_experiments_share_are_one_result() -> None:
    sweeps = plan(small=True).sweeps
    results = [result_of(point.params) for sweep in sweeps for point in sweep.points]
    assert len(results) == 16
    assert len(set(results)) == 7


def test_the_commands_it_prints_for_a_gpu_are_commands() -> None:
    told = commands(plan(only=["rl"]))
    assert len(told) == 5
    for line in told:
        assert cli.build_parser().parse_args(line.split()[1:]).overrides[0].startswith("train.recipe=")
    assert commands(plan(only=["main_bfcl"])) == []


def test_an_unknown_experiment_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["paper", "--only", "main"]) == 2
    assert "no experiment 'main'; the paper has main_bfcl" in capsys.readouterr().err


@pytest.mark.slow
def test_a_dry_run_prices_each_result_once_and_unknown_prices_stay_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["--only", "main_bfcl", "--only", "main_ood", "--scale", "small", "--dry-run", "--json"]
    found = {}
    for price in ([], ["-p", "prices={offline: [1.0, 2.0]}"]):
        assert cli.main(["paper", *names, "--out", str(tmp_path), *price]) == 0
        found[bool(price)] = json.loads(capsys.readouterr().out)["experiments"]
    first, second = found[False]
    assert (first["to_make"], second["to_make"]) == (1, 0)
    assert first["calls"] > 0
    assert second["calls"] == second["tokens"] == 0
    assert not list(tmp_path.iterdir())


def planted(root: Path, name: str, lm: str) -> Path:
    """Write a finished sweep of two arms and two seeds."""
    points = []
    for seed in (0, 1):
        for memory in (True, False):
            run = create(Params(experiment=name, seed=seed, memory=memory), root)
            rate = {"value": 0.9 - 0.1 * (not memory) + 0.01 * seed, "low": 0.7, "high": 1.0, "n": 20}
            run.write_json("metrics.json", {"quality": {"acceptance": rate}})
            arm = f"memory={json.dumps(memory)}"
            point = {"id": run.id, "arm": arm, "overrides": {"memory": memory}, "seed": seed}
            points.append({**point, "status": "done", "error": ""})
    state = {"points": points, "baseline": {"memory": True}, "varied": ["memory"], "name": name}
    Run(root / name).write_json(summary.STATE, {**state, "lm": lm, "simulated": "offline" in lm})
    return root / name


def test_figures_and_tables_are_made_of_what_there_is_and_the_rest_is_named(tmp_path: Path) -> None:
    planted(tmp_path / "experiments", "ablate_memory", "offline (simulated) LM")
    run = Run(tmp_path / "figures")
    run.path.mkdir()
    made = figures.make(run, tmp_path / "experiments")
    assert list(made.figures) == ["ablate_memory"]
    assert "rl: not run; genesis sweep params/rl.yaml" in made.missing
    assert (run.path / "figures/ablate_memory.pdf").read_bytes().startswith(b"%PDF")
    assert "acceptance" in (run.path / "figures/ablate_memory.csv").read_text()
    text = (run.path / "figures/ablate_memory.tex").read_text()
    assert "offline (simulated) LM" in text
    assert r"memory=false & accepted & 0.805" in text
    words = [item.get_text() for item in made.figures["ablate_memory"].texts]
    assert any("offline (simulated) LM" in word for word in words)
    shown = made._repr_html_()
    assert shown.count("data:image/png;base64,") == 1
    assert "genesis sweep params/rl.yaml" in shown
    table = made.measured().loc["ablate_memory"]
    assert table["low"].lt(table["value"]).all()
    assert table["seeds"].eq(2).all()


@pytest.mark.parametrize(("lm", "shown"), [("offline (simulated) LM", False), ("replay:run", True)])
def test_only_real_or_replayed_models_scores_stand_beside_reported_figures(
    tmp_path: Path, lm: str, shown: bool
) -> None:
    folder = planted(tmp_path, "main_bfcl", lm)
    run = next(path for path in sorted(folder.iterdir()) if "memory: true" in (path / "params.yaml").read_text())
    rate = {"value": 0.5, "low": 0.4, "high": 0.6, "interval": [0.4, 0.6], "accuracy": 0.5, "n": 100, "unscored": 0}
    score = {
        "benchmark": "bfcl",
        "model": "ours",
        "simulated": False,
        "aggregates": {"live": rate, "non_live": rate, "simple": rate},
        "categories": {"live_simple": rate},
    }
    Run(run).write_json("scores/bfcl.json", score)
    found, _ = collect.collect(tmp_path)
    table = collect.beside_reported(found, "main_bfcl")
    assert (table["kind"] == "reported").any()
    assert (table["kind"] == "measured").any() == shown
    into = Run(tmp_path / "into")
    into.path.mkdir()
    drawn = figures.make(into, tmp_path).figures
    assert ("main_bfcl_reported" in drawn) == shown
    if shown:
        names = [tick.get_text() for axis in drawn["main_bfcl_reported"].axes for tick in axis.get_yticklabels()]
        assert any(name.startswith("student, memory=true, seed ") for name in names)
        assert "GenesisFunc-8B" in names
        assert (into.path / "figures/main_bfcl_reported.pdf").read_bytes().startswith(b"%PDF")
    assert not (table["kind"] == "simulated").any()


def test_mean_interval_is_students() -> None:
    mean, low, high = collect.mean_interval([1.0, 2.0, 3.0])
    assert (mean, low, high) == (2.0, pytest.approx(-0.4841, abs=1e-3), pytest.approx(4.4841, abs=1e-3))


def test_dialogues_a_tool_are_a_curve_over_their_number(tmp_path: Path) -> None:
    points = []
    for count, rate in ((10, 0.8), (1, 0.9), (5, 0.85)):
        run = create(Params(experiment="dialogues_per_tool", dialogues_per_tool=count), tmp_path)
        rates = {"value": rate, "low": rate - 0.1, "high": rate + 0.1, "n": 20}
        run.write_json("metrics.json", {"quality": {"acceptance": rates}})
        point = {"id": run.id, "arm": f"dialogues_per_tool={count}", "overrides": {"dialogues_per_tool": count}}
        points.append({**point, "seed": 0, "status": "done", "error": ""})
    state = {"points": points, "baseline": {}, "varied": ["dialogues_per_tool"], "name": "dialogues_per_tool"}
    Run(tmp_path / "dialogues_per_tool").write_json(
        summary.STATE, {**state, "lm": "offline (simulated) LM", "simulated": True}
    )
    into = Run(tmp_path / "into")
    into.path.mkdir()
    (line,) = figures.make(into, tmp_path).figures["dialogues_per_tool"].axes[0].get_lines()
    assert list(line.get_xdata()) == [1, 5, 10]
    assert list(line.get_ydata()) == [0.9, 0.85, 0.8]


@pytest.mark.slow
def test_arms_that_differ_in_how_a_student_is_trained_share_their_data(place: Path) -> None:
    write_notebook(place, "20_generate", "run = ''  # r", "open(run + '/made', 'a').write('x')")
    spec_of = {"name": "students", "set": {"notebooks": ["20_generate"]}, "grid": {"train.recipe": ["sft", "rl_all"]}}
    board = execute(spec.build(spec_of, "students.yaml"), place / "experiments", jobs=2)
    assert [state.status for state in board.states] == ["done", "done"]
    made, copied = (state.run for state in board.states)
    assert copied.read_json("run.json")["copied_from"] == f"students/{made.id}"
    assert (copied.params.train.recipe, (copied.path / "made").read_text()) == ("rl_all", "x")


def test_a_copied_run_leaves_another_student_s_scores_behind(tmp_path: Path) -> None:
    donor = create(Params(experiment="rl"), tmp_path)
    donor.write_json("scores/bfcl.json", {})
    donor.write_json("metrics.json", {})
    for params, kept in (
        (Params(experiment="main"), True),
        (Params(experiment="rl", train=TrainParams(recipe="rl_all")), False),
    ):
        run = create(params, tmp_path)
        copy_results(donor, run)
        assert (run.path / "scores/bfcl.json").exists() == kept


@pytest.mark.slow
def test_all_experiments_run_small_and_offline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    only = [
        word for name in ("main_bfcl", "main_ood", "ablate_memory", "ablate_evaluation") for word in ("--only", name)
    ]
    fast = ["-p", "notebooks=[20_generate]", "-p", "pool.size=3"]
    assert cli.main(["paper", "--scale", "small", *only, "--out", str(tmp_path), *fast, "--json"]) == 0
    sweeps = json.loads(capsys.readouterr().out)["sweeps"]
    assert [point["reused"] for sweep in sweeps for point in sweep["points"]] == [False, True, True, False, True, False]
    copied = Run(tmp_path / "small_main_ood" / sweeps[1]["points"][0]["id"])
    assert copied.read_json("run.json")["copied_from"].startswith("small_main_bfcl/s0-")
    assert copied.params.experiment == "small_main_ood"
