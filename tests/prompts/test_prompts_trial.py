"""Trying prompts: the same scenarios on both sides, paid once, compared honestly, kept with their numbers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from prompt_cases import CURE, responsive, small

from genesis import record
from genesis.errors import BudgetError, LMConfigError, MissingExtraError, ParamsError
from genesis.lm.testing import Call, Reaction, Server
from genesis.metrics.significance import paired_rates_smoothed
from genesis.prompts import Bench, Trial, keep, names, open_bench, prompt, trial, versions
from genesis.prompts.optimise import novelty, optimise, trigrams
from genesis.prompts.show import diff_html, rows_table, totals_html, trial_html

EVIL = '<img src=x onerror="window.pwned=1">'


def bench_on(server: Server, project: Path, agent: str = "function", **values: object) -> Bench:
    params = small(lm="openai/any", api_base=server.url, **values)
    return open_bench(agent, params, project / "experiments")


def test_offline_reads_no_instructions_so_nothing_changes_and_it_is_said(project: Path) -> None:
    bench = open_bench("user", small(offline={"wrong_value": 0.3}), project / "experiments")
    told: list[str] = []
    found = asyncio.run(
        trial(bench, bench.base(), bench.base().with_text("Be rude."), progress=lambda side, _: told.append(side))
    )
    assert found.changes()["same"] == len(bench.plan) == 12
    (acceptance,) = [row for row in found.totals() if row["measure"] == "acceptance"]
    assert acceptance["value"] == 0
    assert acceptance["low"] < 0 < acceptance["high"]
    assert {row["measure"] for row in found.totals() if row["real"]} <= {"tokens"}  # a shorter prompt has fewer
    assert "does not read instructions: the expected difference is 0" in found.note()
    assert set(told) == {"old", "new"}
    again = asyncio.run(trial(bench, bench.base(), bench.base().with_text("Be rude.")))
    assert (again.asked, again.old.reused, again.new.reused) == (0, True, True)
    assert again.to_json() == {**found.to_json(), "asked": 0}


def test_a_model_that_reads_is_better_where_it_is_told_better(project: Path) -> None:
    with Server(responsive()) as server:
        bench = bench_on(server, project)
        old, new = bench.base(), bench.base().with_text(f"{bench.base().instructions}\n{CURE}")
        found = asyncio.run(trial(bench, old, new))
        calls = server.calls
        assert found.asked == calls
        assert found.changes()["fixed"] >= 6
        assert found.changes()["broken"] == 0
        (acceptance,) = [row for row in found.totals() if row["measure"] == "acceptance"]
        assert acceptance["real"]
        assert acceptance["low"] > 0
        worse = asyncio.run(trial(bench, new, old))
        assert worse.changes()["broken"] == found.changes()["fixed"]
        assert server.calls == calls  # both sides were there: nothing is asked or paid again
        other = asyncio.run(trial(bench, old, old.with_text(f"{old.instructions}\nBe quick.")))
        assert 0 < other.asked < calls / 2  # the other agents' equal requests are answered by the shared journal
    html = trial_html(found)
    assert "genesis-fixed" in html
    assert "<ins>" in html
    assert list(rows_table(found)["change"][:1]) == ["fixed"]
    assert 'class="genesis-real"' in totals_html(found)
    runs = [record.open_run(side.run.id, project / "experiments") for side in (found.old, found.new)]
    assert all(run.complete for run in runs)
    assert runs[0].read_json("run.json")["calls"] > 0


def test_a_stopped_trial_goes_on_where_it_stopped(project: Path) -> None:
    with Server(responsive()) as server:
        bench = bench_on(server, project, budget={"calls": 60})
        new = bench.base().with_text(CURE)
        with pytest.raises(BudgetError, match=r"budget\.calls of 60"):
            asyncio.run(trial(bench, bench.base(), new))
        assert server.calls <= 60
        first = server.calls
        more = bench_on(server, project, budget={"calls": 100_000})
        found = asyncio.run(trial(more, more.base(), new))
        assert found.asked == server.calls - first
        assert "unmade" not in {one.outcome for one in found.new.outcomes.values()}


def test_a_version_keeps_where_it_comes_from_and_runs(project: Path) -> None:
    bench = open_bench("user", small(), project / "experiments")
    found = asyncio.run(trial(bench, bench.base(), bench.base().with_text("You play a person.")))
    path = keep(
        found.new.prompt, "user-brief", parent="built-in", author="ann", date="2026-11-26", trial=found.numbers()
    )
    assert path == project / "params" / "prompts" / "user-brief.json"
    (version,) = versions("user")
    assert version.about["author"] == "ann"
    assert version.about["trial"]["totals"]["acceptance"]["n"] == 12
    assert version.about["trial"]["simulated"] is True
    assert prompt("user", "user-brief") == found.new.prompt
    assert names("user") == ["built-in", "user-brief"]
    assert names("judge") == ["built-in"]
    with pytest.raises(ParamsError, match="is there already"):
        keep(found.old.prompt, "user-brief", parent="", author="bob", date="")
    used = record.create(small(prompts={"user": "user-brief"}), project / "experiments")
    assert json.loads((used.path / "prompts" / "user-brief.json").read_text())["instructions"] == "You play a person."
    path.write_text(path.read_text().replace("a person", "a pirate"))
    assert record.run_id(small(prompts={"user": "user-brief"})) != used.id  # other words, another run


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "a" * 65, "x\n", "built-in", "ü"])
def test_odd_version_names_are_refused(project: Path, name: str) -> None:
    with pytest.raises(ParamsError, match="prompts: "):
        keep(prompt("user"), name, parent="", author="ann", date="")
    assert not list(project.rglob("*.json"))


def test_odd_texts_are_refused_or_made_harmless(project: Path) -> None:
    start = prompt("user")
    with pytest.raises(ParamsError, match="empty"):
        start.with_text(" \n ")
    with pytest.raises(ParamsError, match="1,000,000 characters; expected at most 100,000"):
        start.with_text("x" * 1_000_000)
    assert start.with_text("a\ud800b").instructions == "a\ufffdb"
    with pytest.raises(ParamsError, match="names its author"):
        keep(start, "x", parent="", author=" ", date="")
    with pytest.raises(ParamsError, match="unknown agent 'usr'"):
        prompt("usr")
    assert EVIL not in diff_html(EVIL, f"{EVIL} and {EVIL}")
    assert diff_html("be <b>brief", "be very <b>brief") == "be<ins> very</ins> &lt;b&gt;brief"


def test_no_script_reaches_the_page(project: Path) -> None:
    script = responsive()

    def hostile(call: Call) -> Reaction:
        made = script(call)
        texts = [made.text] if isinstance(made.text, str) else list(made.text)
        return Reaction([text.replace("[[ ## message ## ]]\n", f"[[ ## message ## ]]\n{EVIL} ") for text in texts])

    with Server(hostile) as server:
        bench = bench_on(server, project, "user")
        found = asyncio.run(trial(bench, bench.base(), bench.base().with_text(f"Say it with {EVIL}.")))
    assert EVIL in "".join(str(one.dialogue) for one in found.new.outcomes.values())
    page = trial_html(found) + totals_html(found) + diff_html(found.old.prompt.instructions, EVIL)
    assert "<img" not in page
    assert "&lt;img" in page


def test_the_interval_of_few_pairs_without_a_change_is_not_zero_wide() -> None:
    import numpy as np

    same = np.ones(60, bool)
    found = paired_rates_smoothed(same, same)
    assert (found.value, found.p) == (0, 1)
    assert found.low == pytest.approx(-1.959964 / 62)
    gained = paired_rates_smoothed(np.zeros(40, bool), np.arange(40) < 20)  # Agresti & Min 2005: (b - c) / (n + 2) ...
    assert gained.low == pytest.approx(20 / 42 - 1.959964 * (21 - 400 / 42) ** 0.5 / 42)


# --- optimising --------------------------------------------------------------------------------------------------


def test_gepa_finds_what_the_checks_say_and_the_result_holds_on_scenarios_it_never_saw(project: Path) -> None:
    pytest.importorskip("gepa")
    seen: list[str] = []
    with Server(responsive(seen=seen)) as server:
        bench = bench_on(server, project)
        found = asyncio.run(optimise(bench, bench.base(), evaluations=40))
        assert found.calls == server.calls
        assert CURE in found.best.instructions
        assert found.scores[1] > found.scores[0] + 0.3
        assert found.evaluations <= 40
        assert any("rejected: " in text for text in seen)  # the rules' own reasons were read
        assert any("% of the request's wording is new" in text for text in seen)
        checked: Trial = asyncio.run(trial(bench, bench.base(), found.best))
    assert {one.scenario.seed for one in bench.plan}.isdisjoint(_seeds(bench))
    (acceptance,) = [row for row in checked.totals() if row["measure"] == "acceptance"]
    assert acceptance["real"]


def _seeds(bench: Bench) -> set[int]:
    from dataclasses import replace

    from genesis.planner import plan
    from genesis.text import stable_hash

    other = replace(bench.params, seed=stable_hash("optimise", bench.params.seed) & 0xFFFFFFFF)
    return {one.scenario.seed for one in plan(bench.pool.tools, other)}


def test_the_budget_caps_an_optimisation_and_the_best_so_far_is_offered(project: Path) -> None:
    pytest.importorskip("gepa")
    with Server(responsive()) as server:
        bench = bench_on(server, project, budget={"calls": 330})
        found = asyncio.run(optimise(bench, bench.base(), evaluations=400))
        assert server.calls <= 330
        assert "budget.calls of 330 is reached" in found.stopped
        again = server.calls
        repeated = asyncio.run(optimise(bench, bench.base(), evaluations=400))
        assert server.calls <= max(again, 330)  # what was paid for is on record
    assert repeated.best == found.best


def test_optimising_offline_or_with_too_little_is_refused(project: Path) -> None:
    bench = open_bench("user", small(), project / "experiments")
    with pytest.raises(LMConfigError, match="reads no instructions"):
        asyncio.run(optimise(bench, bench.base()))
    with Server(responsive()) as server:
        reading = bench_on(server, project)
        try:
            import gepa  # noqa: F401
        except ImportError:
            with pytest.raises(MissingExtraError, match="optimize"):
                asyncio.run(optimise(reading, reading.base(), evaluations=3))
        else:
            with pytest.raises(ParamsError, match="3 evaluations; expected at least"):
                asyncio.run(optimise(reading, reading.base(), evaluations=3))
        assert server.calls == 0


def test_novelty_is_against_what_was_there() -> None:
    frozen = trigrams(["Book a train to Oslo for two people"])
    assert novelty("book a train to Oslo for two people", frozen) == 0
    assert novelty("find me some quiet museum in Lima", frozen) == 1
    assert novelty("hi", frozen) == 0
