"""What a real small model replied to the agents' prompts: fluent, and wrong. None of it passes for an answer.

The replies are SmolLM2-135M-Instruct's (Apache-2.0; Q4_1, llama.cpp's server, temperature 0.8), the long ones cut.
"""

from __future__ import annotations

import pytest

from genesis.agents.memory import Guide
from genesis.agents.user import User
from genesis.errors import ReplyError
from genesis.lm.engine import Answer, Completion
from genesis.lm.outcomes import judge
from genesis.lm.parse import parse
from genesis.lm.render import plan_for

SIGNATURES = {"memory": Guide, "user": User}
REPLIES: tuple[tuple[str, str, str, str], ...] = (
    ("memory", "chat", "stop", "What happens to the next dialogue after a few sentences?"),
    (
        "memory",
        "chat",
        "stop",
        "The chat is in progress, the previous output was written as:\n\n```\n[## tool ## ]\n{tool}\n[## covered ## ]\n"
        "{covered}\n\n[## open_types ## ]\n[## open_types##]\n```\n\nThe next output is written as:",
    ),
    (
        "user",
        "chat",
        "length",
        "[[ ## persona ## ]]\nchatty: friendly and talkative\n\n[[ ## wishes ## ]]\n"
        '[{"city": {"type": "string"}, "days": {"type": "integer", "description": "The initial',
    ),
    ("user", "chat", "length", "[\n\n[\n\n[\n\n[\n\n[[\n\n[[\n\n[[\n\n[[\n\n[["),
    (
        "user",
        "chat",
        "stop",
        "When we're asked to write a message with a certain task, we just need to format it as a list[Stated] and "
        "start iterating over it. So the output field `[[ ## message ## ]]` is generated.",
    ),
    ("memory", "json", "stop", '{\n  "semantic_type": "{semantic_type}",\n  "guidance": "{guidance}"\n}'),
    (
        "memory",
        "json",
        "length",
        '{\n  "semantic_type": "recipe_search_2",\n  "guidance": "Someone who weighs two dates before deciding. Use a '
        "statement; use a statement; use a statement; use a statement",
    ),
    (
        "user",
        "json",
        "stop",
        '{\n    "message": "{message}",\n    "stated": [{\n        "task": 1,\n        "tool": "recipe_search_2",\n'
        '        "values": {"city": "Lisbon", "days": 3}, "from_results": {\n            "type": 0,\n            '
        '"items": 0\n        }}\n    ]\n}',
    ),
    (
        "user",
        "json",
        "length",
        '{\n  "message": "I am planning a trip to London and I will need to buy a bus ticket from Oxford to Bristol '
        "for the journey. I will need to buy a bus ticket from Oxford to Bristol for the journey. I will need",
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=[" ".join(reply[:3]) for reply in REPLIES])
def test_what_it_wrote_passes_for_no_answer_and_the_reason_is_told(reply: tuple[str, str, str, str]) -> None:
    agent, adapter, finish, text = reply
    signature = SIGNATURES[agent]
    plan = plan_for(signature, adapter)  # type: ignore[arg-type]
    answer = Answer((Completion(text, finish),), 800, 30)  # type: ignore[arg-type]
    _, (read,) = judge(answer, "0" * 32, 0, agent, 0, plan, signature)
    assert read.outcome == ("cut" if finish == "length" else "unparsable")
    assert read.reason
    assert not read.fields


def test_a_placeholder_copied_from_the_prompt_is_named_and_one_inside_text_is_text() -> None:
    plan = plan_for(Guide, "json")
    with pytest.raises(ReplyError, match="field 'guidance' is the prompt's own placeholder"):
        parse(plan, Guide, '{"semantic_type": "travel: plan", "guidance": " {guidance} "}')
    assert parse(plan, Guide, '{"semantic_type": "t", "guidance": "say {guidance}"}')["guidance"] == "say {guidance}"


LOOPS = (
    '{"guidance": "Someone who weighs two dates before deciding. ' + "Use a statement; use a statement; " * 30,
    '[\n<pre><code><p><b><a href="https://code.tutorialspoint.com/tutorial' + "/1" * 400,
    "[\n\n[\n\n[\n\n[\n\n[[\n\n" * 40,
)
CITIES = [
    "Oslo",
    "Rome",
    "Lisbon",
    "Paris",
    "Vienna",
    "Cairo",
    "Quito",
    "Lima",
    "Accra",
    "Dakar",
    "Tunis",
    "Riga",
    "Kyiv",
    "Bern",
    "Doha",
    "Male",
]
ENDLESS = (
    "Someone weighs two dates. " * 3,
    "The train leaves Oxford at ten past nine and arrives in Bristol around noon, unless the works near Swindon go on, "
    "in which case a bus takes over between Didcot and Chippenham. Ask the desk for a refund form, keep the receipt, "
    "and send both to the address on the back within twenty-eight days; claims that come later are paid in vouchers "
    "only. Bicycles travel free outside peak hours, dogs always do, and a seat by the window costs two pounds more. "
    "For groups of six or above there is a discount of a fifth on weekdays, which the machine gives by itself.",
    ", ".join(f'{{"city": "{city}", "days": {days}, "unit": "metric"}}' for days, city in enumerate(CITIES, 3)),
)


@pytest.mark.parametrize(("texts", "told"), [(LOOPS, True), (ENDLESS, False)])
def test_a_reply_cut_while_it_repeats_itself_says_so(texts: tuple[str, ...], told: bool) -> None:
    plan = plan_for(Guide, "json")
    for text in texts:
        _, (read,) = judge(Answer((Completion(text, "length"),), 800, 30), "0" * 32, 0, "memory", 0, plan, Guide)
        assert read.outcome == "cut"
        assert ("repeating itself" in read.reason) is told, text[:60]
