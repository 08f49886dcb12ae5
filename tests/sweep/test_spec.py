"""A sweep file: what it expands to, and one line for everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis import cli
from genesis.errors import ParamsError
from genesis.sweep import spec


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text("experiment: base\nseed: 3\nn: 2\npool: {sources: [bfcl], size: 9}\n")

    def make(text: str) -> str:
        Path("try.yaml").write_text(text)
        return "try.yaml"

    return make


def test_six_lines_are_a_grid_over_seeds_with_a_baseline(write) -> None:  # type: ignore[no-untyped-def]
    sweep = spec.read(
        write(
            "name: ablate\nbase: base.yaml\nset: {pool.size: 7}\ngrid: {memory: [true, false], n: [1, 4]}\n"
            "seeds: [0, 5]\nbaseline: {memory: true, n: 4}\n"
        )
    )
    assert [point.arm for point in sweep.points[:4]] == [
        "memory=true, n=1",
        "memory=true, n=4",
        "memory=false, n=1",
        "memory=false, n=4",
    ]
    assert [point.params.seed for point in sweep.points] == [0] * 4 + [5] * 4
    assert {point.params.pool.size for point in sweep.points} == {7}
    assert {point.params.experiment for point in sweep.points} == {"ablate"}
    assert sweep.baseline == {"memory": True, "n": 4}
    assert sweep.varied == ("memory", "n")
    assert len({point.id for point in sweep.points}) == 8


def test_zip_pairs_and_list_names_arms_and_a_group_keeps_its_other_values(write) -> None:  # type: ignore[no-untyped-def]
    sweep = spec.read(
        write("base: base.yaml\nzip: {n: [1, 4], judge: [random, llm]}\nlist: [{}, {pool: {size: 5}}]\nseeds: 2\n")
    )
    assert sweep.name == "try"
    assert [(p.params.n, p.params.judge, p.params.pool.size) for p in sweep.points[:4]] == [
        (1, "random", 9),
        (1, "random", 5),
        (4, "llm", 9),
        (4, "llm", 5),
    ]
    assert all(p.params.pool.sources == ["bfcl"] for p in sweep.points)


def test_overrides_of_the_command_line_hold_for_every_arm(write) -> None:  # type: ignore[no-untyped-def]
    sweep = spec.read(write("base: base.yaml\ngrid: {n: [1, 2]}\n"), ["lm=openai/any", "pool.size=4"])
    assert {(p.params.lm, p.params.pool.size, p.params.seed) for p in sweep.points} == {("openai/any", 4, 3)}


BAD = [
    ("gird: {n: [1]}", "unknown key 'gird'; did you mean 'grid'?"),
    ("colour: 1", "unknown key 'colour'; a sweep has name, base, set, grid, zip, list, seeds, baseline"),
    ("grid: {memroy: [true]}", "unknown parameter 'memroy'; did you mean 'memory'?"),
    ("grid: {pool.sise: [1]}", "unknown parameter 'pool.sise'; did you mean 'pool.size'?"),
    ("grid: {n: [1, 99]}", "point n=99, seed 0: 'n' is 99; expected a whole number >= 1 <= 16"),
    ("grid: {n: 4}", "'grid.n' is 4; expected a list of values"),
    ("grid: {n: []}", "'grid.n' is []; expected a list of values"),
    ("grid: {memory: [yes, no]}", "'yes' is ambiguous in YAML: write true or false"),
    ("grid: {seed: [0, 1]}", "'seed' is set by the sweep; use the key 'seeds'"),
    ("set: {experiment: x}", "'experiment' is set by the sweep; use the key 'name'"),
    ("zip: {n: [1, 2], judge: [llm]}", "lists of one length are expected; found n 2, judge 1"),
    ("grid: {n: [1]}\nlist: [{n: 2}]", "'n' varies in two places"),
    ("list: [1]", "'list[0]' is 1; expected names and values"),
    ("seeds: 0", "'seeds' is 0; expected a list of different whole numbers, or how many"),
    ("seeds: [1, 1]", "'seeds' is [1, 1]; expected a list of different whole numbers"),
    ("seeds: [true]", "'seeds' is [True]; expected a list of different whole numbers"),
    ("grid: {n: [1, 1]}", "point n=1, seed 0: the same run as n=1; expected arms that differ"),
    ("grid: {n: [1, 2]}\nbaseline: {n: 3}", "baseline: 0 arms have n=3; the arms are: n=1; n=2"),
    ("grid: {n: [1, 2], memory: [true, false]}\nbaseline: {n: 1}", "baseline: 2 arms have n=1"),
    ("grid: {memory: [true, false]}\nbaseline: {memory: 1}", "baseline: 0 arms have memory=1"),
    ("base: nowhere.yaml", "base: no file 'nowhere.yaml', neither from here nor beside the sweep file"),
    ("base: [1]", "'base' is [1]; expected the path of a parameters file"),
    ("name: a/b", "'experiment' is 'a/b'"),
    ("seeds: 101\ngrid: {timeout: [1, 2]}", "the same run as timeout=1"),
    ("- 1", "the file is [1]; expected names and values"),
    ("set: {notebooks: [21_generate]}", "no notebook '21_generate'"),
    ("set: {pool.path: none.jsonl}", "pool.path: no file 'none.jsonl'"),
    ("list: [{}, {mix: {irrelevance: 0}}]", "the plan is empty"),
    ("grid: {n: [1], n: [2]}", "key 'n' stands twice"),
]


@pytest.mark.parametrize(("text", "told"), BAD, ids=[text.replace("\n", " ") for text, _ in BAD])
def test_bad_input_is_one_line_with_exit_code_2_and_nothing_is_written(  # type: ignore[no-untyped-def]
    text: str, told: str, write, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["sweep", write(text)]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.startswith("genesis: try.yaml")
    assert error.count("\n") == 1
    assert not Path("experiments").exists()


@pytest.mark.parametrize("where", ["tcp:/host", "local:0", "local", "host:8786", "http://h:1"])
def test_a_scheduler_s_address_is_checked_before_anything(where: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sweep", "absent.yaml", "--scheduler", where]) == 2
    assert f"--scheduler {where}: expected tcp://HOST:PORT" in capsys.readouterr().err


def test_no_such_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sweep", "absent.yaml"]) == 2
    assert "absent.yaml: cannot be read: No such file" in capsys.readouterr().err
    with pytest.raises(ParamsError):
        spec.read("absent.yaml")
