"""Defects in calls and their arguments, planted in a row in place; each returns whether it found a place.

A row is TRL's: arguments are objects. ``rng`` decides where; ``donors`` are values that other dialogues give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from genesis.checks.said import flat

Row = dict[str, Any]
Donors = Mapping[str, Sequence[Any]]
"""Kind of value ("string", "number", "integer", "date") -> values."""
Slot = tuple[dict[str, Any], str, dict[str, Any]]
"""The object that holds an argument, its name, its schema."""


def functions(row: Row) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return (function of a call, parameters of its tool) of every call."""
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in row["tools"]}
    return [
        (call["function"], schemas.get(call["function"]["name"], {}))
        for message in row["messages"]
        for call in message.get("tool_calls", ())
    ]


def slots(row: Row, *kinds: str, nested: bool = False) -> list[Slot]:
    """Return the arguments whose schema is of one of the JSON types, without an enum."""
    found = []
    for function, parameters in functions(row):
        for name, schema in parameters.get("properties", {}).items():
            if name not in function["arguments"] or not isinstance(schema, dict):
                continue
            if nested:
                found += _inner(function["arguments"][name], schema, kinds)
            elif schema.get("type") in kinds and "enum" not in schema:
                found.append((function["arguments"], name, schema))
    return found


def _inner(value: Any, schema: dict[str, Any], kinds: Sequence[str]) -> list[Slot]:
    if isinstance(value, dict):
        parts = schema.get("properties") or {}
        return [(value, name, parts[name]) for name in value if name in parts and parts[name].get("type") in kinds]
    return []


def _pick(rng: Random, found: Sequence[Any]) -> Any:
    return rng.choice(found) if found else None


def wrong_type(row: Row, rng: Random, donors: Donors) -> bool:
    """A value of another JSON type."""
    return _retype(row, rng, slots(row, "string", "number", "integer", "boolean", "array", "object"))


def nested_wrong_type(row: Row, rng: Random, donors: Donors) -> bool:
    """A value of another type inside an object."""
    return _retype(row, rng, slots(row, "string", "number", "integer", "boolean", "array", nested=True))


_OTHER: Mapping[str, Any] = {
    "string": 7,
    "number": "seven",
    "integer": 7.5,
    "boolean": "maybe",
    "array": 7,
    "object": [],
}


def _retype(row: Row, rng: Random, found: list[Slot]) -> bool:
    slot = _pick(rng, found)
    if slot is None:
        return False
    holder, name, schema = slot
    holder[name] = _OTHER[schema["type"]]
    return True


def boolean_for_integer(row: Row, rng: Random, donors: Donors) -> bool:
    """True where an integer belongs."""
    slot = _pick(rng, slots(row, "integer"))
    if slot is None:
        return False
    slot[0][slot[1]] = True
    return True


def number_as_text(row: Row, rng: Random, donors: Donors) -> bool:
    """``"3"`` where 3 belongs."""
    slot = _pick(rng, slots(row, "integer", "number"))
    if slot is None:
        return False
    slot[0][slot[1]] = str(slot[0][slot[1]])
    return True


def missing_required(row: Row, rng: Random, donors: Donors) -> bool:
    """A required parameter is left out."""
    found = [
        (function, name)
        for function, schema in functions(row)
        for name in schema.get("required", ())
        if name in function["arguments"]
    ]
    if not found:
        return False
    function, name = rng.choice(found)
    del function["arguments"][name]
    return True


def undefined_parameter(row: Row, rng: Random, donors: Donors) -> bool:
    """A parameter the schema does not define."""
    found = [
        (function, schema) for function, schema in functions(row) if schema.get("additionalProperties", False) is False
    ]
    if not found:
        return False
    function, schema = rng.choice(found)
    name = rng.choice(["verbose", "request_id", "lang_code", "max_results", "debug_mode"])
    if name in schema.get("properties", {}):
        return False
    function["arguments"][name] = rng.choice([True, 5, "en"])
    return True


def _enum_slots(row: Row) -> list[Slot]:
    return [
        (function["arguments"], name, schema)
        for function, parameters in functions(row)
        for name, schema in parameters.get("properties", {}).items()
        if name in function["arguments"] and isinstance(schema, dict) and isinstance(schema.get("enum"), list)
    ]


def wrong_enum(row: Row, rng: Random, donors: Donors) -> bool:
    """A value that is no member of the enum."""
    slot = _pick(rng, [slot for slot in _enum_slots(row) if isinstance(slot[0][slot[1]], str)])
    if slot is None:
        return False
    slot[0][slot[1]] = f"{slot[0][slot[1]]}_x"
    return True


def out_of_range(row: Row, rng: Random, donors: Donors) -> bool:
    """A number beyond the schema's minimum or maximum."""
    found = [slot for slot in slots(row, "integer", "number") if {"minimum", "maximum"} & slot[2].keys()]
    if not found:
        return False
    holder, name, schema = rng.choice(found)
    holder[name] = schema["maximum"] + 1 if "maximum" in schema else schema["minimum"] - 1
    return True


def unknown_tool(row: Row, rng: Random, donors: Donors) -> bool:
    """A call of a tool that is not on offer."""
    found = functions(row)
    if not found:
        return False
    function = rng.choice(found)[0]
    function["name"] = rng.choice(["get_info", f"{function['name']}_v2", "search_everything"])
    return True


def arguments_not_json(row: Row, rng: Random, donors: Donors) -> bool:
    """Arguments as JSON text that is cut off."""
    found = [function for function, _ in functions(row) if function["arguments"]]
    if not found:
        return False
    rng.choice(found)["arguments"] = '{"city": "Os'
    return True


