"""Decisions are append-only and survive what a desk meets: torn lines, two raters at once, other versions, undo."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from review_cases import dialogue, make_run, with_model

from genesis.checks import rules
from genesis.errors import FormatError, RecordError
from genesis.record import Run
from genesis.review import decisions, queue, settle
from genesis.review.editing import fields_of, look


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make_run(tmp_path, [dialogue(number) for number in range(6)])


def decide(run: Run, number: int, decision: decisions.Kind, rater: str = "ann", **more: object) -> decisions.Decision:
    made = decisions.make(rater, dialogue(number), decision, **more)
    decisions.append(run, made)
    return made


def ids(run: Run, name: str) -> list[str]:
    return [row["id"] for row in run.rows(name)]


def test_what_is_appended_is_read_back_and_nothing_is_rewritten(run: Run) -> None:
    first = decide(run, 0, "reject", reasons=("wrong-value",), note="a 'quoted', odd\nnote \u202e")
    data = (run.path / "decisions.jsonl").read_bytes()
    second = decide(run, 1, "accept", seconds=12.3)
    assert (run.path / "decisions.jsonl").read_bytes().startswith(data)
    assert decisions.read(run) == [first, second]


def test_a_torn_last_line_is_cut_before_the_next_decision(run: Run) -> None:
    first = decide(run, 0, "accept")
    with (run.path / "decisions.jsonl").open("ab") as stream:
        stream.write(b'{"uid": "torn by a power cut')
    assert decisions.read(run) == [first]
    second = decide(run, 1, "accept")
    assert decisions.read(run) == [first, second]


def test_damage_in_the_middle_is_named(run: Run) -> None:
    decide(run, 0, "accept")
    with (run.path / "decisions.jsonl").open("ab") as stream:
        stream.write(b'{"uid": "x", "decision": "perhaps"}\n')
    with pytest.raises(RecordError, match=r"decisions\.jsonl:2"):
        decisions.read(run)


def test_a_decision_that_cannot_be_saved_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RecordError, match="NOT saved: No space left"):
        decide(run, 0, "accept")


def test_two_raters_write_at_once_and_every_line_is_whole(run: Run) -> None:
    code = """
import sys
from pathlib import Path
from genesis.record import Run
from genesis.review import decisions as d
run, rater = Run(Path(sys.argv[1])), sys.argv[2]
for number in range(60):
    d.append(run, d.Decision(f"{rater}{number}", "now", rater, "d0000", "v", "accept", note="x" * 500))
