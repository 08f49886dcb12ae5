"""A sweep in about six lines of YAML, turned into its points::

    # genesis sweep params/ablate_memory.yaml
    name: ablate_memory
    base: params/quickstart.yaml
    set: {pool.size: 100}
    grid: {memory: [true, false]}
    seeds: [0, 1, 2]
    baseline: {memory: true}

``grid`` crosses its values, ``zip`` pairs them place by place, ``list`` names whole arms; what is given is crossed.
``seeds`` is a list, or how many (from 0). ``set`` holds for every arm. ``baseline`` picks the arm that the others are
compared with; the first one where it is absent. The YAML is the strict subset of parameters files.
"""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from genesis import params as parameters
from genesis import preflight, record
from genesis.errors import GenesisError, ParamsError
from genesis.params import Params, TrainParams
from genesis.strict_yaml import parse_yaml

KEYS = ("name", "base", "set", "grid", "zip", "list", "seeds", "baseline")
OWN = {"seed": "seeds", "experiment": "name"}
"""Parameters that a sweep sets itself, and the key that does it."""
MOST = 10_000
"""Points a sweep may have; more is a mistake in the file."""
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Point:
    """One run of a sweep."""

    overrides: Values
    """The parameters that vary and their values here, by dotted name."""
    params: Params

    @property
    def id(self) -> str:
        """The run's id: its seed and a hash of all that can change its result."""
        return record.run_id(self.params)

    @property
    def arm(self) -> str:
        """The arm in words: ``memory=false``; one seed's run is one of its points."""
        return arm_words(self.overrides)


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep file, read and validated."""

    name: str
    spec: Values
    """The file's content, as it was read."""
    points: tuple[Point, ...]
    """All arms of the first seed, then all of the second, and so on."""
    baseline: Values
    varied: tuple[str, ...]
    """Names of the parameters that vary, without the seed."""


def arm_words(overrides: Values) -> str:
    """Return an arm in words.

    >>> arm_words({"memory": False, "n": 1}), arm_words({})
    ('memory=false, n=1', 'all')
    """
    return ", ".join(f"{name}={value_words(value)}" for name, value in overrides.items()) or "all"


