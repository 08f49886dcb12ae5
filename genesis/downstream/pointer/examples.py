"""Dialogues and benchmark items as the network sees them: a request, tools with their parameters, and labels.

>>> tool = {"name": "book", "description": "Book a table.", "parameters": {"type": "object", "properties": {
...     "guests": {"type": "integer", "description": "How many come."}}, "required": ["guests"]}}
>>> field_of("guests", tool["parameters"]["properties"]["guests"], True).kind
'number'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genesis.dialogue import Dialogue
from genesis.downstream.pointer import values
from genesis.downstream.pointer.tokens import Token, tokenize
from genesis.text import split_name, words

MOST_CALLS = 4
"""Calls of one tool in one message; further ones are not learned."""
MOST_TOKENS = 128
KINDS = ("text", "number", "texts", "numbers", "choice", "other")
_DATES = ("yyyy-mm-dd", "iso 8601")


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of a tool, as the network reads it."""

    name: str
    name_words: tuple[str, ...]
    about_words: tuple[str, ...]
    kind: str
    """One of KINDS; ``choice``: a boolean or an enum; ``other``: objects and nested lists, never given."""
    options: tuple[Any, ...] = ()
    whole: bool = False
    day: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One tool on offer."""

    name: str
    name_words: tuple[str, ...]
    about_words: tuple[str, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """What is right for one parameter of one call."""

    spans: tuple[values.Span, ...] = ()
    """Any of these places; empty: the value is not given, or stands nowhere in the request."""
    option: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call to learn: which function, the how many-th call of it, a label a field."""

    function: int
    turn: int
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One request with tools on offer, and what is right: no calls where no tool fits."""

    request: str
    tokens: tuple[Token, ...]
    functions: tuple[Function, ...]
    calls: tuple[Call, ...] = ()


def field_of(name: str, schema: Any, required: bool) -> Field:
    """Read one parameter from its JSON Schema."""
    schema = schema if isinstance(schema, dict) else {}
    about = str(schema.get("description") or "")
    kind, options = _kind(schema)
    inner = schema.get("items") if isinstance(schema.get("items"), dict) else {}
    return Field(
        name=name,
        name_words=tuple(split_name(name)[:6]),
        about_words=tuple(words(about)[:24]),
        kind=kind,
        options=options,
        whole="integer" in (schema.get("type"), (inner or {}).get("type")),
        day=schema.get("format") == "date" or any(form in about.lower() for form in _DATES),
        required=required,
    )


def _kind(schema: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    options = schema.get("enum")
    if isinstance(options, list) and options and all(isinstance(option, (str, int, float)) for option in options):
        return "choice", tuple(options[:64])
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind == "boolean":
        return "choice", (True, False)
    if kind in ("integer", "number"):
        return "number", ()
    if kind == "array":
        inner = schema.get("items")
        inside = inner.get("type") if isinstance(inner, dict) else "string"
        return ("numbers" if inside in ("integer", "number") else "texts" if inside == "string" else "other"), ()
    return ("other" if kind == "object" else "text"), ()


def function_of(tool: Mapping[str, Any]) -> Function:
    """Read a tool, ``{"name", "description", "parameters"}`` with plain JSON Schema."""
    schema = tool.get("parameters")
    schema = schema if isinstance(schema, dict) else {}
    required = schema.get("required") or ()
    parameters = schema.get("properties") or {}
    return Function(
        name=str(tool["name"]),
        name_words=tuple(split_name(str(tool["name"]))[:8]),
        about_words=tuple(words(str(tool.get("description") or ""))[:40]),
        fields=tuple(field_of(name, one, name in required) for name, one in list(parameters.items())[:24]),
    )


def make(request: str, tools: Sequence[Function], calls: Sequence[tuple[str, Mapping[str, Any]]] = ()) -> Example:
    """Return a request as an example; ``calls`` (name, arguments) are the labels of a training example."""
    tokens = tuple(tokenize(request, MOST_TOKENS))
    places = {function.name: index for index, function in enumerate(tools)}
    counts: dict[str, int] = {}
    learned = []
    for name, arguments in calls:
        turn = counts.get(name, 0)
        if name not in places or turn >= MOST_CALLS:
            continue
        counts[name] = turn + 1
        fields = tools[places[name]].fields
        learned.append(Call(places[name], turn, tuple(_label(field, arguments, tokens) for field in fields)))
    return Example(request, tokens, tuple(tools), tuple(learned))


def _label(field: Field, arguments: Mapping[str, Any], tokens: Sequence[Token]) -> Label:
    if field.name not in arguments:
        return Label()
    value = arguments[field.name]
    if field.kind == "choice":
        same = [i for i, option in enumerate(field.options) if option == value and type(option) is type(value)]
        return Label(option=same[0] if same else None)
    return Label(tuple(values.find(value, field.kind, tokens)))


def from_dialogues(dialogues: Iterable[Dialogue]) -> list[Example]:
    """Return what dialogues teach: an example a message with calls, and one for a request that no tool fits.

    The request is what the user said since the message before the last calls. A dialogue without a call teaches
    abstention only where its plan says irrelevance, or where nobody knows the plan.
    """
    known: dict[int, Function] = {}
    found: list[Example] = []
    for dialogue in dialogues:
        tools = [known.setdefault(id(tool), function_of(tool.to_function())) for tool in dialogue.tools]
        names = {tool.name for tool in tools}
        said: list[str] = []
        called = False
        for message in dialogue.messages:
            if message.role == "user":
                said.append(message.content)
            elif message.role == "assistant" and message.tool_calls:
                called = True
                calls = [(call.name, call.arguments) for call in message.tool_calls if call.name in names]
                if calls and said:
                    found.append(make("\n".join(said), tools, calls))
                said = said[-1:]
        special = dialogue.scenario.special if dialogue.scenario else "irrelevance"
        if special == "irrelevance" and not called and tools and said:
            found.append(make("\n".join(said), tools))
    return found
