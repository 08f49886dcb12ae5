"""Near-repeats: the packed index decides as the plain definition does, and holds little."""

from __future__ import annotations

import asyncio
import random
import tracemalloc

from doubles import make_pool
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.params import from_dict
from genesis.planner import plan
from genesis.repeats import NEAR, Repeats, grams, similarity

PLAN = plan(make_pool(8).tools, from_dict({"dialogues_per_tool": 200}))
VOCABULARY = "find me a quiet hotel room in oslo bergen rome for two days please book it now".split()  # noqa: SIM905


def texts(seed, count):
    """Requests of a small vocabulary, a third of them an earlier one with a word or two changed."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        if made and rng.random() < 0.35:
            tokens = rng.choice(made).split()
            for _ in range(rng.randint(0, 2)):
                tokens[rng.randrange(len(tokens))] = rng.choice(VOCABULARY)
        else:
            tokens = rng.choices(VOCABULARY, k=rng.randint(1, 18))
        made.append(" ".join(tokens))
    return made


def plainly(requests, kept, text, before):
    """The definition: every accepted earlier request whose word 3-grams overlap enough, in plan order."""
    own = grams(text)
    return [place for place in range(before) if kept[place] and similarity(own, grams(requests[place])) >= NEAR]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9), st.integers(2, 400))
def test_what_is_found_is_what_the_definition_says(seed, count):
    requests, rng, repeats = texts(seed, count), random.Random(seed), Repeats()
    kept = [rng.random() < 0.8 for _ in range(count)]
    for place in rng.sample(range(count), count):
        repeats.open(PLAN[place], requests[place])
        repeats.close(PLAN[place], kept[place])
    for place in rng.sample(range(count), min(count, 40)):
        found = [one.index for one in repeats.near(requests[place], place)]
        assert found == plainly(requests, kept, requests[place], place)


def test_blocks_on_top_of_each_other_find_what_one_list_would():
    count = 1_500
    requests, repeats = texts(3, count), Repeats()
    for place in range(count):
        repeats.open(PLAN[place], requests[place])
        repeats.close(PLAN[place], accepted=place % 5 > 0)
    kept = [place % 5 > 0 for place in range(count)]
    for place in range(0, count, 37):
        found = [one.index for one in repeats.near(requests[place], place)]
        assert found == plainly(requests, kept, requests[place], place)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9), st.integers(2, 60))
def test_settling_gives_the_same_whatever_is_opened_and_closed_first(seed, count):
    requests = texts(seed, count)

    async def settled(order):
        repeats, results = Repeats(), {}

        async def one(place):
            repeats.open(PLAN[place], requests[place])
            results[place] = await repeats.settle(place)
            repeats.close(PLAN[place], accepted=results[place] is None and place % 7 > 0)

        async with asyncio.TaskGroup() as group:
            for place in order:
                group.create_task(one(place))
        return [results[place] for place in range(count)]

    expected, kept = [], []
    for place in range(count):
        earlier = plainly(requests, kept, requests[place], place)
        expected.append(PLAN[earlier[0]].id if earlier else None)
        kept.append(not earlier and place % 7 > 0)
    shuffled = random.Random(seed).sample(range(count), count)
    assert asyncio.run(settled(range(count))) == asyncio.run(settled(shuffled)) == expected


def test_an_accepted_request_takes_less_than_400_bytes():
    rng, repeats = random.Random(0), Repeats()
    words = [f"w{number}" for number in range(5_000)]
    tracemalloc.start()
    for planned in PLAN[:200]:  # what is there once
        repeats.open(planned, " ".join(rng.choices(words, k=22)))
        repeats.close(planned, accepted=True)
    before, _ = tracemalloc.get_traced_memory()
    for planned in PLAN[200:1_600]:
        repeats.open(planned, " ".join(rng.choices(words, k=22)))
        repeats.close(planned, accepted=True)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / 1_400 < 400
