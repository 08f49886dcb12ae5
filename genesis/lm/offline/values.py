"""Values that suit a parameter: drawn from its schema, its name and its description.

>>> draw("city", {"type": "string", "description": "City, e.g. Paris"}, "Weather of a city.", random.Random(1))
Value(json='Paris', said='Paris')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from genesis.lm.offline import moments
from genesis.lm.offline.vocabulary import entries, sections
from genesis.text import split_name


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the words in which a person gives it."""

    json: Any
    said: str


_QUOTED = re.compile(r"(?<![A-Za-z0-9])['\"‘“`]([^'\"‘’“”`]{1,40}?)['\"’”`](?![A-Za-z0-9])")
_OPTIONS = re.compile(
    r"(?i)\b(?:options?|choices?|choose|valid|possible values|allowed|accepted|supported|can be|could be|must be|may be|"
    r"one of|either|values?)\b"
)
_CLOSED = re.compile(
    r"(?i)(?:options?|choices?)(?: include| are)?\s*:?\s+([\w /-]+(?:, [\w /-]+)*,? (?:and|or) [\w /-]+)"
)
_EXAMPLES = re.compile(r"(?:e\.g\.?,?:?|E\.g\.?,?:?|[Ee]xamples?:|such as|for example,?|like)\s+([^.();]+)")
_CODE_LIKE = re.compile(r"^[a-z0-9]+(?:_[a-z0-9]+)+$")


def draw(name: str, schema: dict[str, Any], about: str, rng: Random) -> Value:
    """Draw a value that validates under ``schema`` and suits ``name``; ``about`` is the tool's description."""
    if schema.get("enum"):
        return spoken(rng.choice([member for member in schema["enum"] if member is not None] or schema["enum"]))
    if "const" in schema:
        return spoken(schema["const"])
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            return draw(name, {**schema[key][0], "description": schema.get("description", "")}, about, rng)
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    description = str(schema.get("description") or "")
    if kind == "boolean":
        truth = rng.random() < 0.7
        return Value(truth, "yes" if truth else "no")
    if kind in ("integer", "number"):
        return _number(name, schema, kind, rng)
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
    if schema.get("pattern"):
        value = _patterned(schema["pattern"], rng)
    elif closed:
        value = spoken(rng.choice(found))
    elif kind in moments.KINDS:
        value = Value(*moments.draw(kind, description, rng))
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


_CODE = re.compile(
    r"\b(?:callback|Java|JavaScript|TypeScript|JSON object|class file|class name|parser|AST|React|instance of|DOM|SQL|iterator|"
    r"async\w*|buffer|namespace|HTTP|REST|regex|InputStream|PrintStream|ResultSet|HBase|Redis\w*|shard\w*|semaphore|cipher|"
    r"bytecode|compiler|thread|Elasticsearch|Kubernetes|Git|XML|database view|coroutine\w*|Spring|controller|component|serializ\w+|"
    r"three\.js|shader|token\w*|predicate|enum|boolean|method|exception|query|schema|plugin|builder|listener|handler|node\b.*(?:tree|type|declaration))\b"
    r"|[a-z][A-Z][a-z]+[A-Z]|[A-Z][a-z]+[A-Z][a-z]+[A-Z]?"
)
_OBJECT = re.compile(
    r"(?i)\b(?:object|instance|callback|class|stream|node|function|parser|AST|property|variable|iterator|handler|listener)\b"
)


@lru_cache(maxsize=8192)
def is_code(text: str) -> bool:
    """Whether a description speaks of software rather than of the world."""
    return bool(_CODE.search(text))


@lru_cache(maxsize=8192)
def options(description: str) -> tuple[tuple[str, ...], bool]:
    """Return the values a description names, and whether it allows no others.

    >>> options("Unit, 'miles' or 'kilometers'. Default is 'miles'.")
    (('miles', 'kilometers'), True)
    """
    text = re.split(r"(?i)(?:\bdefaults?\b|\bif not (?:specified|provided))", description)[0]
    quoted = tuple(dict.fromkeys(_QUOTED.findall(text)))
    example = _EXAMPLES.search(text)
    if len(quoted) >= 2:
        return quoted, not example and "etc" not in text
    if closed := _CLOSED.search(text):
        words = re.split(r",\s*(?:and |or )?| and | or ", closed.group(1))
        return tuple(word.strip() for word in words if word.strip()), True
    if quoted and example:
        return quoted, False
    if example:
        words = re.split(r",\s*(?:and |or )?| and | or ", re.sub(r"\betc\b", "", example.group(1)))
        good = [word.strip(" '\"") for word in words]
        return tuple(word for word in good if 1 < len(word) <= 30 and len(word.split()) <= 4), False
    return (), False


class _Rule(NamedTuple):
    kind: str
    named: re.Pattern[str]
    head: re.Pattern[str]
    """Finds the same at the end of a name, where its head noun stands."""
    around: re.Pattern[str] | None


@lru_cache(maxsize=1)
def _kind_rules() -> tuple[_Rule, ...]:
    rules = []
    for line in sections("kinds")["string"]:
        kind, name, context = (part.strip() for part in line.split(" ;"))
        around = re.compile(context) if context else None
        rules.append(_Rule(kind, re.compile(name), re.compile(f"(?:{name})$"), around))
    return tuple(rules)


_EMPTY_NAMES = frozenset("name value item input data object entity target param arg details".split())
_WHOLE_NAMES = frozenset({"full name", "first name", "last name", "user name"})
_EMPTY_HEADS = re.compile(
    r"(?<=\w) (?:name|names|value|string|str|of interest|title|type|kind|info|list|text|preferences?|options?)$"
)


