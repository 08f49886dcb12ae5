"""Which values a user's wishes get: fresh ones, shared ones for the same tool, a bad one where it is asked for."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from random import Random
from typing import Any

from genesis.lm.offline.doubts import bad_value
from genesis.lm.offline.kinds import options
from genesis.lm.offline.lands import settled
from genesis.lm.offline.slots import slot_of
from genesis.lm.offline.values import Value, draw
from genesis.lm.offline.vocabulary import entries

Values = dict[str, Value]


def values_of(wishes: list[dict[str, Any]], conversation: list[dict[str, Any]], rng: Random) -> list[Values]:
    """Draw the values to say now, one dict a wish.

    Wishes for one tool share all but a few of them; none repeats a call that was made.
    """
    called = [call for line in conversation for call in line.get("calls") or [] if call.get("arguments")]
    heard = _flat(" ".join(str(line.get("content")) for line in conversation if line.get("role") == "user"))
    first: dict[str, Values] = {}
    drawn: list[Values] = []
    for wish in wishes:
        about, say, tool = str(wish.get("does", "")), wish.get("say_now") or {}, str(wish.get("tool", ""))
        shared = {} if wish.get("same_as") else first.get(tool, {})
        varied = _varied(say, shared, about, rng) if shared else set(say)
        values: Values = {}
        for name, schema in say.items():
            if name in shared and name not in varied:
                values[name] = shared[name]
                continue
            taken = [*(wish.get("said") or {}).values(), *(other[name].json for other in drawn if name in other)]
            taken += [value.json for value in values.values() if isinstance(value.json, str)]
            taken += [call["arguments"].get(name) for call in called if call.get("name") == tool]
            values[name] = _fresh(name, schema, about, taken, heard, rng)
        if wish.get("bad") in say:
            values[wish["bad"]] = bad_value(wish["bad"], say[wish["bad"]], about, rng)
        else:
            values = _ordered(_consistent(values, wish, rng))
        for _ in range(24):
            if not any(values and _plain(values) == _plain(other) for other in drawn):
                break
            values = {name: draw(name, schema, about, rng) for name, schema in say.items()}
        drawn.append(values)
        first.setdefault(tool, values)
    return drawn


def _plain(values: Values) -> dict[str, Any]:
    return {name: value.json for name, value in values.items()}


_FORMS = ("%Y-%m-%d", "%m-%d-%Y", "%m/%d/%Y", "%d-%m-%Y", "%d/%m/%Y")


def _soon_after(start: Value, end: Value) -> Value:
    """Return an end date a few days after the start, where both are dates of one form; else the end as it is."""
    for form in _FORMS:
        try:
            first, last = (datetime.strptime(str(value.json), form).date() for value in (start, end))
        except ValueError:
            continue
        if 0 < (last - first).days <= 21:
            return end
        day = first + timedelta(days=2 + (last - first).days % 12)
        return Value(
            day.strftime(form), day.strftime(form) if end.said == end.json else f"{day.day} {day:%B} {day.year}"
        )
    return end


_LEAGUES = {
    "basketball_team": "NBA",
    "nfl_team": "NFL",
    "baseball_team": "MLB",
    "hockey_team": "NHL",
    "football_club": "",
}


def _consistent(values: Values, wish: dict[str, Any], rng: Random) -> Values:
    """Let a city lie in the country or state that is said with it, or was said before."""
    say, about = wish.get("say_now") or {}, str(wish.get("does", ""))
    kinds = {kind: name for name, kind in _kinds(values, say, about).items()}
    said = {str(value).lower() for value in (wish.get("said") or {}).values() if isinstance(value, str)}
    home = {row.split("/")[0].lower(): row.split("/")[1] for row in entries("values", "league_of")}
    for club in said & home.keys():
        for kind in kinds.keys() & {"league", "football_league"}:
            if not say[kinds[kind]].get("enum"):
                values[kinds[kind]] = Value(home[club], home[club])
    for team, league in (
        (team, league) for team in kinds if team in _LEAGUES for league in kinds if "league" in league
    ):
        schema = say[kinds[league]]
        name = _LEAGUES[team] or dict(row.split("/") for row in entries("values", "league_of")).get(
            str(values[kinds[team]].json)
        )
        if (
            name
            and not schema.get("enum")
            and values[kinds[league]].json not in options(str(schema.get("description") or ""))[0]
        ):
            values[kinds[league]] = Value(name, name)
    for table, outer in (("country_of", "country"), ("us_state_of", "state"), ("us_state_of", "state_code")):
        if outer not in kinds or say[kinds[outer]].get("enum"):
            continue
        column = 2 if outer == "state_code" else 1
        rows = [row.split("/") for row in entries("values", table)]
        inner = next((kinds[kind] for kind in ("city", "us_city") if kind in kinds), None)
        if inner is None:
            rows = [row for row in rows if row[0].lower() in said]
        if rows:
            row = rng.choice(rows)
            values[kinds[outer]] = Value(row[column], row[column])
            if inner and not say[inner].get("enum"):
                values[inner] = Value(row[0], row[0])
    return settled(values, _kinds(values, say, about), say, about, rng)


def _kinds(values: Values, say: dict[str, Any], about: str) -> dict[str, str]:
    return {name: slot_of(name, say[name], about).kind for name in values}


def _fresh(name: str, schema: dict[str, Any], about: str, taken: list[Any], heard: str, rng: Random) -> Value:
    """Draw a value that is not taken and, as far as that is possible, was not said before."""
    value = draw(name, schema, about, rng)
    for _ in range(24):
        if isinstance(value.json, bool) or (value.json not in taken and _flat(value.said) not in heard):
            break
        value = draw(name, schema, about, rng)
    return value


def _flat(text: str) -> str:
    """Return a text's words between single spaces, in lower case."""
    words = " ".join(re.findall(r"[^\W_]+", text.lower()))
    return f" {words} "