"""
    command = [sys.executable, "-c", code, str(run.path)]
    both = [subprocess.Popen([*command, rater]) for rater in ("ann", "bob")]
    assert [one.wait(60) for one in both] == [0, 0]
    assert len(decisions.read(run)) == 120


@pytest.mark.parametrize(
    ("bad", "words"),
    [({"rater": " "}, "no rater"), ({"decision": "fix"}, "without edits"), ({"reasons": ("odd",)}, "unknown reason")],
)
def test_an_incomplete_decision_is_refused(bad: dict[str, object], words: str) -> None:
    asked = {"rater": "ann", "decision": "reject", **bad}
    with pytest.raises(FormatError, match=words):
        decisions.make(asked.pop("rater"), dialogue(0), asked.pop("decision"), **asked)  # type: ignore[arg-type]


def test_undo_is_a_record_and_brings_nothing_back_twice(run: Run) -> None:
    made = decide(run, 0, "reject")
    decisions.append(run, decisions.undo(made))
    assert decisions.current(decisions.read(run)) == {}
    assert len(decisions.read(run)) == 2
    again = decide(run, 0, "accept")
    assert decisions.current(decisions.read(run)) == {"d0000": {"ann": again}}


def test_a_skip_takes_no_decision_away(run: Run) -> None:
    made = decide(run, 0, "accept")
    decide(run, 0, "skip")
    assert decisions.current(decisions.read(run)) == {"d0000": {"ann": made}}


# --- settling ----------------------------------------------------------------------------------------------------


def test_people_outrank_the_model_and_undo_restores(run: Run) -> None:
    with_model(run, {"d0000": 0.2, "d0001": 0.95, "d0002": 0.3})
    assert ids(run, "rejected") == ["d0000", "d0002"]
    kept = decide(run, 0, "accept")
    decide(run, 1, "reject", reasons=("unnatural",), note="nobody talks so")
    found = settle.settle(run)
    assert found == {"accepted": 4, "rejected": 2, "fixed": 0, "overruled": 1, "disagreed": 0, "stale": 0}
    assert ids(run, "dialogues") == ["d0000", "d0003", "d0004", "d0005"]
    (row,) = [row for row in run.rows("rejected") if row["id"] == "d0001"]
    assert ("human:unnatural", "fail", ["nobody talks so"]) in [
        (verdict["check"], verdict["outcome"], verdict["reasons"]) for verdict in row["verdicts"]
    ]
    decisions.append(run, decisions.undo(kept))
    settle.settle(run)
    assert ids(run, "rejected") == ["d0000", "d0001", "d0002"]


def test_settling_twice_gives_the_same_bytes(run: Run) -> None:
    with_model(run, {"d0000": 0.2})
    decide(run, 1, "fix", edits=({"message": 3, "content": "It is 12 degrees in Bergen today."},))
    settle.settle(run)
    names = ("dialogues.jsonl", "rejected.jsonl", "replaced.jsonl", "verdicts.jsonl", "dialogues.parquet")
    before = {name: (run.path / name).read_bytes() for name in names}
    settle.settle(run)
    assert {name: (run.path / name).read_bytes() for name in names} == before


def test_a_fix_makes_a_new_version_that_is_checked_again(run: Run) -> None:
    edits = (
        {"message": 1, "call": 0, "arguments": {"city": "Bergen", "unit": "celsius"}},
        {"message": 3, "content": "It is 12 degrees Celsius in Bergen."},
    )
    made = decide(run, 1, "fix", edits=edits)
    assert settle.settle(run)["fixed"] == 1
    (row,) = [row for row in run.rows("dialogues") if row["id"] == "d0001"]
    assert row["provenance"]["version"] == 2
    assert row["provenance"]["replaces"] == made.version
    assert row["messages"][1]["tool_calls"][0]["function"]["arguments"]["unit"] == "celsius"
    assert [old["id"] for old in run.rows("replaced")] == ["d0001"]
    judged = {found.id: found for found in settle.to_judge(run)}
    assert judged["d0001"].messages[3].content.endswith("Celsius in Bergen.")  # what the model sees next
    decisions.append(run, decisions.undo(made))
    settle.settle(run)
    assert list(run.rows("replaced")) == []
    (row,) = [row for row in run.rows("dialogues") if row["id"] == "d0001"]
    assert "version" not in row["provenance"]


def test_a_fix_that_breaks_a_rule_does_not_stand(run: Run) -> None:
    decide(run, 1, "fix", edits=({"message": 1, "call": 0, "arguments": {"town": "Bergen"}},))
    settle.settle(run)
    (row,) = run.rows("rejected")
    failed = {verdict["check"] for verdict in row["verdicts"] if verdict["outcome"] == "fail"}
    assert "rule:7-required-parameters" in failed


def test_a_decision_on_another_version_says_nothing(run: Run) -> None:
    other = replace(dialogue(0), messages=dialogue(0).messages[:-1])
    decisions.append(run, decisions.make("ann", other, "reject"))
    assert settle.settle(run)["stale"] == 1
    assert ids(run, "rejected") == []


def test_a_dialogue_that_a_rule_rejected_is_not_brought_back(run: Run) -> None:
    rows = list(run.rows("dialogues"))
    broken = replace(dialogue(0), tools=())
    broken = replace(broken, verdicts=rules.check(broken))
    run.replace_rows("dialogues", rows[1:])
    run.replace_rows("rejected", [broken.to_row()])
    decisions.append(run, decisions.make("ann", broken, "accept"))
    settle.settle(run)
    assert ids(run, "rejected") == ["d0000"]


def test_a_settling_cut_short_loses_no_dialogue(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever file is written last before the power goes, every dialogue is still somewhere and settles right."""
    with_model(run, {"d0000": 0.2})
    decide(run, 0, "accept")  # comes back
    decide(run, 1, "reject")  # goes
    decide(run, 2, "fix", edits=({"message": 3, "content": "It is 12 degrees in Lima today."},))
    whole = Run.replace_rows
    for stop in range(6):
        left = [stop]

        def cut(self: Run, name: str, rows: list[dict[str, object]], left: list[int] = left) -> None:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            whole(self, name, rows)

        with monkeypatch.context() as patch:
            patch.setattr(Run, "replace_rows", cut)
            with pytest.raises(KeyboardInterrupt):
                settle.settle(run)
        assert {*ids(run, "dialogues"), *ids(run, "rejected")} == {f"d000{number}" for number in range(6)}
        with_model(run, {"d0000": 0.2})
        assert ids(run, "dialogues") == ["d0000", "d0002", "d0003", "d0004", "d0005"]