@lru_cache(maxsize=16384)
def kind_of(name: str, description: str, about: str) -> str:
    """Return the kind of a text parameter, a section of ``values.txt`` or a made kind; empty: nothing matches.

    The name's head noun decides; only a name that says nothing is looked up by the head of its description.
    """
    words = re.sub(r"(?<=[a-z]) ?\d+$", "", " ".join(split_name(name)))
    context = f"{description} | {about}"
    if re.search(r"\bids?$", words) and not re.search(r"\b(?:snp|dna|email|patient)\b", words):
        return "id"
    code = is_code(about)
    allowed = entries("values", "code_kinds")
    rules = [rule for rule in _kind_rules() if rule.around is None or rule.around.search(context)]
    rules = [rule for rule in rules if rule.kind in allowed] if code else rules
    for rule in rules:
        if rule.named.fullmatch(words):
            return rule.kind
    head = words if words in _WHOLE_NAMES else _EMPTY_HEADS.sub("", words)
    if not code and (len(words) <= 2 or words in _EMPTY_NAMES):
        head = re.split(r"[.,(]", description)[0].lower()[:60].strip()
    for rule in rules:
        if rule.head.search(head):
            return rule.kind
    return next((rule.kind for rule in rules if not code and rule.named.search(head)), "")


def _named(name: str, description: str, about: str, rng: Random) -> Value:
    """Name a thing no list knows: software gets an identifier of its own words (``mainLayout``), the world a name."""
    if is_code(about) or is_code(description) or _OBJECT.search(description):
        words = split_name(name)
        last = words[-1] if len(words[-1]) > 2 else "value"
        return spoken(rng.choice(entries("values", "code_prefix")) + last[0].upper() + last[1:])
    return spoken(rng.choice(entries("values", "generic_name")))


def _identifier(name: str, rng: Random) -> str:
    words = [word for word in split_name(name) if word not in ("id", "ids", "number", "code", "key", "token", "no")]
    prefix = "".join(word[0] for word in words[:3]).upper() if len(words) > 1 else "".join(words)[:3].upper()
    return f"{prefix or 'REF'}-{rng.randrange(1000, 99999)}"


def _patterned(pattern: str, rng: Random) -> Value:
    """Write a text for the plain patterns that schemas hold: literals, classes, groups of choices, counts."""
    from genesis.lm.offline.patterns import matching

    text = matching(pattern, rng)
    return Value(text, text)


# --- numbers ------------------------------------------------------------------------------------------------------


DEFAULT_RANGE = (2.0, 40.0, 1.0)


@lru_cache(maxsize=1)
def _number_rules() -> list[tuple[re.Pattern[str], float, float, float]]:
    rules = []
    for line in sections("numbers")["number"]:
        pattern, low, high, step = line.rsplit(" ; ", 3)
        rules.append((re.compile(pattern, re.IGNORECASE), float(low), float(high), float(step)))
    return rules


@lru_cache(maxsize=16384)
def range_of(name: str, description: str) -> tuple[float, float, float]:
    """Return (low, high, step) of sensible values of a number parameter."""
    words = " ".join(split_name(name))
    text = f"{words}: {description}"
    loose = None
    for pattern, low, high, step in _number_rules():
        found = pattern.search(text)
        if found and found.start() <= len(words):
            return low, high, step
        loose = loose or (found and (low, high, step))
    if loose:
        return loose
    if found := re.search(
        r"(?:from|between|range:?|ranging from)\s+\(?(-?\d+(?:\.\d+)?)\s*(?:to|and|-)\s*(-?\d+(?:\.\d+)?)", description
    ):
        return float(found[1]), float(found[2]), 1.0 if "." not in found[0] else 0.1
    return DEFAULT_RANGE


def _number(name: str, schema: dict[str, Any], kind: str, rng: Random) -> Value:
    low, high, step = range_of(name, str(schema.get("description") or ""))
    if kind == "integer" and step < 1:
        step = 1
        low, high = (round(low), round(high)) if round(high) - round(low) >= 2 else (2, 9)
    floor = schema.get("minimum", schema.get("exclusiveMinimum"))
    ceiling = schema.get("maximum", schema.get("exclusiveMaximum"))
    if floor is not None and (low < floor or low > (ceiling if ceiling is not None else low)):
        low = floor + (step if "exclusiveMinimum" in schema else 0)
    if ceiling is not None and high > ceiling:
        high = ceiling - (step if "exclusiveMaximum" in schema else 0)
    if high < low:
        low, high = (low, low) if floor is not None else (high, high)
    if schema.get("multipleOf"):
        step = schema["multipleOf"]
        low = -(-low // step) * step
    steps = max(0, int((high - low) / step + 1e-9))
    number = low + step * rng.randint(0, steps)
    if kind == "integer":
        return Value(int(number), said_number(int(number)))
    number = round(number, 6)
    if number == int(number) and rng.random() < 0.5 and not schema.get("multipleOf") and 4 <= high - low <= 5000:
        number = round(min(number + rng.choice((0.5, 0.2, 0.8, 0.25)), high), 4)
    return Value(number, said_number(number))


def said_number(number: float) -> str:
    """Write a number as people do in a message: thousands separated from 10,000 on, no ``.0``."""
    if isinstance(number, float) and number == int(number) and abs(number) < 1e15:
        number = int(number)
    if isinstance(number, int) and abs(number) >= 100_000:
        return f"{number:,}"
    return repr(number) if isinstance(number, float) else str(number)


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
    singular = name[:-1] if name.endswith("s") and not name.endswith("ss") else name
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
