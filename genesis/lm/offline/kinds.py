"""What kind of value a text parameter takes, from its name and description: the rules of ``data/kinds.txt``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from genesis.lm.offline.vocabulary import entries, sections
from genesis.text import split_name

_QUOTED = re.compile(r"(?<![A-Za-z0-9])['\"‘“`]([^'\"‘’“”`]{1,40}?)['\"’”`](?![A-Za-z0-9])")
_CLOSED = re.compile(
    r"(?i)(?:options?|choices?)(?: include| are)?\s*:?\s+([\w /-]+(?:, [\w /-]+)*,? (?:and|or) [\w /-]+)"
)
_EXAMPLES = re.compile(r"(?:e\.g\.?,?:?|E\.g\.?,?:?|[Ee]xamples?:|such as|for example,?|like)\s+([^.();]+)")
_NAMELY = re.compile(r"i\.e\.?,?\s+([^.();]+)")
_BETWEEN = re.compile(r"(?i)\bpreference\b.* between (\w+) and (\w+)")
_SOFTWARE = re.compile(
    r"\b(?:callbacks?|Java|JavaScript|TypeScript|JSON object|class file|class name|AST|React|instance of|DOM|SQL|"
    r"iterator|"
    r"async\w*|namespace|HTTP|REST|regex|InputStream|PrintStream|ResultSet|HBase|Redis\w*|semaphore|cipher|bytecode|"
    r"compiler|Elasticsearch|Kubernetes|Git|XML|database view|coroutines?|serializ\w+|three\.js|ShaderMaterial|parser|"
    r"jar agent|JDBC|NIO|SSL|JNI|BigDecimal|subarray|filesystem|bitwise|input stream|text stream|execution context|"
    r"native function|syntax tree|plaintext password|test runner|test logic|refresh header|environment map|"
    r"authorization token|null|"
    r"Type[A-Z]\w+|\w+(?:Builder|Controller|Listener|Factory|Request|Exception|Object|Stream|Entity|Node|Task|Parser))\b"
)
_SOFTWARE_TOO = re.compile(
    r"\b(?:buffer|shards?|components?|threads?|tokens?|predicate|enum|boolean|method|exception|quer(?:y|ies)|schema|plugin|"
    r"builder|listener|handler|controller|objects?|class|instance|array|string|node|property|queue|database|script|"
    r"setting|field|keys?|server|stream|paginat\w+|iterat\w+|This function|This method|IDs?|environment map|"
    r"generic type|"
    r"[a-z]+[A-Z]\w+|[A-Z][a-z]+[A-Z]\w+)\b"
)


@lru_cache(maxsize=8192)
def is_code(text: str) -> bool:
    """Whether a description speaks of software rather than of the world: one strong word for it, or two weak ones."""
    return bool(_SOFTWARE.search(text)) or len({word.lower() for word in _SOFTWARE_TOO.findall(text)}) >= 2


@lru_cache(maxsize=8192)
def options(description: str) -> tuple[tuple[str, ...], bool]:
    """Return the values a description names, and whether it allows no others.

    >>> options("Unit, 'miles' or 'kilometers'. Default is 'miles'.")
    (('miles', 'kilometers'), True)
    """
    text = re.split(r"(?i)(?:\bdefaults?\b|\bif not (?:specified|provided))", description)[0]
    quoted = tuple(dict.fromkeys(_QUOTED.findall(text)))
    example = _EXAMPLES.search(text)
    if either := _BETWEEN.search(text):
        return either.groups(), True
    if len(quoted) >= 2:
        return quoted, not example and "etc" not in text
    example = example or _NAMELY.search(text)
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


_EMPTY_NAMES = frozenset(
    ["name", "value", "item", "input", "data", "object", "entity", "target", "param", "arg", "details"]
)
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