def _varied(say: dict[str, Any], shared: Values, about: str, rng: Random) -> set[str]:
    """Choose what differs between wishes for one tool: a name or place where there is one, else one or two others."""
    slots = [slot_of(name, schema, about) for name, schema in say.items() if name in shared]
    free = [slot for slot in slots if slot.type != "boolean" and len(say[slot.name].get("enum") or range(9)) > 4]
    ranked = [slot.name for slot in free if slot.entity] or [slot.name for slot in free if not slot.is_unit]
    ranked = ranked or [slot.name for slot in free] or [slot.name for slot in slots]
    count = min(len(ranked), 1 if rng.random() < 0.6 else 2)
    return {*rng.sample(ranked, count), *(name for name in say if name not in shared)}


_PAIRS = (
    ("start", "end"),
    ("from", "to"),
    ("min", "max"),
    ("lower", "upper"),
    ("low", "high"),
    ("check_in", "check_out"),
    ("checkin", "checkout"),
    ("departure", "return"),
    ("favorable", "total"),
    ("initial", "final"),
    ("birth", "current"),
)


def _ordered(values: Values) -> Values:
    """Put pairs such as start and end, minimum and maximum, in their natural order."""
    for low, high in _PAIRS:
        for name in values:
            other = name.replace(low, high)
            if low not in name or other == name or other not in values:
                continue
            one, two = values[name], values[other]
            american = all(re.match(r"\d\d[-/]\d\d[-/]\d{4}$", str(value.json)) for value in (one, two))
            dates = all(re.match(r"\d{4}-\d\d-\d\d|\d\d:\d\d$|\d{4}$", str(value.json)) for value in (one, two))
            numbers = all(isinstance(value.json, (int, float)) for value in (one, two))
            if (dates or numbers) and type(one.json) is type(two.json) and one.json > two.json:
                values[name], values[other] = one, two = two, one
            if dates or american:
                values[other] = _soon_after(one, two)
    if "successes" in values:
        for total in ("n", "trials", "total", "number_of_trials"):
            if total in values and values["successes"].json > values[total].json:
                values["successes"], values[total] = values[total], values["successes"]
    return values
