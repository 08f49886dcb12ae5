"""What the user says: opens with a request, adds what is asked for, in the voice of a persona.

Values stand between two marks while a message is put together, so that no persona touches them.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

from genesis.lm.offline import personas
from genesis.lm.offline.doubts import bad_value
from genesis.lm.offline.phrases import Phrase, article, generic, phrase
from genesis.lm.offline.slots import Slot, slot_of
from genesis.lm.offline.values import Value, draw, listed
from genesis.lm.offline.vocabulary import entries, sections

OPEN, CLOSE = "\x02", "\x03"


def user_turn(inputs: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Write the user's next message and the notes of what it says."""
    persona = str(inputs["persona"])
    wishes = [wish for wish in inputs["wishes"] if isinstance(wish, dict)]
    conversation = inputs["conversation"]
    steering = f"{inputs['guidance']} {inputs['semantic_type']}"
    drawn = _values(wishes, rng)
    parts: list[str] = []
    opening = [(wish, values) for wish, values in zip(wishes, drawn, strict=True) if wish.get("opens")]
    later = [(wish, values) for wish, values in zip(wishes, drawn, strict=True) if not wish.get("opens") and values]
    asked = bool(conversation) and conversation[-1].get("role") == "assistant"
    for wish, values in later:
        parts.append(_reveal(wish, values, asked, rng))
        asked = False
    if opening:
        parts.append(_open(opening, bool(conversation) or bool(later), steering, rng))
    if not parts:
        parts.append(rng.choice(entries("talk", "go on")))
    text = " ".join(parts)
    message = personas.speak(text, persona, first=not conversation, rng=rng)
    stated = [
        {"task": wish.get("task", 1), "tool": wish.get("tool", ""), "values": {n: v.json for n, v in values.items()}}
        for wish, values in zip(wishes, drawn, strict=True)
        if values or wish.get("opens")
    ]
    return {"message": message, "stated": stated}


def _values(wishes: list[dict[str, Any]], rng: Random) -> list[dict[str, Value]]:
    """Draw the values to say now; wishes for the same tool share all but one or two of them."""
    first: dict[str, dict[str, Value]] = {}
    drawn: list[dict[str, Value]] = []
    for wish in wishes:
        about, say = str(wish.get("does", "")), wish.get("say_now") or {}
        shared = first.get(wish.get("tool", ""))
        varied = _varied(say, shared, about, rng) if shared else set(say)
        values: dict[str, Value] = {}
        for name, schema in say.items():
            if shared and name in shared and name not in varied:
                values[name] = shared[name]
                continue
            taken = [other[name].json for other in drawn if name in other]
            taken += [v.json for v in values.values() if isinstance(v.json, str)]
            values[name] = _fresh(name, schema, about, taken, rng)
        if wish.get("bad") and wish["bad"] in say:
            values[wish["bad"]] = bad_value(wish["bad"], say[wish["bad"]], about, rng) or values[wish["bad"]]
        drawn.append(_ordered(values, say, about))
        first.setdefault(wish.get("tool", ""), values)
    return drawn


def _fresh(name: str, schema: dict[str, Any], about: str, taken: list[Any], rng: Random) -> Value:
    value = draw(name, schema, about, rng)
    for _ in range(6):
        if value.json not in taken or isinstance(value.json, bool):
            break
        value = draw(name, schema, about, rng)
    return value


def _varied(say: dict[str, Any], shared: dict[str, Value], about: str, rng: Random) -> set[str]:
    """Choose what differs between parallel wishes: a name or place where there is one, else one or two others."""
    slots = [slot_of(name, schema, about) for name, schema in say.items() if name in shared]
    ranked = [s.name for s in slots if s.tie in ("in", "for", "from", "to")] or [
        s.name for s in slots if s.type != "boolean" and s.tie != "unit"
    ]
    ranked = ranked or [s.name for s in slots]
    count = min(len(ranked), 1 if len(ranked) < 2 or rng.random() < 0.6 else 2)
    return {*rng.sample(ranked, count), *(name for name in say if name not in shared)}


