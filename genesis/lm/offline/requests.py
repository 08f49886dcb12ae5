"""What the user says: opens with a request, adds what is asked for, corrects, goes on."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from genesis.lm.offline import personas, situations
from genesis.lm.offline.drawing import Values, values_of
from genesis.lm.offline.phrases import phrase
from genesis.lm.offline.placing import Pairs, place
from genesis.lm.offline.saying import bare, capital, compact, flag, sentence, short, tie, word
from genesis.lm.offline.slots import Slot, is_plural, slot_of
from genesis.lm.offline.values import Value, listed
from genesis.lm.offline.vocabulary import entries, sections

Wish = dict[str, Any]


def user_turn(inputs: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Write the user's next message and the notes of what it says."""
    wishes = [wish for wish in inputs["wishes"] if isinstance(wish, dict)]
    voice = personas.voice_of(str(inputs["persona"]))
    drawn = values_of(wishes, inputs["conversation"], rng)
    stage = _stage(inputs["conversation"])
    first = stage == "opener"
    parts = _answers(wishes, drawn, voice, rng)
    opening = [(wish, values) for wish, values in zip(wishes, drawn, strict=True) if wish.get("opens")]
    if opening:
        reason = ""
        if first and voice != "terse" and rng.random() < 0.62:
            reason = situations.situation(str(inputs["semantic_type"]), str(inputs["guidance"]), rng)
        asked = _requests(opening, "" if first and not parts else stage, voice, rng)
        parts += [*asked, reason] if reason and rng.random() < 0.3 else [reason, *asked]
    text = " ".join(part for part in parts if part) or rng.choice(entries("talk", "go on"))
    stated = [
        {"task": wish.get("task", 1), "tool": wish.get("tool", ""), "values": {n: v.json for n, v in values.items()}}
        for wish, values in zip(wishes, drawn, strict=True)
    ]
    return {
        "message": personas.speak(text, voice, stage, rng),
        "stated": stated,
        "reasoning": "The wishes are said as this person would say them.",
    }


_SORRY = re.compile(
    r"(?i)\b(?:sorry|can't|cannot|could not|couldn't|unfortunately|failed|afraid|none of|did not work)\b"
)


def _stage(conversation: list[dict[str, Any]]) -> str:
    """Return where the talk stands: ``opener``, ``asked``, ``instead`` (after a refusal or failure), ``later``."""
    if not conversation:
        return "opener"
    last = str(conversation[-1].get("content"))
    return "asked" if "?" in last else "instead" if _SORRY.search(last) else "later"


def _pairs(wish: Wish, values: Values) -> Pairs:
    say, about = wish.get("say_now") or {}, str(wish.get("does", ""))
    return {name: (slot_of(name, say[name], about), value) for name, value in values.items()}


# --- answering and correcting -------------------------------------------------------------------------------------


def _answers(wishes: list[Wish], drawn: list[Values], voice: str, rng: Random) -> list[str]:
    """Say the values of wishes that were opened before: what the assistant asked for, or a correction."""
    parts: list[str] = []
    together: dict[tuple[str, str], list[tuple[Slot, Value]]] = {}
    corrected = False
    for wish, values in zip(wishes, drawn, strict=True):
        if wish.get("opens"):
            continue
        for name, pair in _pairs(wish, values).items():
            corrected = corrected or name in (wish.get("said") or {})
            together.setdefault((str(wish.get("tool")), name), []).append(pair)
    for pairs in together.values():
        slot, value = pairs[0]
        if len(pairs) > 1:
            value = Value(
                [v.json for _, v in pairs],
                "\x03, \x02".join(v.said for _, v in pairs[:-1]) + f"\x03 and \x02{pairs[-1][1].said}",
            )
        parts.append(_answer(slot, value, len(together) == 1, voice, rng))
    if corrected and parts:
        return [_pick("correction", voice, rng).replace("{what}", " ".join(parts))]
    if parts and voice != "terse":
        lead = rng.choice(entries("talk", "answer lead"))
        parts[0] = parts[0] if lead == "-" else f"{lead} {_after(lead, parts[0])}"
    return parts


def _after(lead: str, text: str) -> str:
    """Return a sentence as it goes on after ``Sure:`` or ``Right,``: in lower case, unless a value or an I opens it."""
    goes_on = lead.endswith((",", ":")) and re.match(r"[A-Z][a-z]+\b", text) and not text.startswith("I ")
    return text[0].lower() + text[1:] if goes_on else text


