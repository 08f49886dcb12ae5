"""Defects of meaning: values nobody gave, slots swapped, answers that contradict; planted in a row in place."""

from __future__ import annotations

import datetime
import itertools
import re
from random import Random
from typing import Any

import msgspec

from genesis.checks.plant_calls import Donors, Row, _enum_slots, functions, slots, text_of
from genesis.checks.said import flat

_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:\.\d+)?(?![\w-])")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}")


def wrong_text(row: Row, rng: Random, donors: Donors) -> bool:
    """A text argument holds another dialogue's value of its kind."""
    text = text_of(row)
    found = [
        slot
        for slot in slots(row, "string")
        if isinstance(slot[0][slot[1]], str) and not _ISO.match(slot[0][slot[1]]) and len(slot[0][slot[1]]) > 2
    ]
    others = [value for value in donors.get("string", ()) if flat(value) not in text]
    if not found or not others:
        return False
    holder, name, _ = rng.choice(found)
    holder[name] = rng.choice(others)
    return True


def wrong_number(row: Row, rng: Random, donors: Donors) -> bool:
    """A number argument holds another number, within a factor of three."""
    found = [
        slot
        for slot in slots(row, "integer", "number")
        if isinstance(slot[0][slot[1]], (int, float)) and not isinstance(slot[0][slot[1]], bool)
    ]
    if not found:
        return False
    holder, name, schema = rng.choice(found)
    text = text_of(row)
    value = holder[name]
    for _ in range(20):
        other = value * rng.uniform(0.4, 3) + rng.randint(1, 9)
        other = round(other) if isinstance(value, int) else round(other, 1)
        fits = schema.get("minimum", other) <= other <= schema.get("maximum", other)
        if other != value and fits and f" {other} ".replace(".", " ") not in text:
            holder[name] = other
            return True
    return False


def wrong_date(row: Row, rng: Random, donors: Donors) -> bool:
    """A date argument is some days off."""
    found = [
        slot for slot in slots(row, "string") if isinstance(slot[0][slot[1]], str) and _ISO.match(slot[0][slot[1]])
    ]
    if not found:
        return False
    holder, name, _ = rng.choice(found)
    try:
        day = datetime.date.fromisoformat(holder[name])
    except ValueError:
        return False
    holder[name] = (day + datetime.timedelta(days=rng.randint(40, 300))).isoformat()
    return True


def wrong_item(row: Row, rng: Random, donors: Donors) -> bool:
    """One member of a list of texts is another dialogue's."""
    found = [
        slot
        for slot in slots(row, "array")
        if isinstance(slot[0][slot[1]], list)
        and slot[0][slot[1]]
        and all(isinstance(item, str) for item in slot[0][slot[1]])
    ]
    text = text_of(row)
    others = [value for value in donors.get("string", ()) if flat(value) not in text]
    found = [slot for slot in found if "enum" not in (slot[2].get("items") or {})]
    if not found or not others:
        return False
    holder, name, _ = rng.choice(found)
    holder[name][rng.randrange(len(holder[name]))] = rng.choice(others)
    return True


def other_enum_member(row: Row, rng: Random, donors: Donors) -> bool:
    """Another member of the enum than the user asked for."""
    text = text_of(row)
    found = [slot for slot in _enum_slots(row) if isinstance(slot[0][slot[1]], str) and len(set(slot[2]["enum"])) > 1]
    found = [slot for slot in found if flat(slot[0][slot[1]]) in text]
    if not found:
        return False
    holder, name, schema = rng.choice(found)
    holder[name] = rng.choice([member for member in schema["enum"] if member != holder[name]])
    return True


def flipped_boolean(row: Row, rng: Random, donors: Donors) -> bool:
    """True for false: only meaning can tell."""
    found = [slot for slot in slots(row, "boolean") if isinstance(slot[0][slot[1]], bool)]
    if not found:
        return False
    holder, name, _ = rng.choice(found)
    holder[name] = not holder[name]
    return True


def swapped_slots(row: Row, rng: Random, donors: Donors) -> bool:
    """Two text slots of one call hold each other's value, both said by the user."""
    text = text_of(row)
    found = []
    for function, parameters in functions(row):
        given = function["arguments"]
        for one, other in itertools.combinations(given, 2):
            kinds = [parameters.get("properties", {}).get(name, {}) for name in (one, other)]
            if any(
                not isinstance(kind, dict)
                or kind.get("type") != "string"
                or {"enum", "format", "pattern"} & kind.keys()
                for kind in kinds
            ):
                continue
            a, b = given[one], given[other]
            if (
                isinstance(a, str)
                and isinstance(b, str)
                and a != b
                and flat(a) in text
                and flat(b) in text
                and min(len(a), len(b)) > 2
            ):
                found.append((given, one, other))
    if not found:
        return False
    given, one, other = rng.choice(found)
    given[one], given[other] = given[other], given[one]
    return True