def arguments_no_object(row: Row, rng: Random, donors: Donors) -> bool:
    """Arguments as a list."""
    found = functions(row)
    if not found:
        return False
    rng.choice(found)[0]["arguments"] = ["Oslo"]
    return True


def doubled_call(row: Row, rng: Random, donors: Donors) -> bool:
    """A call made twice in one message, both answered."""
    found = [(at, message) for at, message in enumerate(row["messages"]) if message.get("tool_calls")]
    if not found:
        return False
    at, message = rng.choice(found)
    call = rng.choice(message["tool_calls"])
    twin = {**call, "id": f"{call['id']}_again"}
    message["tool_calls"].append(twin)
    for place in range(at + 1, len(row["messages"])):
        if row["messages"][place].get("tool_call_id") == call["id"]:
            row["messages"].insert(place + 1, {**row["messages"][place], "tool_call_id": twin["id"]})
            break
    return True


def dropped_call(row: Row, rng: Random, donors: Donors) -> bool:
    """One of the planned calls is missing with its result; needs a plan to be seen."""
    messages = row["messages"]
    calls = [(message, call) for message in messages for call in message.get("tool_calls", ())]
    if (
        not row.get("scenario")
        or not row["scenario"].get("slots")
        or row["scenario"].get("special") == "tool_error"
        or not calls
    ):
        return False
    message, call = rng.choice(calls)
    message["tool_calls"].remove(call)
    messages[:] = [other for other in messages if other.get("tool_call_id") != call["id"]]
    if not message["tool_calls"]:
        messages.remove(message)
    return True


def call_under_irrelevance(row: Row, rng: Random, donors: Donors) -> bool:
    """A call, its arguments valid, where the plan says that no tool fits."""
    if not row.get("scenario") or row["scenario"].get("special") != "irrelevance" or not row["tools"]:
        return False
    function = rng.choice(row["tools"])["function"]
    arguments = {
        name: plausible(function["parameters"]["properties"][name], rng, donors)
        for name in function["parameters"].get("required", ())
    }
    at = next(at for at, message in enumerate(row["messages"]) if message["role"] == "assistant")
    call = {"id": "call_planted", "type": "function", "function": {"name": function["name"], "arguments": arguments}}
    result = {"role": "tool", "content": '{"status":"ok"}', "tool_call_id": "call_planted"}
    row["messages"][at:at] = [{"role": "assistant", "content": "", "tool_calls": [call]}, result]
    return True


def no_tools(row: Row, rng: Random, donors: Donors) -> bool:
    """A call with no tool on offer."""
    if not functions(row):
        return False
    row["tools"] = []
    return True


def early_call(row: Row, rng: Random, donors: Donors) -> bool:
    """miss_param: the call is made before the question for what is missing, with a guessed value."""
    if not row.get("scenario") or row["scenario"].get("special") != "miss_param":
        return False
    messages = row["messages"]
    first = next(at for at, message in enumerate(messages) if message["role"] == "assistant")
    later = next((at for at, message in enumerate(messages) if message.get("tool_calls")), None)
    if later is None or later < first:
        return False
    messages[first:later] = []
    return True


def plausible(schema: Any, rng: Random, donors: Donors) -> Any:
    """Return a value of a schema that looks right."""
    if not isinstance(schema, dict):
        return "standard"
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return rng.choice(schema["enum"])
    kind = schema.get("type")
    if kind in ("integer", "number"):
        low, high = schema.get("minimum", 1), schema.get("maximum", 100)
        return rng.randint(int(low), max(int(low), int(min(high, 10_000))))
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "array":
        return [plausible(schema.get("items", {}), rng, donors)]
    if kind == "object":
        parts = schema.get("properties") or {}
        return {name: plausible(parts[name], rng, donors) for name in schema.get("required", ()) if name in parts}
    return rng.choice(donors["string"]) if donors.get("string") else "standard"


def invented_optional(row: Row, rng: Random, donors: Donors) -> bool:
    """An optional parameter nobody spoke of, with a plausible value; flags and defaults are kinds of their own."""
    found = [
        (function, name, schema)
        for function, parameters in functions(row)
        for name, schema in parameters.get("properties", {}).items()
        if name not in function["arguments"] and name not in parameters.get("required", ())
        if isinstance(schema, dict) and schema.get("type") in ("string", "integer", "number", "array")
    ]
    if not found:
        return False
    function, name, schema = rng.choice(found)
    value = plausible(schema, rng, donors)
    if value == schema.get("default"):
        return False
    function["arguments"][name] = value
    return True


def invented_default(row: Row, rng: Random, donors: Donors) -> bool:
    """An optional parameter with the schema's default, which nobody asked for."""
    found = [
        (function, name, schema["default"])
        for function, parameters in functions(row)
        for name, schema in parameters.get("properties", {}).items()
        if name not in function["arguments"] and name not in parameters.get("required", ())
        if isinstance(schema, dict)
        and schema.get("default") not in (None, "")
        and not isinstance(schema["default"], bool)
    ]
    if not found:
        return False
    function, name, value = rng.choice(found)
    function["arguments"][name] = value
    return True


def invented_flag(row: Row, rng: Random, donors: Donors) -> bool:
    """An optional boolean nobody spoke of."""
    found = [
        (function, name)
        for function, parameters in functions(row)
        for name, schema in parameters.get("properties", {}).items()
        if name not in function["arguments"] and name not in parameters.get("required", ())
        if isinstance(schema, dict) and schema.get("type") == "boolean"
    ]
    if not found:
        return False
    function, name = rng.choice(found)
    function["arguments"][name] = True
    return True


def text_of(row: Row) -> str:
    """Return what is said in a row, as grounding's flat."""
    return flat("\n".join(str(message.get("content") or "") for message in row["messages"]))
