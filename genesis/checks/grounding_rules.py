"""Rules 31 to 37: whether values come from somewhere, and whether the answer says what the results say.

All but 35 flag: only meaning decides whether a value that was not said was meant.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import msgspec

from genesis.chat import Message
from genesis.checks.align import swapped
from genesis.checks.grounding import THRESHOLD, placed, support
from genesis.checks.lexicon import words_of
from genesis.checks.quantities import MAX_DIGITS
from genesis.checks.said import Said, flat
from genesis.checks.schema import shown
from genesis.checks.view import Flag, View, error_of

_CLAIMS_FAILURE = re.compile(
    r"(?i)\b(?:fail\w*|error\w*|unable|unfortunately|could ?n[o']t|can ?n[o']t|can't|wasn't|was not|did ?n[o']t|sorry"
    r"|problem|issue|invalid|unavailable|not (?:available|found|possible|able|work\w*|go\w*|exist\w*)"
    r"|no (?:results?|such|match\w*)|try again|retry|went wrong|unsuccess\w*|trouble|timed out|time-?out|apolog\w*"
    r"|denied|refused|down|reject\w*|declin\w*|missing|required|isn't|is not|won't|will not|limit)\b"
)
MOST = 100
"""Numbers, names and codes of an answer that are looked up."""
_QUOTED = re.compile(r"\"([^\"\n]{3,60})\"|“([^”\n]{3,60})”")
_CODES = re.compile(
    r"https?://[^\s)>\]\"']{1,300}|\b[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{2,64}"
    r"|\b(?=[A-Za-z-]{0,30}\d)(?=[\d-]{0,30}[A-Za-z])[A-Za-z0-9]{2,40}(?:-[A-Za-z0-9]{1,40}){0,6}\b"
)
_NAMES = re.compile(r"(?<=[a-z,;:] )(?:[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*)")
_NUMBERING = re.compile(r"(?m)^\s{0,8}\d{1,2}[.)] ")
_FIGURE = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])")
_SCIENTIFIC = re.compile(r"\d[\d.]{0,20}e[+-]?\d{1,3}(?!\d)")
_LIST = re.compile(r"\[(-?\d{1,4}(?:,-?\d{1,4}){1,60})\]")
_WORDS = re.compile(r"(?<!\w)\w{2,40}(?!\w)")
_DIGITS = re.compile(r"\d+")
_LEADING = re.compile(r"(\d{1,15})[a-z]+")
_MONTH_NAMES = words_of(
    "january february march april may june july august september october november december jan feb mar apr"
    " jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday"
)


def default_never_said(view: View) -> Iterator[str]:
    """No argument that equals the schema's default and that nobody said (Hammer)."""
    for spot in view.calls:
        if spot.schema is None or not spot.schema.defaults:
            continue
        for name, default in spot.schema.defaults.items():
            value = spot.call.arguments.get(name)
            if value is None or value != default or type(value) is not type(default):
                continue
            schema = spot.schema.properties[name]
            if support(value, view.said(spot.at), schema, required=False, name=name) < THRESHOLD:
                yield Flag(f"{spot.where}: '{name}' is the schema's default {shown(value)}, which nobody said")


def values_grounded(view: View) -> Iterator[str]:
    """Argument values are in what was said or in results (ToolACE and xLAM by a model), each in its own slot."""
    for spot in view.calls:
        if spot.schema is None or not spot.call.arguments:
            continue
        said = view.said(spot.at)
        text = said.flat
        properties = spot.schema.properties
        places = []
        for name, value in spot.call.arguments.items():
            words, at = placed(value, text)
            if at >= 0:
                if name in properties:
                    places.append((name, words, type(value) is str, at))
                continue
            needed = name in spot.schema.required
            if support(value, said, properties.get(name), required=needed, name=name) >= THRESHOLD:
                continue
            if name in spot.schema.defaults and spot.schema.defaults[name] == value:
                continue  # rule 31's
            yield Flag(f"{spot.where}: nothing said gives '{name}' = {shown(value)}")
        if len(places) > 1:
            for one, other, _ in swapped(properties, places, text):
                yield Flag(f"{spot.where}: '{one}' and '{other}' look swapped, by the words around their values")


def result_fits(view: View) -> Iterator[str]:
    """A result fits its call (ToolACE, by a model): what it echoes of the arguments has the same value."""
    for spot in view.calls:
        message = view.result_of(spot)
        if message is None or not message.content.startswith("{") or error_of(message.content) is not None:
            continue
        try:
            result = msgspec.json.decode(message.content)
        except (msgspec.DecodeError, RecursionError):
            continue  # a result may be any text
        for name, value in spot.call.arguments.items():
            echo = result.get(name)
            if echo is None or isinstance(value, (dict, list)) or isinstance(echo, (dict, list)):
                continue
            if type(echo) is type(value) and flat(str(echo)) != flat(str(value)):
                yield Flag(f"{spot.where}: the result says '{name}' = {shown(echo)}; the call said {shown(value)}")


def answer_states_result(view: View) -> Iterator[str]:
    """The answer states what the results say: their numbers, no success after a failure (GenesisFunc, ToolForge)."""
    for at, message in _answers(view):
        before = view.messages[at - 1]
        said = _known(view, at)
        if error_of(before.content) is not None and not _CLAIMS_FAILURE.search(message.content):
            yield Flag(f"message {at}: the result before it is an error; the answer does not say so")
        if not any(char.isdigit() for char in message.content):
            continue
        for number in sorted(_figures(message.content, said.text))[:MOST]:
            if not _derivable(number, said.numbers) and number not in _in_lists(said.text):
                yield Flag(f"message {at}: the answer says {number:g}; neither the results nor the user do")
        for name, known in _renumbered(message.content, said):
            yield Flag(f"message {at}: the answer says {name!r}; the results say {known!r}")


