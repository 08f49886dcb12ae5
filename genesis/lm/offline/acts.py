"""The assistant's next act: call, ask or answer, and the words that go with it."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from genesis.lm.offline import answers
from genesis.lm.offline.phrases import generic, phrase
from genesis.lm.offline.slots import is_plural, slot_of
from genesis.lm.offline.state import Work, work
from genesis.lm.offline.values import listed
from genesis.lm.offline.vocabulary import entries


def assistant_turn(inputs: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Decide the next act and write what the user reads."""
    tools, conversation = inputs["tools"], inputs["conversation"]
    tasks = work(tools, conversation, inputs["stated"])
    if any(task.ready for task in tasks):
        names = listed([_plain(str(task.tool["name"])) for task in tasks if task.ready and task.tool])
        return {
            "act": "call",
            "message": "",
            "reasoning": f"Everything needed is known; {names} fits the request, so it is called now.",
        }
    asking = [task for task in tasks if task.tool and task.missing and not task.doubts and not task.settled]
    fresh = answers.fresh_results(conversation)
    if asking and not any(task.doubts for task in tasks):
        missing = listed([_noun(task, name) for task in asking for name in task.missing])
        report = answers.report(fresh, tools, rng) + " " if fresh else ""
        return {
            "act": "ask",
            "message": report + question(asking, rng),
            "reasoning": f"A tool fits, but it cannot run yet: {missing} was not given. Ask for exactly that.",
        }
    parts, reasons = [], []
    if fresh:
        parts.append(answers.report(fresh, tools, rng))
        reasons.append("The results are there, so the answer states what they say.")
    if doubtful := [reason for task in tasks for reason in task.doubts]:
        parts.append(_objection(doubtful, rng))
        reasons.append(f"A value that was given cannot be right: {doubtful[0]}. Calling would not help.")
    if any(task.tool is None for task in tasks) or not tasks:
        parts.append(_refusal(tools, rng))
        reasons.append("None of the tools on offer does what the user wants, so nothing is called.")
    if not parts:
        parts.append(rng.choice(entries("assistant", "nothing left")))
        reasons.append("Nothing is left to do.")
    return {"act": "answer", "message": " ".join(parts), "reasoning": " ".join(reasons)}


def _plain(name: str) -> str:
    return f"the tool {name}"


def _noun(task: Work, name: str) -> str:
    tool = task.tool or {}
    schema = ((tool.get("parameters") or {}).get("properties") or {}).get(name) or {}
    return f"the {slot_of(name, schema, str(tool.get('description') or '')).noun}"


def question(tasks: list[Work], rng: Random) -> str:
    """Ask for exactly the missing parameters, in plain words."""
    nouns = list(dict.fromkeys(_noun(task, name) for task in tasks for name in task.missing))
    text = rng.choice(entries("assistant", "question"))
    plural = len(nouns) > 1 or is_plural(nouns[0])
    return text.replace("{is}", "are" if plural else "is").replace("{what}", listed(nouns))


def _objection(reasons: list[str], rng: Random) -> str:
    text = rng.choice(entries("assistant", "objection")).replace("{why}", listed(list(dict.fromkeys(reasons))))
    return text[0].upper() + text[1:]


def _refusal(tools: list[dict[str, Any]], rng: Random) -> str:
    """Say that no tool on offer does what is wanted, and what the closest one does."""
    text = rng.choice(entries("assistant", "refusal plain"))
    offer = rng.choice(entries("assistant", "offer"))
    if offer == "-" or not tools:
        return text
    return f"{text} {offer.replace('{what}', _capability(rng.choice(tools)))}"


def _capability(tool: dict[str, Any]) -> str:
    text = generic(phrase(str(tool.get("description") or ""), str(tool.get("name"))).text)
    return re.sub(r"\b(?:their|a user's|the user's|my)\b", "your", text)