def _answers(row: Row) -> list[dict[str, Any]]:
    """Return the assistant's texts that follow results."""
    pairs = zip(row["messages"], row["messages"][1:], strict=False)
    return [
        after
        for before, after in pairs
        if before["role"] == "tool" and after["role"] == "assistant" and after.get("content")
    ]


def contradicted_number(row: Row, rng: Random, donors: Donors) -> bool:
    """The answer states another number than the result."""
    results = " ".join(str(message.get("content")) for message in row["messages"] if message["role"] == "tool")
    found = [
        (message, match)
        for message in _answers(row)
        for match in _NUMBER.finditer(message["content"])
        if match[0] in results and float(match[0]) > 3
    ]
    if not found:
        return False
    message, match = rng.choice(found)
    value = float(match[0])
    other = value * rng.choice([0.6, 0.8, 1.3, 1.7]) + rng.randint(5, 20)
    text = f"{other:.2f}" if "." in match[0] else str(int(other))
    message["content"] = message["content"][: match.start()] + text + message["content"][match.end() :]
    return True


def contradicted_name(row: Row, rng: Random, donors: Donors) -> bool:
    """The answer names somebody or somewhere else than the result."""
    results = flat(
        " ".join(str(message.get("content")) for message in row["messages"] if message["role"] != "assistant")
    )
    found = [
        (message, match)
        for message in _answers(row)
        for match in _NAME.finditer(message["content"])
        if flat(match[0]) in results
    ]
    if not found:
        return False
    message, match = rng.choice(found)
    others = [
        name for name in ("Zanzibar", "Okonkwo", "Villeneuve", "Ljubljana", "Katarzyna") if flat(name) not in results
    ]
    message["content"] = message["content"][: match.start()] + rng.choice(others) + message["content"][match.end() :]
    return True


def success_after_error(row: Row, rng: Random, donors: Donors) -> bool:
    """The result is an error; the answer says that all went well."""
    pairs = list(zip(row["messages"], row["messages"][1:], strict=False))
    found = [
        (before, after)
        for before, after in pairs
        if before["role"] == "tool" and after["role"] == "assistant" and not after.get("tool_calls")
    ]
    if not found:
        return False
    before, after = rng.choice(found)
    before["content"] = '{"error":"the service answered 503"}'
    after["content"] = "Done, everything is set up as you wished."
    return True


def invented_reference(row: Row, rng: Random, donors: Donors) -> bool:
    """The answer gives a code that no result holds."""
    found = _answers(row)
    if not found:
        return False
    message = rng.choice(found)
    message["content"] += f" Your reference is ZQ{rng.randint(1000, 9999)}-K{rng.randint(10, 99)}."
    return True


def result_of_another(row: Row, rng: Random, donors: Donors) -> bool:
    """A result echoes an argument with another value."""
    by_id = {
        call["id"]: call["function"]["arguments"]
        for message in row["messages"]
        for call in message.get("tool_calls", ())
    }
    found = []
    for message in row["messages"]:
        arguments = by_id.get(message.get("tool_call_id"), {})
        names = [name for name, value in arguments.items() if isinstance(value, str)]
        if message["role"] == "tool" and names and str(message["content"]).startswith("{"):
            found.append((message, names))
    if not found:
        return False
    message, names = rng.choice(found)
    try:
        content = msgspec.json.decode(message["content"])
    except msgspec.DecodeError:
        return False
    content[rng.choice(names)] = "something else entirely"
    message["content"] = msgspec.json.encode(content).decode()
    return True


def wrong_tool(row: Row, rng: Random, donors: Donors) -> bool:
    """Another offered tool that takes the same arguments: without a plan only meaning can tell."""
    found = []
    for function, _ in functions(row):
        given = function["arguments"].keys()
        for tool in row["tools"]:
            other = tool["function"]
            parameters = other["parameters"]
            if (
                other["name"] != function["name"]
                and set(parameters.get("required", ())) <= given <= parameters.get("properties", {}).keys()
            ):
                found.append((function, other["name"]))
    if not found:
        return False
    function, name = rng.choice(found)
    function["name"] = name
    return True


def off_topic_answer(row: Row, rng: Random, donors: Donors) -> bool:
    """A fluent answer to another question: only meaning can tell."""
    found = _answers(row)
    if not found:
        return False
    rng.choice(found)["content"] = "It is always a good idea to plan ahead and to keep an eye on the details."
    return True
