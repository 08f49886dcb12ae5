"""Defects of a dialogue's shape, texts and tools, planted in a row in place; each returns whether it found a place."""

from __future__ import annotations

from random import Random
from typing import Any

from genesis.checks.plant_calls import Donors, Row, functions, slots, text_of
from genesis.checks.said import flat
from genesis.text import split_name


def _places(row: Row, role: str) -> list[int]:
    return [at for at, message in enumerate(row["messages"]) if message["role"] == role]


def _said(row: Row, role: str) -> list[dict[str, Any]]:
    return [message for message in row["messages"] if message["role"] == role and message.get("content")]


def unanswered_call(row: Row, rng: Random, donors: Donors) -> bool:
    """A result is missing; the dialogue goes on."""
    found = _places(row, "tool")
    if not found:
        return False
    del row["messages"][rng.choice(found)]
    return True


def result_of_no_call(row: Row, rng: Random, donors: Donors) -> bool:
    """A result names a call that was not made."""
    found = _places(row, "tool")
    if not found:
        return False
    row["messages"][rng.choice(found)]["tool_call_id"] = "call_999"
    return True


def result_twice(row: Row, rng: Random, donors: Donors) -> bool:
    """A call is answered twice."""
    found = _places(row, "tool")
    if not found:
        return False
    at = rng.choice(found)
    row["messages"].insert(at, dict(row["messages"][at]))
    return True


def lost_call_message(row: Row, rng: Random, donors: Donors) -> bool:
    """The assistant's message with the calls is missing, the results stand there."""
    found = [at for at in _places(row, "assistant") if row["messages"][at].get("tool_calls")]
    found = [at for at in found if at + 1 < len(row["messages"])]
    if not found:
        return False
    del row["messages"][rng.choice(found)]
    return True


def two_user_messages(row: Row, rng: Random, donors: Donors) -> bool:
    """The user speaks twice in a row."""
    at = rng.choice(_places(row, "user"))
    row["messages"].insert(at, {"role": "user", "content": "Hello, one moment please."})
    return True


def assistant_first(row: Row, rng: Random, donors: Donors) -> bool:
    """The assistant speaks before the user."""
    at = _places(row, "user")[0]
    row["messages"].insert(at, {"role": "assistant", "content": "Here is what you asked for."})
    return True


def late_system_message(row: Row, rng: Random, donors: Donors) -> bool:
    """A system message in the middle."""
    row["messages"].insert(_places(row, "user")[0] + 1, {"role": "system", "content": "Be brief."})
    return True


def unknown_role(row: Row, rng: Random, donors: Donors) -> bool:
    """A role that there is not."""
    rng.choice(row["messages"])["role"] = "narrator"
    return True


def empty_user(row: Row, rng: Random, donors: Donors) -> bool:
    """A user message without words."""
    rng.choice([message for message in row["messages"] if message["role"] == "user"])["content"] = "  "
    return True


def empty_result(row: Row, rng: Random, donors: Donors) -> bool:
    """A result without content."""
    found = _places(row, "tool")
    if not found:
        return False
    row["messages"][rng.choice(found)]["content"] = ""
    return True


def empty_answer(row: Row, rng: Random, donors: Donors) -> bool:
    """The assistant says nothing and calls nothing."""
    found = [message for message in _said(row, "assistant") if not message.get("tool_calls")]
    if not found:
        return False
    rng.choice(found)["content"] = ""
    return True


def no_messages(row: Row, rng: Random, donors: Donors) -> bool:
    """A row without messages."""
    row["messages"] = []
    return True


def content_no_text(row: Row, rng: Random, donors: Donors) -> bool:
    """A content that is an object."""
    rng.choice(row["messages"])["content"] = {"text": "hello"}
    return True


def truncated_dialogue(row: Row, rng: Random, donors: Donors) -> bool:
    """The dialogue is cut off after a user's or a tool's message."""
    ends = [at + 1 for at, message in enumerate(row["messages"]) if message["role"] in ("user", "tool")]
    row["messages"] = row["messages"][: rng.choice(ends)]
    return True