# --- queues and two raters ---------------------------------------------------------------------------------------


def test_doubtful_ones_come_least_sure_first_and_one_s_own_decisions_are_marked(run: Run) -> None:
    with_model(run, {"d0000": 0.85, "d0001": 0.2, "d0002": 0.99, "d0003": 0.6, "d0004": 0.95, "d0005": 0.91})
    decide(run, 3, "accept", "ann")
    items = queue.queue(run, "doubt", rater="ann")
    assert [item.dialogue.id for item in items] == ["d0001", "d0003", "d0000"]
    assert [item.mine is not None for item in items] == [False, True, False]
    assert "confidence 0.20" in items[0].why
    assert not any(item.mine for item in queue.queue(run, "doubt", rater="bob"))


def test_disagreement_is_a_queue_and_what_is_decided_there_is_final(run: Run) -> None:
    decide(run, 0, "accept", "ann")
    decide(run, 0, "reject", "bob")
    assert settle.settle(run)["disagreed"] == 1
    (item,) = queue.queue(run, "disagreements", rater="ann")
    assert item.mine is None
    assert "ann: accept, bob: reject" in item.why
    decide(run, 0, "reject", "ann", queue="disagreements", reasons=("unnatural",))
    assert settle.settle(run)["disagreed"] == 0
    assert ids(run, "rejected") == ["d0000"]
    (item,) = queue.queue(run, "disagreements", rater="ann")
    assert item.mine is not None


def test_the_audit_sample_is_seeded_grows_and_stays(run: Run) -> None:
    small = queue.draw_audit(run, 2, seed=3)
    assert [row["id"] for row in queue.draw_audit(run, 2, seed=3)] == [row["id"] for row in small]
    large = queue.draw_audit(run, 6, seed=3)
    assert {row["id"] for row in small} <= {row["id"] for row in large}
    assert len(large) == 6


def test_editing_tells_what_the_schema_and_the_rules_say() -> None:
    found = dialogue(1)
    call, text = fields_of(found)
    assert look(found, {}).savable is False  # nothing is changed
    assert "no JSON" in look(found, {call.key: "{city: Bergen"}).faults[call.key]
    assert "expected an object" in look(found, {call.key: "[1]"}).faults[call.key]
    assert "kelvin" in look(found, {call.key: '{"city": "Bergen", "unit": "kelvin"}'}).faults[call.key]
    assert look(found, {text.key: " "}).faults == {text.key: "the text is empty"}
    sound = look(found, {call.key: '{"city": "Bergen", "unit": "celsius"}'})
    assert sound.savable
    assert asdict(sound)["edits"] == ({"message": 1, "call": 0, "arguments": {"city": "Bergen", "unit": "celsius"}},)
    deep = look(found, {call.key: "[" * 200_000})
    assert "at most" in deep.faults[call.key]
