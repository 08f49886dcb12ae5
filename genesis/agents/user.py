"""User Agent: plays the person; opens with a request and reveals information over turns."""

from __future__ import annotations

import dspy

from genesis.agents.base import Agent
from genesis.agents.wire import Line, Stated, Wish


class User(dspy.Signature):
    """You play a person who talks to an assistant. Write the person's next message.

    Each wish names what the person wants.
    - Where `opens` is true, ask for it now, in the person's own words and with a reason or a situation that makes
      sense. Where it is false, the person has asked before: only give what is still to be said.
    - Give a concrete, realistic value for every parameter in `say_now`, and for no other parameter. Say the values as
      people do, so that each can be read off the message. Do not announce what is left out.
    - Never write a parameter's or a tool's technical name, JSON or code.
    - Where `same_as` is a number, this wish is part of that one ("in Oslo, and in Bergen too"): only its own values
      differ. Values in `other_than` are taken: give another one.
    - Where `bad` names a parameter, give for it a value that its schema or plain sense forbids, as a mistaken person
      would: a date that does not exist, a word for a number, an option that is not offered.
    - Say no value that comes from an earlier result (`from_results`): refer to it ("with that order number").
    If the conversation ends with the assistant's question, answer it. Follow `guidance` and `semantic_type`; write as
    `persona` does, but keep the values themselves exact.

    In `stated`, list for each wish in `wishes` its task, its tool and the values that this message gives, typed as
    their schemas say: dates, codes and options in the schema's form. A wish without values has `values` {}.

    Example: for say_now {"city": {"type": "string"}, "days": {"type": "integer"}} of task 1, `get_forecast`: message
    "I'm packing for Lisbon - how's the weather going to be over the next three days?", stated [{"task": 1, "tool":
    "get_forecast", "values": {"city": "Lisbon", "days": 3}}].
    """

    persona: str = dspy.InputField(desc="how the person writes")
    wishes: list[Wish] = dspy.InputField(desc="what the person wants and must say in this message")
    conversation: list[Line] = dspy.InputField(desc="so far; empty: this message opens it")
    guidance: str = dspy.InputField(desc="what is still missing among earlier dialogues")
    semantic_type: str = dspy.InputField(desc="topic and intent the request should have")
    message: str = dspy.OutputField(desc="the person's message, nothing else")
    stated: list[Stated] = dspy.OutputField(desc="the values given in this message, by task")


class UserAgent(Agent):
    """Plays the person."""

    name = "user"

    def __init__(self) -> None:
        super().__init__(User)


_PERSONAS = {
    "plain": "everyday words, to the point",
    "terse": "as few words as possible, fragments, no greeting",
    "chatty": "friendly and talkative, with a little story around the request",
    "non-native": "not a native speaker: simple words, small grammar slips; names and values are exact",
    "expert": "a professional: precise terms of the trade, no small talk",
    "typos": "types fast with a few misspelt words; names and values are exact",
    "mixed units": "mixes units and conventions in passing; the values that count are unambiguous",
}


def persona_words(persona: str) -> str:
    """Return how a persona writes, as the User Agent is told: ``terse: as few words as possible, ...``."""
    return f"{persona}: {_PERSONAS[persona]}"