def truncated_answer(row: Row, rng: Random, donors: Donors) -> bool:
    """The last answer is cut off in a sentence."""
    last = row["messages"][-1]
    words = str(last.get("content") or "").split()
    if last["role"] != "assistant" or last.get("tool_calls") or len(words) < 8:
        return False
    last["content"] = " ".join(words[: rng.randint(len(words) // 2, len(words) - 2)])
    return True


def call_in_text(row: Row, rng: Random, donors: Donors) -> bool:
    """A call is written into the text."""
    found = _said(row, "assistant")
    if not found:
        return False
    message = rng.choice(found)
    message["content"] += '\n<tool_call>{"name": "search", "arguments": {"q": "x"}}</tool_call>'
    return True


def control_character(row: Row, rng: Random, donors: Donors) -> bool:
    """A control character in a text."""
    message = rng.choice(_said(row, "user"))
    at = rng.randrange(len(message["content"]))
    message["content"] = (
        message["content"][:at] + rng.choice(["\x00", "\x1b[31m", "\x08", "\ufffd"]) + message["content"][at:]
    )
    return True


def other_script(row: Row, rng: Random, donors: Donors) -> bool:
    """The assistant answers in another script."""
    found = [message for message in _said(row, "assistant") if not message.get("tool_calls")]
    if not found or not all(message["content"].isascii() for message in _said(row, "user")):
        return False
    rng.choice(found)["content"] = rng.choice(
        ["好的，我已经为您完成了这项请求，请查看结果。", "Готово, я выполнил вашу просьбу, посмотрите результат."]
    )
    return True


def other_language(row: Row, rng: Random, donors: Donors) -> bool:
    """The assistant answers in another language of the same script."""
    found = [message for message in _said(row, "assistant") if not message.get("tool_calls")]
    if not found:
        return False
    rng.choice(found)["content"] = rng.choice(
        [
            "Voici la réponse que vous avez demandée pour votre voyage, et je suis à votre disposition.",
            "Hier ist die Antwort auf Ihre Frage, und ich habe sie für Sie mit dem Dienst geprüft.",
        ]
    )
    return True


def repeated_sentence(row: Row, rng: Random, donors: Donors) -> bool:
    """The assistant says one sentence again and again."""
    found = [message for message in _said(row, "assistant") if not message.get("tool_calls")]
    if not found:
        return False
    rng.choice(found)["content"] += " I have looked this up for you just now." * 4
    return True


def over_long(row: Row, rng: Random, donors: Donors) -> bool:
    """A message over the cap."""
    rng.choice(_said(row, "user"))["content"] += " and so on" * 12_000
    return True


def failed_result(row: Row, rng: Random, donors: Donors) -> bool:
    """A result is an error although the scenario is not tool_error."""
    found = _places(row, "tool")
    if not found or (row.get("scenario") or {}).get("special") == "tool_error":
        return False
    row["messages"][rng.choice(found)]["content"] = '{"error":"connection reset by peer"}'
    return True


def local_path(row: Row, rng: Random, donors: Donors) -> bool:
    """A result holds a path of somebody's machine."""
    found = _places(row, "tool")
    if not found:
        return False
    message = row["messages"][rng.choice(found)]
    message["content"] = str(message["content"])[:-1] + ',"file":"/home/alice/work/out.json"}'
    return True


def duplicate_tool(row: Row, rng: Random, donors: Donors) -> bool:
    """A tool stands twice on the offered list."""
    if not row["tools"]:
        return False
    row["tools"].append(rng.choice(row["tools"]))
    return True


def no_description(row: Row, rng: Random, donors: Donors) -> bool:
    """A tool without a description."""
    if not row["tools"]:
        return False
    rng.choice(row["tools"])["function"]["description"] = ""
    return True


def dialect_schema(row: Row, rng: Random, donors: Donors) -> bool:
    """``"type": "dict"``: Python's word, not JSON Schema's."""
    if not row["tools"]:
        return False
    rng.choice(row["tools"])["function"]["parameters"]["type"] = "dict"
    return True


def unknown_type(row: Row, rng: Random, donors: Donors) -> bool:
    """A parameter of a type that no dialect knows."""
    found = [
        part
        for tool in row["tools"]
        for part in tool["function"]["parameters"].get("properties", {}).values()
        if isinstance(part, dict)
    ]
    if not found:
        return False
    rng.choice(found)["type"] = "wibble"
    return True


def required_without_property(row: Row, rng: Random, donors: Donors) -> bool:
    """A required parameter that is not defined."""
    if not row["tools"]:
        return False
    rng.choice(row["tools"])["function"]["parameters"].setdefault("required", []).append("tenant")
    return True


def needless_question(row: Row, rng: Random, donors: Donors) -> bool:
    """The assistant asks for a value that was said; the user says it again."""
    text = text_of({**row, "messages": [message for message in row["messages"] if message["role"] == "user"][:1]})
    found = [
        (name, holder[name])
        for holder, name, _ in slots(row, "string", "integer", "number")
        if flat(str(holder[name])) in text and len(str(holder[name])) > 2
    ]
    first = _places(row, "user")[0]
    if not found or first + 1 >= len(row["messages"]) or not row["messages"][first + 1].get("tool_calls"):
        return False
    name, value = rng.choice(found)
    asked = {"role": "assistant", "content": f"Could you tell me the {' '.join(split_name(name))}, please?"}
    row["messages"][first + 1 : first + 1] = [asked, {"role": "user", "content": f"It is {value}, as I said."}]
    return True


def question_about_nothing(row: Row, rng: Random, donors: Donors) -> bool:
    """miss_param: the assistant does not ask for what is missing."""
    if (row.get("scenario") or {}).get("special") != "miss_param":
        return False
    asks = [at for at in _places(row, "assistant") if not row["messages"][at].get("tool_calls")]
    if not asks:
        return False
    row["messages"][asks[0]]["content"] = "Thank you, that is noted."
    return True


def announced_gap(row: Row, rng: Random, donors: Donors) -> bool:
    """miss_param: the user says that something is missing."""
    if (row.get("scenario") or {}).get("special") != "miss_param":
        return False
    row["messages"][_places(row, "user")[0]]["content"] += " I don't know the rest yet."
    return True


def refusal_asks(row: Row, rng: Random, donors: Donors) -> bool:
    """Irrelevance: the refusal asks for details."""
    if (row.get("scenario") or {}).get("special") != "irrelevance" or row["messages"][-1]["role"] != "assistant":
        return False
    row["messages"][-1]["content"] += " Which day do you have in mind?"
    return True


def swapped_turns(row: Row, rng: Random, donors: Donors) -> bool:
    """A call and its result have changed places."""
    found = [at for at in _places(row, "tool") if row["messages"][at - 1].get("tool_calls")]
    if not found:
        return False
    at = rng.choice(found)
    row["messages"][at - 1], row["messages"][at] = row["messages"][at], row["messages"][at - 1]
    return True


def renamed_after_call(row: Row, rng: Random, donors: Donors) -> bool:
    """The called tool was taken from the offered list; others are left."""
    found = functions(row)
    if not found or len(row["tools"]) < 2:
        return False
    name = rng.choice(found)[0]["name"]
    row["tools"] = [tool for tool in row["tools"] if tool["function"]["name"] != name]
    return True
