"""What the tools return: small JSON objects that fit the description and the arguments."""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random
from typing import Any

import msgspec

from genesis.lm.offline import formulas
from genesis.lm.offline.phrases import phrase
from genesis.lm.offline.slots import is_plural
from genesis.lm.offline.values import draw
from genesis.lm.offline.vocabulary import entries
from genesis.text import split_name, stable_hash

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
    content = formulas.compute(about, arguments)
    if content is None:
        content = {**_echo(arguments), **_made(about, str(tool.get("name") or ""), arguments, rng)}
    content = {
        name: arguments[name] if _same_sort(name, value, arguments) else value for name, value in content.items()
    }
    given = {
        name: arguments[name] if name in arguments else draw(name, schema, about, rng).json
        for name, schema in give.items()
    }
    rest = [item for item in content.items() if item[0] not in given]
    return dict(rest[: max(0, MOST_FIELDS - len(given))]) | given


def _same_sort(name: str, value: Any, arguments: dict[str, Any]) -> bool:
    """Whether a field bears an argument's name and says the same sort of thing: then it repeats it."""
    return name in arguments and type(arguments[name]) is type(value) and not isinstance(value, (list, dict))


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
    verb, key, plural = _subject(about, name)
    if verb in ("convert", "transform") and any(isinstance(value, (int, float)) for value in arguments.values()):
        return {"converted_value": round(rng.uniform(2, 900), 2)}
    if verb in _NUMBERS and not plural and not re.search(_NO_NUMBER, key):
        return {key: _number(key, about, rng)}
    template = _template(f"{verb} {key.replace('_', ' ')}") or (
        () if re.search(_NUMBER_KEYS, key) else _template(about)
    )
    if template:
        return {field: _value(field, kind, about, arguments, rng) for field, kind in template}
    if verb in _DOING:
        reference = f"{key[:3].upper()}-{rng.randrange(10000, 99999)}"
        return {"status": rng.choice(entries("results", "done")), "reference": reference}
    if re.search(_NUMBER_KEYS, key):
        return {key: _number(key, about, rng)}
    if plural:
        return {key: rng.sample(entries("values", "generic_name"), 3), "count": 3}
    return {key: rng.choice(entries("results", "text")).replace("{key}", key.replace("_", " "))}


_NO_NUMBER = (
    r"(?:model|winner|sequence|route|outcome|result|result_of.*|derivative|polygon|histogram|triads|forecast|game)$"
)
_DOING = frozenset(
    "book reserve order buy purchase create add send schedule rent register update set modify delete remove change save "
    "store configure initialize attach bind adjust enroll submit file publish post notify cancel apply switch handle "
    "invoke execute run test process reset merge move rename upload assign append insert start stop enable disable".split()
)
_NUMBERS = frozenset("calculate compute estimate predict count sum measure forecast evaluate".split())
_NUMBER_KEYS = (
    r"(?:price|value|rate|score|distance|area|volume|number|amount|cost|temperature|count|index|age|population|probability|"
    r"speed|velocity|height|weight|time|duration|total|average|percentage|ratio|length|calories|rating|gdp|humidity)$"
)


@lru_cache(maxsize=4096)
def _subject(about: str, name: str) -> tuple[str, str, bool]:
    """Return the verb of a description, what it gives as a field name, and whether that is several things."""
    core = phrase(about, name)
    head = re.split(rf"(?: {_CUT}\b|,)", f" {core.object}", maxsplit=1)[0]
    words = [word for word in re.findall(r"[a-z0-9]+", head.lower()) if word not in _SKIP]
    key = "_".join(words[-3:]) or "_".join(split_name(name)[-2:]) or "result"
    return core.verb, key, is_plural(words[-1]) if words else False


_CUT = r"(?:of|for|in|from|between|about|on|by|with|to|using|at|as|and|or|that|produced|given|based|required|needed|if|whether)"
_SKIP = frozenset(
    "the a an any some specific given certain all its my their list details information detailed new".split()
)


@lru_cache(maxsize=1)
def _templates() -> tuple[tuple[re.Pattern[str], Fields], ...]:
    rows = []
    for line in entries("results", "fields"):
        pattern, _, spec = line.partition(" ; ")
        parts = (part.strip().partition(" ") for part in spec.split(", "))
        rows.append((re.compile(pattern, re.IGNORECASE), tuple((key, kind) for key, _, kind in parts)))
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
    if sort == "rows":
        names = rng.sample(entries("values", more[0]), 3)
        return [{"name": name, more[1]: _value(more[1], " ".join(more[2:]), about, arguments, rng)} for name in names]
    return rng.choice(entries("values", sort))


def _number(key: str, about: str, rng: Random) -> int | float:
    if re.search(r"probability|ratio|coefficient|similarity", key):
        return round(rng.uniform(0.05, 0.95), 4)
    if re.search(r"rate|percentage|margin|growth|return|yield|roi", key):
        return round(rng.uniform(1.2, 18), 2)
    if re.search(r"count|number|population|steps|calories", key):
        return rng.randint(12, 4800)
    if re.search(r"price|cost|amount|revenue|profit|payment|interest|value|tax|fee|fare|balance|loss", key):
        return round(rng.uniform(40, 9500), 2)
    return round(rng.uniform(2, 480), 2)
