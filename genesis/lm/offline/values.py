"""Values that suit a parameter: drawn from its schema, its name and its description.

>>> draw("city", {"type": "string", "description": "City, e.g. Paris"}, "Weather of a city.", Random(1))
Value(json='Paris', said='Paris')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from genesis.lm.offline import moments
from genesis.lm.offline.kinds import is_code, kind_of, options
from genesis.lm.offline.numbers import draw_number, said_number
from genesis.lm.offline.vocabulary import entries
from genesis.text import split_name


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the words in which a person gives it."""

    json: Any
    said: str


_CODE_LIKE = re.compile(r"^[a-z0-9]+(?:_[a-z0-9]+)+$")


def draw(name: str, schema: dict[str, Any], about: str, rng: Random) -> Value:
    """Draw a value that validates under ``schema`` and suits ``name``; ``about`` is the tool's description."""
    if schema.get("enum"):
        return spoken(rng.choice([member for member in schema["enum"] if member is not None] or schema["enum"]))
    if "const" in schema:
        return spoken(schema["const"])
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            chosen = next((one for one in schema[key] if one.get("type") != "null"), schema[key][0])
            return draw(name, {"description": schema.get("description", ""), **chosen}, about, rng)
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    description = str(schema.get("description") or "")
    if kind == "boolean":
        truth = rng.random() < 0.7
        return Value(truth, "yes" if truth else "no")
    if kind in ("integer", "number"):
        number = draw_number(name, schema, kind, rng)
        return Value(number, said_number(number))
    if kind == "array":
        return _array(name, schema, about, rng)
    if kind == "object":
        return _object(name, schema, about, rng)
    return _text(name, schema, description, about, rng)


def spoken(value: Any) -> Value:
    """Return ``value`` with the words that name it: ``opening_hours`` -> ``opening hours``."""
    if isinstance(value, bool):
        return Value(value, "yes" if value else "no")
    if isinstance(value, str):
        return Value(value, value.replace("_", " ") if _CODE_LIKE.match(value) else value)
    if isinstance(value, list):
        return Value(value, listed([spoken(item).said for item in value]))
    if isinstance(value, dict):
        return Value(value, ", ".join(f"{' '.join(split_name(k))} {spoken(v).said}" for k, v in value.items()))
    return Value(value, f"{value}")