def value_words(value: Any) -> str:
    """Return a parameter's value as a reader sees it: text bare, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read(path: str | Path, overrides: Iterable[str] = ()) -> Sweep:
    """Read a sweep file; ``overrides`` (``name=value``) are set for every arm, over what the file sets.

    Raises ParamsError: one line that names file, key, value and the nearest known key, or the point that is wrong.
    """
    file = Path(path)
    try:
        data = parse_yaml(file.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return build(data, str(path), overrides=overrides)


def build(data: Any, where: str, *, overrides: Iterable[str] = ()) -> Sweep:
    """Build a sweep from the plain data of its file. Raises ParamsError."""
    spec = _mapping(data, where, "the file")
    for key in spec:
        if key not in KEYS:
            close = difflib.get_close_matches(str(key), KEYS, n=1, cutoff=0.5)
            hint = f"did you mean '{close[0]}'?" if close else f"a sweep has {', '.join(KEYS)}"
            raise ParamsError(f"{where}: unknown key '{key}'; {hint}")
    name = spec.get("name", Path(where).stem)
    fixed = _base(spec, where)
    for key, value in _named(spec.get("set", {}), where, "set").items():
        _put(fixed, key, value, f"{where}: set")
    for override in overrides:
        _refuse_own(override.partition("=")[0].strip(), f"-p {override}")
        parameters.apply_override(fixed, override)
    fixed["experiment"] = name
    arms = _arms(spec, where)
    seeds = _seeds(spec.get("seeds", [fixed.get("seed", 0)]), where)
    if len(arms) * len(seeds) > MOST:
        raise ParamsError(f"{where}: {len(arms)} arms x {len(seeds)} seeds are more than {MOST} points")
    points = tuple(_point(fixed, arm, seed, where) for seed in seeds for arm in arms)
    _refuse_twice(points, where)
    return Sweep(
        name, spec, points, _baseline(spec, arms, where), tuple(dict.fromkeys(key for arm in arms for key in arm))
    )


def result_of(params: Params) -> str:
    """Return what two runs share whose data are the same: the experiment's name does not count, nor does how a student
    is trained on them (``train``), where no notebook but the standard ones is executed.

    >>> result_of(Params(experiment="a")) == result_of(Params(experiment="b", concurrency=1))
    True
    """
    plain = set(params.notebooks) <= set(parameters.STEPS)
    same = replace(params, experiment="any", train=TrainParams() if plain else params.train)
    return record.run_id(same) + json.dumps(params.notebooks)


def validate(sweep: Sweep, where: str, *, allow_exec: bool = False) -> None:
    """Raise the first error that would stop any point later; endpoints are asked once each. Raises ParamsError."""
    asked: set[bytes] = set()
    for point in sweep.points:
        endpoint = msgspec.json.encode([point.params.lm, point.params.api_base, point.params.api_key_env])
        params = point.params if endpoint not in asked else replace(point.params, lm="offline")
        asked.add(endpoint)
        try:
            preflight.check(params, allow_exec=allow_exec)
        except GenesisError as error:
            raise type(error)(f"{_place(where, point.overrides, point.params.seed)}: {error}") from error


def _base(spec: Values, where: str) -> dict[str, Any]:
    """Return the plain data of the parameters file a sweep starts from; none: the defaults."""
    base = spec.get("base", "")
    if not isinstance(base, str):
        raise ParamsError(f"{where}: 'base' is {base!r}; expected the path of a parameters file")
    if not base:
        return {}
    places = (Path(base), Path(where).parent / base)
    found = next((file for file in places if file.is_file()), None)
    if found is None:
        raise ParamsError(f"{where}: base: no file '{base}', neither from here nor beside the sweep file")
    return parameters.to_dict(parameters.load(found))


def _arms(spec: Values, where: str) -> list[dict[str, Any]]:
    """Return the arms: the grid's product, the zipped lists, the listed arms, crossed."""
    grid = _named(spec.get("grid", {}), where, "grid")
    axes = [[{key: value} for value in _values(values, where, f"grid.{key}")] for key, values in grid.items()]
    if zipped := _named(spec.get("zip", {}), where, "zip"):
        columns = {key: _values(values, where, f"zip.{key}") for key, values in zipped.items()}
        if len({len(column) for column in columns.values()}) > 1:
            sizes = ", ".join(f"{key} {len(column)}" for key, column in columns.items())
            raise ParamsError(f"{where}: zip: lists of one length are expected; found {sizes}")
        axes.append([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
    if "list" in spec:
        listed = _values(spec["list"], where, "list")
        axes.append([_named(arm, where, f"list[{place}]") for place, arm in enumerate(listed)])
    keys = [key for axis in axes for key in dict.fromkeys(key for arm in axis for key in arm)]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise ParamsError(f"{where}: '{twice[0]}' varies in two places; expected one of grid, zip, list")
    return [{key: value for part in parts for key, value in part.items()} for parts in itertools.product(*axes)]


def _point(fixed: Values, arm: Values, seed: int, where: str) -> Point:
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(fixed))
    place = _place(where, arm, seed)
    for key, value in arm.items():
        _put(data, key, value, place)
    data["seed"] = seed
    return Point(dict(arm), parameters.from_dict(data, place))


def _put(data: dict[str, Any], key: str, value: Any, where: str) -> None:
    """Set a parameter by name; a group's mapping changes the parameters it names and leaves the group's others."""
    groups = {name.partition(".")[0] for name, *_ in parameters.describe() if "." in name}
    if key in groups and isinstance(value, dict):
        for inner, part in value.items():
            parameters.put(data, f"{key}.{inner}", part, where)
    else:
        parameters.put(data, key, value, where)


def _baseline(spec: Values, arms: Sequence[Values], where: str) -> Values:
    """Return the arm that all others are compared with."""
    wanted = _named(spec.get("baseline", {}), where, "baseline")
    if not wanted:
        return arms[0]
    found = [arm for arm in arms if all(key in arm and _same(arm[key], value) for key, value in wanted.items())]
    if len(found) != 1:
        some = "; ".join(arm_words(arm) for arm in arms[:6]) + ("; ..." if len(arms) > 6 else "")
        raise ParamsError(f"{where}: baseline: {len(found)} arms have {arm_words(wanted)}; the arms are: {some}")
    return found[0]


def _same(one: Any, other: Any) -> bool:
    """Whether two values are one; 1 and true are not."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _seeds(value: Any, where: str) -> list[int]:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
        return list(range(value))
    whole = isinstance(value, list) and all(isinstance(seed, int) and not isinstance(seed, bool) for seed in value)
    if not whole or not value or len(set(value)) < len(value):
        raise ParamsError(f"{where}: 'seeds' is {value!r}; expected a list of different whole numbers, or how many")
    return list(value)


def _refuse_twice(points: Sequence[Point], where: str) -> None:
    seen: dict[str, Point] = {}
    for point in points:
        if other := seen.get(point.id):
            place = _place(where, point.overrides, point.params.seed)
            raise ParamsError(f"{place}: the same run as {other.arm}; expected arms that differ")
        seen[point.id] = point


def _named(data: Any, where: str, key: str) -> dict[str, Any]:
    """Return a mapping of parameters, none of which the sweep sets itself."""
    found = _mapping(data, where, f"'{key}'")
    for name in found:
        _refuse_own(name, f"{where}: {key}")
    return found


def _refuse_own(name: str, where: str) -> None:
    if name in OWN:
        raise ParamsError(f"{where}: '{name}' is set by the sweep; use the key '{OWN[name]}'")


def _values(data: Any, where: str, key: str) -> list[Any]:
    if not isinstance(data, list) or not data:
        raise ParamsError(f"{where}: '{key}' is {data!r}; expected a list of values")
    return data


def _mapping(data: Any, where: str, what: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ParamsError(f"{where}: {what} is {data!r}; expected names and values")
    return data


def _place(where: str, overrides: Values, seed: int) -> str:
    return f"{where}: point {arm_words(overrides)}, seed {seed}"
