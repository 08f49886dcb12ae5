"""How a parameter is spoken of: its noun, its unit, and the words that tie a value to a request.

>>> slot("initial_velocity", "integer", "The initial velocity in m/s.", "").noun
'initial velocity'
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from genesis.lm.offline.kinds import is_code, kind_of, options
from genesis.lm.offline.vocabulary import entries, pairs
from genesis.text import split_name

_UNITS = re.compile(
    r"(?i)\b(?:in|\(in|measured in|expressed in|unit:|given in|units of)\s+(?:the unit of )?"
    r"(m/s\^2|m/s²|m/s|km/h|mph|meters per second(?: squared)?|kg/m\^3|kg/m³|kilograms?|kg|grams?|pounds|lbs?|"
    r"kilometers|kilometres|km|meters|metres|miles|feet|inches|cm|centimeters|millimeters|nanometers|seconds|minutes|"
    r"hours|days|weeks|months|years|degrees celsius|celsius|fahrenheit|kelvin|degrees|radians|volts|amperes|amps|ohms|"
    r"henries|farads|coulombs|joules|watts|hertz|hz|pascals|liters|milliliters|square feet|square meters|square miles|"
    r"cubic meters|dollars|us dollars|usd|euros|bpm|tons|tonnes|gallons|calories|percent(?:age)?|moles)\b"
)
_LEAD = re.compile(
    r"(?i)^(?:optional(?: parameter)?[.:,]?\s*|\(?optional\)?[.:]?\s*|required[.:]\s*)*(?:this (?:is|parameter is) )?"
    r"(?:the|a|an|your|list of|array of|name of the|specific|specified|desired|preferred|exact)\s+"
)


@dataclass(frozen=True, slots=True)
class Slot:
    """How one parameter is spoken of."""

    name: str
    type: str
    """JSON Schema's, ``numbers`` for an array of numbers."""
    kind: str
    """A section of ``values.txt`` or a made kind; empty: none."""
    noun: str
    """Without article: ``base``, ``number of nights``."""
    unit: str = ""
    phrase: str = ""
    """Yes or no only: what happens when yes, in the base form: ``include precipitation data``."""
    statement: str = ""
    """Yes or no only: what holds when yes: ``the car is electric``."""
    code: bool = False
    """Whether its tool is about software."""

    @property
    def number(self) -> bool:
        """Whether it takes one number."""
        return self.type in ("integer", "number")

    @property
    def many(self) -> bool:
        """Whether the noun wants a plural verb."""
        return (self.type in ("array", "numbers") and self.noun.endswith("s")) or (
            not self.number and is_plural(self.noun)
        )

    @property
    def plural(self) -> bool:
        """Whether it counts things: ``4 guests``."""
        return self.number and (self.noun.startswith(("number of ", "total number of ")) or is_plural(self.noun))

    @property
    def limit(self) -> bool:
        """Whether it says how many results are wanted."""
        return bool(re.search(r"results?$|items$|records$|articles$", self.noun))

    @property
    def span(self) -> bool:
        """Whether it is a span of time: ``for 3 days``."""
        return self.number and bool(
            re.fullmatch(r"(?:number of )?(?:days|nights|weeks|hours|months|years|minutes)", self.noun)
            or (
                self.unit in _TIMES
                and re.fullmatch(r"(?:\w+ )?(?:duration|time|period|term|length of stay)", self.noun)
            )
        )

    @property
    def is_year(self) -> bool:
        """Whether it is a calendar year."""
        return self.number and bool(re.fullmatch(r"(?:season |release |case )?year|season", self.noun))

    @property
    def is_unit(self) -> bool:
        """Whether it names a unit or a currency."""
        return self.kind.endswith("_unit") or self.kind == "currency_code"

    @property
    def entity(self) -> bool:
        """Whether it names a thing in the world: a place, a person, a work."""
        return self.type == "string" and self.kind in entries("nouns", "entities")


_TIMES = frozenset({"seconds", "minutes", "hours", "days", "weeks", "months", "years"})


def is_plural(noun: str) -> bool:
    """Whether a noun phrase is plural: ``guests``, not ``mass`` or ``radius``."""
    last = noun.split()[-1]
    return len(last) > 3 and last.endswith("s") and not last.endswith(_NO_PLURAL)


_NO_PLURAL = (
    "ss",
    "us",
    "is",
    "gas",
    "series",
    "species",
    "physics",
    "canvas",
    "alias",
    "bias",
    "lens",
    "news",
    "pants",
)


def slot_of(name: str, schema: dict[str, Any], about: str) -> Slot:
    """Return how ``name`` is spoken of, from its schema and the tool's description."""
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    items = schema.get("items")
    if kind == "array" and isinstance(items, dict) and items.get("type") in ("integer", "number", "array"):
        kind = "numbers"
    description = str(schema.get("description") or "")
    found = slot(name, str(kind), description, about)
    if (
        found.kind
        and found.kind not in entries("nouns", "steady")
        and (schema.get("enum") or (found.type == "string" and options(description)[1]))
    ):
        return replace(found, kind="")
    return found


@lru_cache(maxsize=16384)
def slot(name: str, type_: str, description: str, about: str) -> Slot:
    """Return how a parameter is spoken of."""
    words = split_name(name)
    noun = _noun(words, description)
    code = is_code(about)
    if type_ == "boolean":
        phrase, statement = _flag(description)
        return Slot(name, type_, "", noun, phrase=phrase, statement=statement, code=code)
    unit = _unit(words, description, noun, about) if type_ in ("integer", "number") else ""
    kind = kind_of(name, description, about) if type_ in ("string", "array") else ""
    return Slot(name, type_, kind, noun, unit, code=code)