def listed(words: list[str], last: str = "and") -> str:
    """Join words as people do: ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


# --- text ---------------------------------------------------------------------------------------------------------


def _text(name: str, schema: dict[str, Any], description: str, about: str, rng: Random) -> Value:
    low, high = int(schema.get("minLength", 0)), int(schema.get("maxLength", 200))
    found, closed = options(description)
    kind = kind_of(name, description, about)
    if schema.get("format") in ("date", "date-time", "time", "email", "uri", "ipv4", "uuid"):
        kind = {"date-time": "datetime", "uri": "url", "ipv4": "ip"}.get(schema["format"], schema["format"])
    value: Value | None = None
    if schema.get("format") == "date-time":
        value = _stamp(description, rng)
    elif schema.get("pattern"):
        value = _patterned(schema["pattern"], rng)
    elif closed:
        value = spoken(rng.choice(found))
    elif kind in moments.KINDS:
        value = Value(*moments.draw(kind, description, rng))
    elif kind == "uuid":
        value = spoken(str(UUID(int=rng.getrandbits(128), version=4)))
    elif kind == "id":
        value = Value(*(2 * (_identifier(name, rng),)))
    elif kind:
        pool = entries("values", kind)
        value = spoken(rng.choice(found if found and rng.random() < 0.15 else pool))
    elif found:
        value = spoken(rng.choice(found))
    if value is None:
        value = _named(name, description, about, rng)
    text = str(value.json)
    if not low <= len(text) <= high:
        text = (text + " " + "x" * low)[: max(low, min(high, len(text)))]
        return Value(text, text)
    return value


def _stamp(description: str, rng: Random) -> Value:
    text, said = moments.draw("datetime", f"{description} ISO", rng)
    return Value(f"{text}Z", said)


_OBJECT = re.compile(
    r"(?i)\b(?:object|instance|callback|class|stream|node|function|parser|AST|property|variable|iterator|handler|listener|shard)\b"
)


def _named(name: str, description: str, about: str, rng: Random) -> Value:
    """Name a thing no list knows: ``mainLayout`` in software, ``standard layout`` in the world."""
    if is_code(about) or is_code(description) or _OBJECT.search(description):
        words = split_name(name)
        last = words[-1] if len(words[-1]) > 2 else "value"
        return spoken(rng.choice(entries("values", "code_prefix")) + last[0].upper() + last[1:])
    noun = " ".join(word for word in split_name(name)[-2:] if not word.isdigit())
    return spoken(f"{rng.choice(entries('values', 'generic_name'))} {noun}".strip())


def _identifier(name: str, rng: Random) -> str:
    words = [word for word in split_name(name) if word not in ("id", "ids", "number", "code", "key", "token", "no")]
    prefix = "".join(word[0] for word in words[:3]).upper() if len(words) > 1 else "".join(words)[:3].upper()
    return f"{prefix or 'REF'}-{rng.randrange(1000, 99999)}"


def _patterned(pattern: str, rng: Random) -> Value:
    """Write a text for the plain patterns that schemas hold: literals, classes, groups of choices, counts."""
    from genesis.lm.offline.patterns import matching

    text = matching(pattern, rng)
    return Value(text, text)


# --- collections --------------------------------------------------------------------------------------------------


def _array(name: str, schema: dict[str, Any], about: str, rng: Random) -> Value:
    items = schema.get("items") if isinstance(schema.get("items"), dict) else {}
    items = items or {"type": "string"}
    low = int(schema.get("minItems", 1))
    many = items.get("type") in ("integer", "number")
    coordinates = many and re.search(
        r"coordinate|point|pivot|position|\[x, ?y\]|center", f"{name} {schema.get('description')}", re.I
    )
    count = 2 if coordinates else rng.randint(4, 7) if many else rng.randint(2, 3)
    count = max(low, min(count, int(schema.get("maxItems", count))))
    described = items if items.get("description") else {**items, "description": schema.get("description", "")}
    if kind_of(name, str(described.get("description")), about) == "chord_progression" and not items.get("enum"):
        chords = rng.sample(entries("values", "chord"), max(4, low))
        return Value(chords, ", ".join(chords))
    plural = kind_of(name, str(described.get("description")), about)
    singular = name[:-1] if not plural and name.endswith("s") and not name.endswith("ss") else name
    values: list[Value] = []
    for _ in range(count * 4):
        value = draw(singular, described, about, rng)
        if many or value.json not in [known.json for known in values]:
            values.append(value)
        if len(values) == count:
            break
    while len(values) < low:
        values.append(draw(singular, described, about, rng))
    words = [value.said for value in values]
    return Value([value.json for value in values], f"({', '.join(words)})" if coordinates else listed(words))


_COUNTED = r"adults|children|singles|count|number|width|height|length|age|size|total|amount|x$|y$"


def _object(name: str, schema: dict[str, Any], about: str, rng: Random) -> Value:
    properties = schema.get("properties") or {}
    if not properties and schema.get("required"):
        properties = {str(key): {} for key in schema["required"]}
        properties = {
            key: {"type": "integer"} if re.search(_COUNTED, key) else {"type": "string"} for key in properties
        }
    if not properties:
        inner = schema.get("additionalProperties")
        if isinstance(inner, dict) and inner:
            value = draw(name, inner, about, rng)
            key = rng.choice(entries("values", "first_name")) if "name" in str(schema).lower() else "value"
            return Value({key: value.json}, f"{key} {value.said}")
        return _free_object(str(schema.get("description") or ""), rng)
    required = set(schema.get("required") or properties)
    chosen = {key: part for key, part in properties.items() if key in required or rng.random() < 0.4}
    chosen = chosen or dict(list(properties.items())[:2])
    values = {key: draw(key, part, about, rng) for key, part in chosen.items()}
    said = ", ".join(f"{' '.join(split_name(key))} {value.said}" for key, value in values.items())
    return Value({key: value.json for key, value in values.items()}, said)


def _free_object(description: str, rng: Random) -> Value:
    """Fill an object whose schema names no keys, from what its description says it maps."""
    text = description.lower()
    if re.search(r"score|grade|mark|rating", text):
        keys = rng.sample(entries("values", "school_subject"), 3)
        content: dict[str, Any] = {key: rng.randint(55, 98) for key in keys}
    elif re.search(r"card|hand", text):
        cards = iter(rng.sample(entries("values", "card"), 4))
        content = {name: [next(cards), next(cards)] for name in rng.sample(entries("values", "first_name"), 2)}
    elif re.search(r"price|cost|quantit|amount|item", text):
        content = {key: rng.randint(2, 12) for key in rng.sample(entries("values", "grocery"), 2)}
    elif re.search(r"condition|filter|criteria|where", text):
        content = {"department": rng.choice(entries("values", "department")), "status": "open"}
    else:
        content = {
            "name": rng.choice(entries("values", "generic_name")),
            "type": rng.choice(("basic", "standard", "full")),
        }
    return Value(content, ", ".join(f"{key} {spoken(value).said}" for key, value in content.items()))
