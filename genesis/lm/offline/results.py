"""What the tools return: small JSON objects that fit the description and the arguments."""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random
from typing import Any

import msgspec

from genesis.lm.offline import atlas, facts, formulas, history
from genesis.lm.offline.doubts import valid
from genesis.lm.offline.kinds import is_code, kind_of
from genesis.lm.offline.numbers import DEFAULT_RANGE, range_of
from genesis.lm.offline.phrases import subject
from genesis.lm.offline.slots import is_plural, slot_of
from genesis.lm.offline.values import draw
from genesis.lm.offline.vocabulary import entries, sections
from genesis.text import stable_hash

MOST_FIELDS = 8
Fields = tuple[tuple[str, str], ...]


def tool_turn(inputs: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Write one result for each call; the same call of one reply gives the same result."""
    tools = {str(tool.get("name")): tool for tool in inputs["tools"]}
    failing, give = set(inputs["failing"]), inputs.get("give") or {}
    base = rng.getrandbits(48)
    results = []
    for call in inputs["calls"]:
        tool = tools.get(str(call.get("name")), {"name": call.get("name"), "description": "", "parameters": {}})
        arguments = call.get("arguments") or {}
        if call.get("id") in failing:
            content = {"error": _error(arguments, rng)}
        else:
            own = Random(stable_hash(base, call.get("name"), msgspec.json.encode(arguments, order="sorted")))
            content = result(tool, arguments, give, own)
        results.append({"id": call.get("id"), "content": content})
    return {"results": results, "reasoning": "Each result fits its tool's description and the call's arguments."}


def _error(arguments: dict[str, Any], rng: Random) -> str:
    named = [value for value in arguments.values() if isinstance(value, str) and len(value) <= 40]
    about = f"'{rng.choice(named)}'" if named else "this request"
    return rng.choice(entries("errors", "error")).replace("{about}", about).replace("{n}", str(rng.randint(3, 60)))


def result(tool: dict[str, Any], arguments: dict[str, Any], give: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Return a believable result of one call, the fields of ``give`` among them."""
    about = str(tool.get("description") or "")
    content = facts.known(about, arguments) or formulas.compute(about, arguments)
    if content is None and (learned := _learned(about, arguments, rng)):
        content = {**_echo(arguments), **learned}
    if content is None:
        content = {**_echo(arguments), **_made(about, str(tool.get("name") or ""), arguments, rng)}
    content = {
        name: arguments[name] if _same_sort(name, value, arguments) else value for name, value in content.items()
    }
    content = facts.made_by(_about_the_same(content, tool, arguments), arguments)
    given = {
        name: arguments[name]
        if name in arguments and valid(schema, arguments[name])
        else draw(name, schema, "" if re.search(r"units?$", name) else about, rng).json
        for name, schema in give.items()
    }
    rest = [item for item in content.items() if item[0] not in given]
    return dict(rest[: max(0, MOST_FIELDS - len(given))]) | given


def _learned(about: str, arguments: dict[str, Any], rng: Random) -> dict[str, Any] | None:
    """Return what the tables of the world know; nothing about software."""
    if is_code(about):
        return None
    return history.known(about, arguments) or atlas.known(about, arguments, rng)


def _about_the_same(content: dict[str, Any], tool: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Leave out an invented name where an argument names the thing: details of The Shard are not Fallingwater's."""
    about, properties = str(tool.get("description") or ""), (tool.get("parameters") or {}).get("properties") or {}
    named = {slot_of(name, properties.get(name) or {}, about).kind for name in arguments}
    pools = [entries("values", kind) for kind in named if kind in sections("values")]
    kept = {
        key: value
        for key, value in content.items()
        if key in arguments or not (isinstance(value, str) and any(value in pool for pool in pools))
    }
    return kept or content


def _same_sort(name: str, value: Any, arguments: dict[str, Any]) -> bool:
    """Whether a field bears an argument's name and says the same sort of thing: then it repeats it."""
    if name not in arguments or isinstance(value, (list, dict)):
        return False
    numbers = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in (value, arguments[name]))
    return numbers or type(arguments[name]) is type(value)


def _echo(arguments: dict[str, Any]) -> dict[str, Any]:
    """Repeat what the result is about: at most two short texts or years of the arguments."""
    kept = {
        name: value
        for name, value in arguments.items()
        if (
            isinstance(value, str) and len(value) <= 40 and not re.search(r"unit|format|type|sort|order|language", name)
        )
        or (isinstance(value, int) and not isinstance(value, bool) and re.search(r"year$", name))
    }
    return dict(list(kept.items())[:2])


def _made(about: str, name: str, arguments: dict[str, Any], rng: Random) -> dict[str, Any]:
    verb, words = subject(about, name)
    key, plural = "_".join(words), is_plural(words[-1])
    if is_code(about):
        return _software(verb, words, rng)
    if verb in ("convert", "transform") and any(isinstance(value, (int, float)) for value in arguments.values()):
        return {"converted_value": round(rng.uniform(2, 900), 2)}
    if verb in _NUMBERS and not plural and not re.search(_NO_NUMBER, key) and not re.match(_NO_NUMBER, words[0]):
        return {key: _number(key, about, arguments, rng)}
    if re.search(r"(?i)scientific.*paper|research paper", about):
        return facts.paper(arguments, rng)
    template = _template(f"{verb} {' '.join(words)}") or (() if re.search(_NUMBER_KEYS, key) else _template(about))
    if template:
        return {field: _value(field, kind, about, arguments, rng) for field, kind in template}
    if verb in _DOING:
        reference = f"{key[:3].upper()}-{rng.randrange(10000, 99999)}"
        return {"status": rng.choice(entries("results", "done")), "reference": reference}
    if re.search(_NUMBER_KEYS, key):
        return {key: _number(key, about, arguments, rng)}
    kind = kind_of(" ".join((*words[:-1], words[-1].removesuffix("s"))), "", about) if plural else ""
    if kind and kind in sections("values"):
        return {key: rng.sample(entries("values", kind), min(3, len(entries("values", kind))))}
    return {"status": "found", "matches": rng.randint(1, 9)}


def _software(verb: str, words: tuple[str, ...], rng: Random) -> dict[str, Any]:
    """Return what a piece of software reports: yes or no for a check, a status and its time for the rest."""
    if verb in ("check", "validate", "verify", "compare", "determine", "test", "detect"):
        return {"valid": rng.random() < 0.6, "elapsed_ms": rng.randint(3, 180)}
    return {
        "status": rng.choice(entries("results", "done")),
        words[-1]: f"{words[-1]}_{rng.randint(1, 99)}",
        "elapsed_ms": rng.randint(3, 180),
    }


_NO_NUMBER = (
    r"(?:sunrise|sunset|model|winner|sequence|route|outcome|result|result_of.*|derivative|polygon|histogram|triads|"
    r"forecast|game)$"
)
_DOING = frozenset(
    [
        "book",
        "reserve",
        "order",
        "buy",
        "purchase",
        "create",
        "add",
        "send",
        "schedule",
        "rent",
        "register",
        "update",
        "set",
        "modify",
        "delete",
        "remove",
        "change",
        "save",
        "store",
        "configure",
        "initialize",
        "attach",
        "bind",
        "adjust",
        "enroll",
        "submit",
        "file",
        "publish",
        "post",
        "notify",
        "cancel",
        "apply",
        "switch",
        "handle",
        "invoke",
        "execute",
        "run",
        "test",
        "process",
        "reset",
        "merge",
        "move",
        "rename",
        "upload",
        "assign",
        "append",
        "insert",
        "start",
        "stop",
        "enable",
        "disable",
    ]
)
_NUMBERS = frozenset(["calculate", "compute", "estimate", "predict", "count", "sum", "measure", "forecast", "evaluate"])
_NUMBER_KEYS = (
    r"(?:price|value|rate|score|distance|area|volume|number|amount|cost|temperature|count|index|age|population|probability|"
    r"speed|velocity|height|weight|time|duration|total|average|percentage|ratio|length|calories|rating|gdp|humidity|sum|mode|median|mean|difference|potential|force|energy|mass)$"
)


@lru_cache(maxsize=1)
def _templates() -> tuple[tuple[re.Pattern[str], Fields], ...]:
    rows = []
    for line in entries("results", "fields"):
        pattern, _, spec = line.partition(" ; ")
        parts = (part.strip().partition(" ") for part in spec.split(", "))
        rows.append(
            (re.compile(f"(?<![a-z])(?:{pattern})", re.IGNORECASE), tuple((key, kind) for key, _, kind in parts))
        )
    return tuple(rows)


@lru_cache(maxsize=4096)
def _template(about: str) -> Fields:
    first = re.split(r"(?<=[a-z])\.(?:\s|$)", about, maxsplit=1)[0]
    return next((fields for pattern, fields in _templates() if pattern.search(first)), ())


def _value(key: str, kind: str, about: str, arguments: dict[str, Any], rng: Random) -> Any:
    """Write one field: ``int 3 40``, ``float 1 9.5 1`` (digits), ``list KIND``, ``rows name KIND, ...``, a kind."""
    sort, *more = kind.split()
    if sort == "int":
        return rng.randint(int(more[0]), int(more[1]))
    if sort == "float":
        return round(rng.uniform(float(more[0]), float(more[1])), int(more[2]) if len(more) > 2 else 2)
    if sort == "bool":
        return rng.random() < 0.5
    if sort == "list":
        pool = entries("values", more[0])
        return rng.sample(pool, min(int(more[1]) if len(more) > 1 else 3, len(pool)))
    if sort == "one":
        return rng.choice([word.replace("_", " ") for word in more])
    if sort == "code":
        return f"{more[0]}-{rng.randrange(10000, 99999)}"
    if sort == "date":
        return f"{rng.randint(int(more[0]), int(more[1]))}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    if sort == "time":
        return f"{rng.randint(int(more[0]), int(more[1])):02d}:{rng.choice((0, 5, 10, 15, 20, 30, 40, 45, 50)):02d}"
    if sort == "text":
        return rng.choice(entries("results", more[0])).strip()
    if key == "winner" and (players := _players(arguments)):
        return rng.choice(players)
    if sort == "rows":
        names = rng.sample(entries("values", more[0]), 3)
        return [{"name": name, more[1]: _value(more[1], " ".join(more[2:]), about, arguments, rng)} for name in names]
    return rng.choice(entries("values", sort))


def _players(arguments: dict[str, Any]) -> list[str]:
    """Return the names among the arguments of those who play."""
    found: list[str] = []
    for name, value in arguments.items():
        if re.match(r"(?:player|team|name)s?_?\w?$", name):
            found += [value] if isinstance(value, str) else [one for one in value if isinstance(one, str)]
    return found


def _number(key: str, about: str, arguments: dict[str, Any], rng: Random) -> int | float:
    """Return a number of a size that suits the field's name."""
    if re.search(r"price|value", key) and re.search(r"(?i)\b(?:house|home|property|estate)\b", about):
        return rng.randint(180, 960) * 1000
    if re.search(r"growth", key):
        return round(rng.uniform(0.4, 9), 2)
    if "distance" in key and any(isinstance(value, str) for value in arguments.values()):
        return rng.randint(60, 9200)
    low, high, step = range_of(key, "")
    if (low, high, step) != DEFAULT_RANGE:
        number = low + step * rng.randint(0, max(0, int((high - low) / step)))
        return int(number) if step >= 1 else round(number, 4)
    if re.search(r"probability|ratio|coefficient|similarity", key):
        return round(rng.uniform(0.05, 0.95), 4)
    if re.search(r"rate|percentage|margin|growth|return|yield|roi", key):
        return round(rng.uniform(1.2, 18), 2)
    if re.search(r"count|number|steps", key):
        return rng.randint(12, 4800)
    if re.search(r"price|cost|amount|tax|fee|fare|balance|loss|interest|value", key):
        return round(rng.uniform(40, 9500), 2)
    return round(rng.uniform(2, 480), 2)
