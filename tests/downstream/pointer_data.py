"""A tiny world that a pointer network learns in seconds: transfers and bookings, said in a few ways."""

from __future__ import annotations

from random import Random

from genesis.benchmarks.item import Item
from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.tools.tool import Tool

CITIES = ("Oslo", "Lima", "Kyoto", "Graz", "Porto", "New Delhi", "San Juan", "Quito", "Turin", "Bergen")
CLASSES = ("economy", "business", "first")


def _tool(name: str, about: str) -> Tool:
    properties = {
        "origin": {"type": "string", "description": "Where the journey starts, the city that it leaves from."},
        "destination": {"type": "string", "description": "The city that the journey goes to."},
        "travellers": {"type": "integer", "description": "How many people travel."},
        "cabin": {"type": "string", "enum": list(CLASSES), "description": "Class of the cabin."},
    }
    schema = {"type": "object", "properties": properties, "required": ["origin", "destination", "travellers"]}
    return Tool(name, about, schema)


KNOWN = (
    _tool("book_flight", "Book a flight for some people."),
    _tool("book_ferry", "Book a ferry for some people."),
    _tool("find_bus", "Find a bus line for some people."),
)
NEW = (_tool("reserve_train", "Reserve a train for some people."), _tool("rent_tram", "Rent a tram with its driver."))


def _said(tool: Tool, rng: Random) -> tuple[str, dict[str, object]]:
    one, other = rng.sample(CITIES, 2)
    people = rng.randint(2, 9)
    verb, thing = tool.name.split("_")
    text = rng.choice(
        (
            f"Please {verb} a {thing} from {one} to {other} for {people} people",
            f"We are {people} people and leave from {one}. Could you {verb} a {thing} to {other}",
            f"I need you to {verb} a {thing} to {other} from {one}, {people} people",
        )
    )
    values: dict[str, object] = {"origin": one, "destination": other, "travellers": people}
    if rng.random() < 0.5:
        values["cabin"] = rng.choice(CLASSES)
        text += f" in {values['cabin']} class"
    return f"{text}.", values


def dialogues(n: int, seed: int = 0, no_call: float = 0.2) -> list[Dialogue]:
    """Return n dialogues over the known tools; a share asks for what no tool does."""
    rng = Random(seed)
    found = []
    for number in range(n):
        offered = list(rng.sample(KNOWN, 2))
        if rng.random() < no_call:
            text = rng.choice(("Sing me a song about rain.", "What is the capital of Peru?", "Tell me a joke, please."))
            talk = (Message("user", text), Message("assistant", "None of my tools can do that."))
        else:
            text, values = _said(offered[0], rng)
            call = ToolCall("call_1", offered[0].name, values)
            talk = (Message("user", text), Message("assistant", "", (call,)), Message("tool", "{}", (), "call_1"))
            talk = (*talk, Message("assistant", "Done."))
        rng.shuffle(offered)
        found.append(Dialogue(f"d{number}", tuple(offered), talk))
    return found


def items(n: int, seed: int = 1) -> list[Item]:
    """Return n items over tools that no dialogue holds; a fourth offer known ones, of which none fits."""
    rng = Random(seed)
    found = []
    known = [tool.to_function() for tool in KNOWN[:2]]
    for number in range(n):
        tool, other = rng.sample(NEW, 2)
        functions = [tool.to_function(), other.to_function()]
        if number % 4 == 3:
            found.append(_item(f"irrelevance_{number}", "irrelevance", "Sing me a song about rain.", known, []))
            continue
        text, values = _said(tool, rng)
        allowed = {name: [value] for name, value in values.items()} | ({} if "cabin" in values else {"cabin": [""]})
        found.append(_item(f"multiple_{number}", "multiple", text, functions, [{tool.name: allowed}]))
    return found


def _item(name: str, category: str, text: str, functions: list[dict[str, object]], gold: list[object]) -> Item:
    return Item(name, category, [{"role": "user", "content": text}], functions, gold)