def _pick(section: str, voice: str, rng: Random) -> str:
    """Return an entry of ``talk``, from the section that the voice has of its own where it has one."""
    own = f"{section} {voice}"
    return rng.choice(entries("talk", own if own in sections("talk") else section))


def _answer(slot: Slot, value: Value, alone: bool, voice: str, rng: Random) -> str:
    if voice == "terse" and slot.type != "boolean":
        return f"{word(slot, value)}." if alone else f"{slot.noun} {word(slot, value)}."
    if alone and slot.type != "boolean" and rng.random() < 0.45:
        bound = tie(slot, value)
        text = bound.words if bound and rng.random() < 0.5 and not slot.number else word(slot, value)
        return f"{capital(text)}."
    return sentence(slot, value, rng)


# --- asking -------------------------------------------------------------------------------------------------------


def _requests(opening: list[tuple[Wish, Values]], stage: str, voice: str, rng: Random) -> list[str]:
    """Ask for every wish that opens now; several wishes for one tool are one request and its variations."""
    parts: list[str] = []
    asked: dict[str, tuple[Wish, Values]] = {}
    for index, (wish, values) in enumerate(opening):
        tool = str(wish.get("tool", ""))
        before = asked.get(tool)
        if wish.get("same_as") and not values and not wish.get("from_results"):
            continue
        if wish.get("same_as") and not before:
            parts.append(_variation(wish, values, {}, "instead", voice, rng))
        elif before and (wish.get("same_as") or values.keys() == before[1].keys()):
            parts.append(_variation(wish, values, before[1], "same again", voice, rng))
        else:
            manner = "later" if index else "instead" if stage == "instead" else "turn" if stage else ""
            parts.append(request(wish, values, manner, voice, rng))
        if not before:
            asked[tool] = (wish, values)
    return [f"{part.rstrip('.?')}." for part in parts] if voice == "terse" and len(parts) > 1 else parts


def request(wish: Wish, values: Values, manner: str, voice: str, rng: Random) -> str:
    """Ask for one thing, with its values.

    ``manner``: ``later`` in a message, ``turn`` or ``instead`` in a dialogue; empty: it opens one.
    """
    core = phrase(str(wish.get("does", "")), str(wish.get("tool", "")))
    pairs = _pairs(wish, values)
    text, left = place(core.object, pairs)
    flags = [name for name in left if pairs[name][0].type == "boolean"]
    left = [name for name in left if name not in flags]
    text, left = _tied(text, left, pairs)
    text, left = _ranges(text, left, pairs)
    counted = [name for name in left if pairs[name][0].number and not pairs[name][0].limit]
    if 0 < len(counted) <= 4 and rng.random() < 0.8:
        text += f" {_with([pairs[name] for name in counted], rng)}"
        left = [name for name in left if name not in counted]
    ask = _framed(core.verb, text, manner, voice, rng)
    rest = [*_rest(left, flags, pairs, voice, rng), *_references(wish, rng)]
    return " ".join([ask.rstrip("?.") + "." if rest and voice == "terse" else ask, *rest])


def _ranges(text: str, left: list[str], pairs: Pairs) -> tuple[str, list[str]]:
    """Say a start and an end together: ``from 2001 to 2018``, ``between 3 and 40``."""
    for low, high in (("from", "to"), ("start", "end"), ("min", "max"), ("lower", "upper"), ("begin", "end")):
        for name in left:
            other = re.sub(rf"(?<![a-z]){low}", high, name)
            if other == name or other not in left or not (pairs[name][0].number and pairs[other][0].number):
                continue
            slot = pairs[name][0]
            noun = re.sub(rf"^(?:{low}\w*) |(?: {low}\w*)$", "", slot.noun)
            what = "" if slot.is_year or "year" in noun or noun == slot.noun else f"{noun} "
            words = ("from", "to") if low in ("from", "start", "begin") else ("between", "and")
            what = f"with {what}" if what else ""
            text += f" {what}{words[0]} {word(*pairs[name])} {words[1]} {word(*pairs[other])}"
            return text, [n for n in left if n not in (name, other)]
    return text, left


_IN_PLACE = re.compile(r" in \x02[A-Z][^\x03]*\x03$")