def _answers(view: View) -> Iterator[tuple[int, Message]]:
    """Yield the assistant's texts that follow tool results."""
    for at, message in enumerate(view.messages):
        if message.role == "assistant" and message.content and at and view.messages[at - 1].role == "tool":
            yield at, message


def _known(view: View, at: int) -> Said:
    """Return everything the answer at ``at`` may repeat: what was said, results, arguments and tool descriptions."""
    arguments = (msgspec.json.encode(spot.call.arguments).decode() for spot in view.calls if spot.at < at)
    return Said("\n".join([view.said(at).text, *arguments]))


def _figures(text: str, known: str) -> set[float]:
    """Return the numbers of an answer; list numbering and signs aside, and runs of digits too long for a number.

    One with an exponent is left out where it is known letter by letter.
    """
    text = _NUMBERING.sub("", text)
    if "e" in text:
        text = _SCIENTIFIC.sub(lambda found: "" if found[0] in known else found[0], text)
    return {float(match.replace(",", "")) for match in _FIGURE.findall(text) if len(match) <= MAX_DIGITS}


def _in_lists(text: str) -> set[float]:
    """Return the numbers of plain lists: ``[64,224,208]`` holds three, not one with two separators."""
    return {float(one) for found in _LIST.findall(text) for one in _FIGURE.findall(found.replace(",", " "))}


def _renumbered(answer: str, said: Said) -> Iterator[tuple[str, str]]:
    """Yield names of an answer that are known but for their digits: ``event_25`` where only ``event_5`` is known."""
    known: dict[str, str] | None = None
    for name in sorted(_mixed(answer))[:MOST]:
        letters = flat(name).replace(" ", "")
        if flat(name) in said.flat or (letters in said.alnum and re.search(rf"{letters}(?!\d)", said.alnum)):
            continue
        figure = _LEADING.fullmatch(name)
        if figure is not None and _derivable(float(figure[1]), said.numbers):
            continue  # 12kg, 3rd
        if known is None:
            known = {_DIGITS.sub("#", one): one for one in sorted(_mixed(said.text))}
        if (other := known.get(_DIGITS.sub("#", name))) is not None:
            yield name, other


def _mixed(text: str) -> set[str]:
    """Return the words that hold letters and digits, in lower case, and what stands between their underscores."""
    words = {word for word in _WORDS.findall(text.lower()) if not word.isdigit() and _DIGITS.search(word)}
    parts = {part for word in words if "_" in word for part in word.split("_")}
    return words | {part for part in parts if not part.isdigit() and _DIGITS.search(part)}


def _derivable(number: float, known: set[float]) -> bool:
    """Whether a number is known, rounded, a per cent, or another clock's form of a known one; 0 to 3 count things."""
    if number in known or (number <= 3 and number == int(number)):
        return True
    for other in itertools.islice(known, 20 * MOST):
        size = abs(other)
        if abs(size - number) <= 0.006 * max(size, number) and number != int(number):
            return True
        if size != int(size) and (round(size) == number or round(size, 1) == number or round(size, 2) == number):
            return True
        if abs(size * 100 - number) < 0.051 or (number < 1 and size and abs(size - number * 100) < 0.51):
            return True
        if 12 < size < 24 and size - 12 == number:
            return True
    return False


def recorded_result(view: View) -> Iterator[str]:
    """A tool message equals its recorded result (ToolForge), where provenance keeps ``results``: id -> content."""
    recorded = view.dialogue.provenance.get("results")
    if not isinstance(recorded, dict):
        return
    for name, at in view.results.items():
        if name in recorded and recorded[name] != view.messages[at].content:
            yield f"message {at}: the tool message differs from the recorded result of call {name!r}"


def only_wrong_changes(view: View) -> Iterator[str]:
    """After an error only what was wrong changes (ToolForge): a new call of the tool keeps its other arguments."""
    if len(view.calls) < 2:
        return
    for before, after in zip(view.calls, view.calls[1:], strict=False):
        result = view.result_of(before)
        if before.call.name != after.call.name or before.at == after.at or result is None or before.turn != after.turn:
            continue
        problem = error_of(result.content)
        if problem is None:
            continue
        old, new = before.call.arguments, after.call.arguments
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        unnamed = [name for name in changed if flat(name).strip() not in flat(problem)]
        if len(changed) > 1 and unnamed:
            yield Flag(f"{after.where}: after the error {shown(problem)} it also changes {unnamed}")


def references(view: View) -> Iterator[str]:
    """References equal supporting facts (ToolForge): names, quotes, codes and links of an answer stand before it."""
    for at, message in _answers(view):
        if message.tool_calls:
            continue
        known = _known(view, at)
        quotes = ["".join(pair) for pair in _QUOTED.findall(message.content)]
        for found in [*_CODES.findall(message.content), *quotes][:MOST]:
            said = flat(found)
            if said in known.flat or said.replace(" ", "") in known.alnum:
                continue
            if support(found, known) < THRESHOLD:
                yield Flag(f"message {at}: {shown(found)} is in no result and in nothing said")
        for name in _NAMES.findall(message.content)[:MOST]:
            words = [word for word in name.lower().split() if word not in _MONTH_NAMES]
            if (
                words
                and not any(word in known.tokens or word[:5] in known.stems for word in words)
                and support(name, known) < THRESHOLD
            ):
                yield Flag(f"message {at}: the name {name!r} is in no result and in nothing said")