_MONEY = re.compile(
    r"\b(?:price|salary|income|budget|revenue|principal|principle|cost|profit|deposit|dividends?|payout|loan|assets?|equity|"
    r"investment|rent|fee|payment|present value|future value|cash|bill|expenses|fare|purchase)\b"
)


def _unit(words: list[str], description: str, noun: str, about: str) -> str:
    if _MONEY.search(noun) and not re.search(
        r"rate|ratio|percent|number|period|years|term|time|id$|currenc", f"{noun} {description}"
    ):
        return "dollars"
    if re.search(r"(?i)decimal|0\.\d+", description):
        return ""
    if found := _UNITS.search(description):
        unit = found.group(1).lower()
        return pairs("nouns", "unit").get(unit, unit)
    last = words[-1]
    if noun.endswith(last) and last != noun.split()[0]:
        return ""
    return pairs("nouns", "suffix").get(last, "") if len(words) > 1 else ""


def _noun(words: list[str], description: str) -> str:
    """Prefer the name's words; where they are too short to mean anything, the head of the description."""
    if (found := re.fullmatch(r"(num|number|val|value|n)_?([12])", words[-1])) and len(words) == 1:
        return f"{'first' if found[2] == '1' else 'second'} {'value' if found[1].startswith('v') else 'number'}"
    name = [part for part in (pairs("nouns", "word").get(word, word) for word in words) if part]
    if name[:2] == ["number of", "of"]:
        del name[1]
    if len(name) == 2 and name[0] == "number of":
        name[1] = name[1] if name[1].endswith("s") else name[1] + "s"
    if re.search(r"^(?:round|rounding|round to|round off)$|decimal|precision$", " ".join(words)) and re.search(
        r"(?i)decimal|round", description
    ):
        return "decimal places"
    text = " ".join(word.upper() if word in entries("nouns", "capitals") else word for word in name)
    text = re.sub(r"^(?:is|get|the) ", "", text)
    text = re.sub(r" in (?:days|hours|minutes|seconds|years|months|km|miles|meters|kg)$", "", text)
    text = re.sub(r"\b(time|duration|term|period) (?:days|hours|minutes|seconds|years|months)$", r"\1", text)
    text = re.sub(r"(?<=[a-z])(\d+)$", r" \1", text)
    text = re.sub(r"^(\w+(?: \w+)?) ([12ab])$", lambda m: f"{'first' if m[2] in '1a' else 'second'} {m[1]}", text)
    if (len(text) > 2 or text in ("ID", "IP", "pH")) and not re.fullmatch(r"(number of|\w{1,2}|\w{1,3}\d)", text):
        return text
    head = _head(description)
    return head if head and len(head) <= 60 else (text or "value")


def _head(description: str) -> str:
    head = re.split(
        r"(?<=\w)[.;:(]|,| - | which | that | for which | where | when | e\.g", description.strip(), maxsplit=1
    )[0]
    head = _LEAD.sub("", _LEAD.sub("", head)).strip(" .")
    head = re.sub(
        r"(?i)(?: (?:flowing|expressed|measured))? in (?:the unit of )?[\w/^³²]+(?: per \w+(?: squared)?)?$", "", head
    )
    if re.match(r"(?i)(whether|if|true|false|used|specifies|indicates)\b", head):
        return ""
    return head[:1].lower() + head[1:] if head[1:2].islower() or head[1:2] == " " else head


_FLAG_PATTERNS = (
    (
        r"(?i)(?:whether|if)(?: or not)?(?: the \w+(?: \w+)? should)? (?:to|it should|we should|you want to|"
        r"user wants to|should) ([a-z].*?)(?: or not)?(?:[.,;(]|$)"
    ),
    (
        r"(?i)^(?:flag|option|boolean(?: flag)?|set to true|true|optional parameter|"
        r"boolean value) to (?:indicate whether to )?([a-z].*?)(?:[.,;(]|$)"
    ),
    (
        r"(?i)^((?:include|return|show|display|exclude|get|fetch|calculate|apply|use|sort|filter|provide|round|"
        r"ignore|print|retrieve|allow|consider) .*?)(?: if (?:true|set)| if set to true|[.,;(]|$)"
    ),
)


def _flag(description: str) -> tuple[str, str]:
    """Return (what happens, what holds) when a yes-or-no parameter is yes; both empty where the text does not say."""
    for pattern in _FLAG_PATTERNS:
        if found := re.search(pattern, description):
            phrase = re.sub(
                r"(?i),? (?:if|when|or not|in the (?:response|return|result)s?)\b.*$", "", found.group(1)
            ).strip()
            phrase = phrase[:1].lower() + phrase[1:]
            if not re.match(r"be |have |not |the ", phrase) and len(phrase) <= 90:
                return phrase, ""
    if found := re.search(
        (
            r"(?i)(?:whether|indicates? if|specifies if|true if|flag indicating(?: whether)?) ((?:the|a|an|it|this|"
            r"there|your|all)\b [^.;,(]{3,80})"
        ),
        description,
    ):
        statement = re.sub(r"(?i) or not$| should be considered| is needed$", "", found.group(1)).strip()
        return "", statement[:1].lower() + statement[1:]
    return "", ""