def _tied(text: str, left: list[str], pairs: Pairs) -> tuple[str, list[str]]:
    """Append what ties to the request, each kind of tie once."""
    bound = [(found.rank, name, found.words) for name in left if (found := tie(*pairs[name]))]
    openers: set[str] = set()
    for _, name, words in sorted(bound):
        opener = words.split()[0]
        if opener in openers or len(openers) == 4:
            continue
        openers.add(opener)
        outer = pairs[name][0].kind in ("state", "state_code", "country") and words.startswith("in ")
        text += f",{words[2:]}" if outer and _IN_PLACE.search(text) else f" {words}"
        left = [other for other in left if other != name]
    return text, left


def _with(pairs: list[tuple[Slot, Value]], rng: Random) -> str:
    bare = (len(pairs) > 1 and rng.random() < 0.35) or len(pairs) > 3
    parts = [short(slot, value, bare_noun=bare) for slot, value in pairs]
    return rng.choice(("with", "with", "for", "using")) + " " + listed(parts)


def _rest(left: list[str], flags: list[str], pairs: Pairs, voice: str, rng: Random) -> list[str]:
    """Say what is left in sentences of its own, or as a list where it is much."""
    parts: list[str] = []
    if left and voice == "terse":
        parts, left = [f"{compact([pairs[name] for name in left])}."], []
    if len(left) > 2 and rng.random() < 0.6:
        listed_ = [name for name in left if pairs[name][0].kind not in ("sentence", "phrase")]
        parts.append(
            rng.choice(entries("talk", "details")).replace("{what}", compact([pairs[name] for name in listed_]))
        )
        left = [name for name in left if name not in listed_]
    parts += [sentence(*pairs[name], rng) for name in left]
    if flags:
        parts.append(capital(listed([flag(*pairs[name]) for name in flags])) + ".")
    return parts


def _references(wish: Wish, rng: Random) -> list[str]:
    names = wish.get("from_results") or {}
    return [rng.choice(entries("talk", "reference")).replace("{n}", slot_of(name, {}, "").noun) for name in names]


_ASKED_FOR = frozenset(
    [
        "calculate",
        "compute",
        "retrieve",
        "fetch",
        "get",
        "return",
        "obtain",
        "determine",
        "provide",
        "find",
        "estimate",
        "predict",
        "lookup",
        "evaluate",
    ]
)


_PLURAL = re.compile(r"information\b|details\b|all |a list ")
_HEAD = re.compile(r" (?:of|for|in|on|at|from|by|with|between|about|to|during|near|using|that|which|given)\b")


def _framed(verb: str, text: str, manner: str, voice: str, rng: Random) -> str:
    """Put a request into a sentence."""
    terse = voice == "terse"
    if not manner and verb in _ASKED_FOR and re.match(r"the |information |details |all |a list ", text):
        plural = bool(_PLURAL.match(text)) or is_plural(_HEAD.split(bare(text), maxsplit=1)[0])
        if rng.random() < 0.6:
            frames = entries("talk", "frame terse what" if terse else "frame what plural" if plural else "frame what")
            frame = rng.choice([f for f in frames if text.startswith("the ") or not f.startswith("What")])
            text = text.removeprefix("the ") if terse else text
            return frame.replace("{what}", text).replace("{What}", capital(text))
    kind = "you" if manner or rng.random() < 0.65 else "i"
    frame = rng.choice(entries("talk", f"frame {'terse ' * terse}{manner or ('' if terse else kind)}".strip()))
    spoken = verb if voice == "expert" or text.startswith("for ") else _verb(verb, "i" if terse else kind, rng)
    return (
        frame.replace("{do}", f"{spoken} {text}".strip())
        if terse
        else capital(frame.replace("{do}", f"{spoken} {text}".strip()))
    )


def _verb(verb: str, kind: str, rng: Random) -> str:
    for line in sections("words")[f"said {kind}"]:
        plain, _, said = line.partition(" ; ")
        if plain == verb:
            return rng.choice(said.split(" / "))
    return verb


def _variation(wish: Wish, values: Values, before: Values, manner: str, voice: str, rng: Random) -> str:
    """Ask for the same again with what differs: ``And the same for Bergen.``"""
    if not values:
        return _pick("one more", voice, rng)
    manner = _pick(manner, voice, rng)
    pairs = _pairs(wish, values)
    changed = [n for n in pairs if n not in before or before[n].json != values[n].json] or list(pairs)
    parts = []
    for name in changed:
        slot, value = pairs[name]
        bound = tie(slot, value)
        parts.append(
            flag(slot, value) if slot.type == "boolean" else bound.words if bound else f"with {short(slot, value)}"
        )
    return manner.replace("{what}", listed(parts))