def _ordered(values: dict[str, Value], say: dict[str, Any], about: str) -> dict[str, Value]:
    """Put pairs such as start and end, minimum and maximum, in their natural order."""
    for low, high in (
        ("start", "end"),
        ("from", "to"),
        ("min", "max"),
        ("lower", "upper"),
        ("check_in", "check_out"),
        ("favorable", "total"),
    ):
        for name in values:
            other = name.replace(low, high)
            if low in name and other != name and other in values:
                a, b = values[name], values[other]
                sortable = isinstance(a.json, (int, float)) or re.match(r"\d{4}-\d\d-\d\d", str(a.json))
                if sortable and type(a.json) is type(b.json) and a.json > b.json:
                    values[name], values[other] = b, a
    return values


# --- saying values ------------------------------------------------------------------------------------------------


def _v(slot: Slot, value: Value) -> str:
    said = value.said
    if slot.kind in ("book", "movie", "song", "sentence", "phrase", "note_text", "album", "painting", "subject_line"):
        said = f'"{said}"'
    marked = f"{OPEN}{said}{CLOSE}"
    if slot.unit == "percent":
        return marked + "%"
    if slot.unit == "dollars":
        return f"${marked}"
    return f"{marked} {slot.unit}".strip() if slot.unit and slot.unit.lower() not in said.lower() else marked


def _flag(slot: Slot, value: Value, rng: Random) -> str:
    noun = re.sub(r"^(include|show|return|get|is|with|want|has|use) ", "", slot.noun)
    if slot.phrase:
        yes, no = f"please {slot.phrase}", f"there's no need to {slot.phrase}"
        return yes if value.json else no
    return f"yes to {noun}" if value.json else f"no {noun}"


def _attached(slot: Slot, value: Value, rng: Random) -> str:
    """Return a phrase that follows a request directly, empty where the value needs a sentence of its own."""
    v = _v(slot, value)
    if slot.tie == "in" and slot.type in ("integer", "number"):
        return f"in {v}"
    if slot.type == "array":
        return f"with {v} as the {slot.noun}" if slot.kind not in ("",) else ""
    if slot.tie in ("in", "on", "at", "from", "to"):
        return f"{slot.tie} {v}"
    if slot.tie == "for":
        return f"for {v}"
    if slot.tie == "span":
        noun = "" if slot.unit else f" {slot.noun.split()[-1]}"
        return f"for {v}{noun}"
    if slot.tie == "unit":
        return f"in {v}"
    return ""


def _with(slot: Slot, value: Value) -> str:
    v = _v(slot, value)
    if slot.tie == "limit":
        return f"{v} results"
    if slot.noun.startswith(("number of ", "amount of ")) and slot.type in ("integer", "number"):
        return (
            f"{v} {slot.noun.removeprefix('number of ')}"
            if slot.noun.startswith("number of ")
            else f"{v} of {slot.noun[10:]}"
        )
    if slot.type in ("integer", "number"):
        return f"{article(slot.noun)} {slot.noun} of {v}"
    return f"{v} as the {slot.noun}"


def _sentence(slot: Slot, value: Value, rng: Random) -> str:
    v = _v(slot, value)
    if slot.type == "boolean":
        text = _flag(slot, value, rng)
        return f"{text[0].upper()}{text[1:]}."
    if slot.tie == "limit":
        return rng.choice((f"{v} results are enough.", f"Just {v} of them, please.", f"Give me {v} of them."))
    verb = (
        "are"
        if slot.type in ("array", "numbers") or (slot.noun.endswith("s") and not slot.noun.endswith("ss"))
        else "is"
    )
    return rng.choice(
        (f"The {slot.noun} {verb} {v}.", f"For the {slot.noun}, take {v}.", f"The {slot.noun} should be {v}.")
    )


# --- turns --------------------------------------------------------------------------------------------------------


def _open(opening: list[tuple[dict[str, Any], dict[str, Value]]], later: bool, steering: str, rng: Random) -> str:
    """Ask for every wish that opens now; several wishes for one tool are said as one request and its variations."""
    parts: list[str] = []
    asked: dict[str, dict[str, Value]] = {}
    for index, (wish, values) in enumerate(opening):
        tool = str(wish.get("tool", ""))
        if tool in asked:
            parts.append(_same_again(wish, values, asked[tool], rng))
            continue
        asked[tool] = values
        parts.append(_request(wish, values, index, later, steering, rng))
    return " ".join(parts)


