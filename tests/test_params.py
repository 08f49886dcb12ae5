"""Parameters: what is ambiguous, unknown or out of range is refused by name, before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis import params
from genesis.errors import ParamsError


def write(folder: Path, text: str) -> Path:
    (folder / "p.yaml").write_text(text, encoding="utf-8")
    return folder / "p.yaml"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sed: 1", "unknown parameter 'sed'; did you mean 'seed'?"),
        ("pool: {siz: 3}", "'pool.siz'; did you mean 'pool.size'?"),
        ("size: 3", "did you mean 'pool.size'?"),
        ("seed: '3'", "'seed' is '3'; expected a whole number >= 0"),
        ("seed: true", "'seed' is True"),
        ("n: 2.0", "'n' is 2.0; expected a whole number"),
        ("n: 40", "'n' is 40"),
        ("temperature: 1e-5", "write it like 1.0e-5"),
        ("seed: 010", "leading zero"),
        ("seed: 0x10", "decimal"),
        ("seed: 1_000", "underscores"),
        ("memory: no", "write true or false"),
        ("memory: True", "lower case"),
        ("temperature: .nan", "finite"),
        ("temperature: 1.0e999", "finite"),
        ("timeout: 1:30", "base 60"),
        ("seed: 1\nseed: 2", "'seed' stands twice"),
        ("a: &x [1]\nb: *x", "anchors and aliases"),
        ("seed: !!python/object/apply:os.system [ls]", "tag"),
        ("experiment: ../x", "'experiment' is '../x'"),
        ("experiment: a/b", "'experiment' is 'a/b'"),
        ("mix: {single/single/simpel: 1}", "did you mean 'single/single/simple'?"),
        ("counts: {irrelevance: -1}", "expected 0 or more"),
        ("prices: {m: [1.0]}", "per million"),
        ("- 1", "expected 'name: value' lines"),
        ("seed: [", "not YAML"),
        ("1: 2", "is not text"),
        ("pool: 3", "'pool' is 3; expected a group"),
        ("seed: " + "[" * 200 + "]" * 200, "nested deeper"),
        ("a: 1\n---\nb: 2", "2 YAML documents"),
    ],
)
def test_bad_parameters_are_refused_by_name(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ParamsError) as error:
        params.load(write(tmp_path, text))
    assert told in str(error.value)
    assert "p.yaml" in str(error.value)


def test_an_alias_bomb_is_refused_at_once(tmp_path: Path) -> None:
    bomb = "a: &a [x,x,x,x]\n" + "\n".join(
        f"{b}: &{b} [*{a},*{a},*{a},*{a}]" for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    with pytest.raises(ParamsError, match="aliases"):
        params.load(write(tmp_path, bomb))


@pytest.mark.parametrize(
    ("override", "name", "value"),
    [("seed=7", "seed", 7), ("lm=openai/x", "lm", "openai/x"), ("mix={irrelevance: 1}", "mix", {"irrelevance": 1.0})],
)
def test_overrides_win(tmp_path: Path, override: str, name: str, value: object) -> None:
    assert getattr(params.load(write(tmp_path, "seed: 1"), [override]), name) == value


def test_overrides_reach_into_groups(tmp_path: Path) -> None:
    loaded = params.load(write(tmp_path, "pool: {size: 5}"), ["pool.sources=[acebench]", "offline.repeat=0.5"])
    assert (loaded.pool.size, loaded.pool.sources, loaded.offline.repeat) == (5, ["acebench"], 0.5)


@pytest.mark.parametrize("override", ["seed", "=3", "seed.x=3", "nope=1"])
def test_bad_overrides_are_refused(tmp_path: Path, override: str) -> None:
    with pytest.raises(ParamsError):
        params.load(write(tmp_path, "seed: 1"), [override])


def test_what_is_written_reads_back_equal(tmp_path: Path) -> None:
    made = params.from_dict(
        {"lm": {"default": "offline", "judge": "openai/x"}, "temperature": 0.00001, "experiment": "no"}
    )
    assert params.load(write(tmp_path, params.dump_yaml(made))) == made


def test_the_hash_sees_results_not_speed() -> None:
    base = params.params_hash(params.Params())
    assert params.params_hash(params.Params(concurrency=1, timeout=5.0)) == base
    assert params.params_hash(params.Params(seed=1)) != base
    assert params.params_hash(params.Params(n=2)) != base


def test_every_parameter_says_what_it_is() -> None:
    rows = params.describe()
    assert len({name for name, *_ in rows}) == len(rows) > 30
    assert all(kind and text for _, kind, _, text in rows)