def _request(
    wish: dict[str, Any], values: dict[str, Value], index: int, later: bool, steering: str, rng: Random
) -> str:
    about = str(wish.get("does", ""))
    core = phrase(about, str(wish.get("tool", "")))
    slots = {name: slot_of(name, (wish.get("say_now") or {})[name], about) for name in values}
    text, left = _substituted(core, values, slots)
    text = generic(text)
    tied = [name for name in left if _attached(slots[name], values[name], rng)]
    tied.sort(
        key=lambda name: (
            ("own", "for", "from", "to", "in", "at", "on", "span", "unit").index(slots[name].tie)
            if slots[name].tie in ("for", "from", "to", "in", "at", "on", "span", "unit")
            else 0
        )
    )
    used_ties: set[str] = set()
    for name in tied:
        phrase_ = _attached(slots[name], values[name], rng)
        if phrase_.split()[0] in used_ties and slots[name].tie != "unit":
            continue
        used_ties.add(phrase_.split()[0])
        text += f" {phrase_}"
        left.remove(name)
    numbers = [name for name in left if slots[name].type in ("integer", "number") and slots[name].tie not in ("limit",)]
    if numbers:
        text += " with " + listed([_with(slots[name], values[name]) for name in numbers])
        left = [name for name in left if name not in numbers]
    sentences = [_sentence(slots[name], values[name], rng) for name in left]
    sentences += [_reference(name, source, rng) for name, source in (wish.get("from_results") or {}).items()]
    frame = rng.choice(entries("talk", "frame later" if index or later else "frame"))
    ask = frame.replace("{do}", text)
    ask = ask[0].upper() + ask[1:]
    lead = "" if index or later else _situation(about, steering, rng)
    return " ".join(part for part in (lead, ask, *sentences) if part)


def _reference(name: str, source: str, rng: Random) -> str:
    noun = slot_of(name, {}, "").noun
    return rng.choice((f"Use the {noun} you get from that.", f"Take the {noun} from that result."))


def _substituted(core: Phrase, values: dict[str, Value], slots: dict[str, Slot]) -> tuple[str, list[str]]:
    """Put values in place of the noun phrases that stand for them: ``the weather in a city`` -> ``... in Oslo``."""
    text, left = core.text, list(values)
    for name in list(left):
        slot = slots[name]
        if (
            slot.type in ("boolean", "array", "object", "numbers")
            or slot.tie in ("unit", "limit")
            or (slot.tie == "own" and slot.type != "string")
        ):
            continue
        nouns = (
            {slot.noun, slot.noun.split()[-1], *entries("talk", "synonyms of " + slot.kind)}
            if "synonyms of " + slot.kind in sections("talk")
            else {slot.noun, slot.noun.split()[-1]}
        )
        words = "|".join(sorted((re.escape(noun) for noun in nouns if len(noun) > 2), key=len, reverse=True))
        if not words:
            continue
        found = re.search(
            rf"(?i)\b(?:a|an|the|any|given|specified|specific|particular|certain)(?: (?:given|specified|specific|particular|certain|provided|chosen|desired))* (?:{words})(?: name)?\b(?! (?:and|or|of|name)\b)(?!')",
            text,
        )
        if found:
            text = text[: found.start()] + _v(slot, values[name]) + text[found.end() :]
            left.remove(name)
    return text, left


def _same_again(wish: dict[str, Any], values: dict[str, Value], before: dict[str, Value], rng: Random) -> str:
    about = str(wish.get("does", ""))
    changed = [name for name in values if name not in before or before[name].json != values[name].json]
    parts = []
    for name in changed:
        slot = slot_of(name, (wish.get("say_now") or {})[name], about)
        if slot.type == "boolean":
            parts.append(_flag(slot, values[name], rng))
        else:
            parts.append(_attached(slot, values[name], rng) or f"with {_with(slot, values[name])}")
    return rng.choice(entries("talk", "same again")).replace("{what}", listed(parts) or "once more")


def _reveal(wish: dict[str, Any], values: dict[str, Value], asked: bool, rng: Random) -> str:
    about = str(wish.get("does", ""))
    parts = []
    for name, value in values.items():
        slot = slot_of(name, (wish.get("say_now") or {})[name], about)
        if asked and len(values) == 1 and slot.type != "boolean" and rng.random() < 0.4:
            v = _v(slot, value)
            parts.append(f"{v[0].upper() + v[1:] if v[0].isalpha() else v}.")
        else:
            parts.append(_sentence(slot, value, rng))
    return " ".join(parts)


def _situation(about: str, steering: str, rng: Random) -> str:
    if rng.random() < 0.4:
        return ""
    from genesis.lm.offline.domains import domain_of

    return rng.choice(entries("situations", domain_of(about)))
