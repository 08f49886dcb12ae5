"""The page of a run and of an audit: what a reader must find, and what must not be in it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from review_cases import dialogue, make_run

from genesis import params, record, report, steps
from genesis.checks import rules
from genesis.dialogue import Verdict
from genesis.lm.names import make_engine
from genesis.lm.rows import Header, frame
from genesis.params import from_dict, parse_yaml
from genesis.report.numbers import shown
from genesis.tools.pool import ToolPool, save_pool

EVIL = "<script>window.pwned=1</script><img src=x onerror=window.pwned=2>"
IN_ORDER = (
    "What was run",
    "The funnel",
    "Why dialogues were rejected",
    "Error left",
    "What the rules catch",
    "Diversity",
    "Quality",
    "Downstream",
    "Cost",
    "10 dialogues",
    "Make it again",
)


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its headings."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "h2" and data.strip():
            self.headings.append(data.strip())
            self.tags.append(("", {}))


def full_run(folder: Path, **chosen: Any) -> record.Run:
    """A run of 15 dialogues, one rejected, checked and measured, with a figure and a student's scores."""
    run = make_run(folder, [dialogue(number) for number in range(14)], **chosen)
    save_pool(ToolPool(dialogue(0).tools), run.file("pool.jsonl"))
    failed = replace(dialogue(14), verdicts=(Verdict("rule:9-types", "fail", ("n is text",)),))
    run.append("rejected", failed.to_row())
    run.update(counts={"planned": 15, "accepted": 14, "rejected": 1, "errored": 0}, calls=70, status="complete")
    steps.check(run, run.params)
    run.write_json("parts/metrics.json", steps.measure(run, run.params))
    scores = {"choice": {"accuracy": 0.5, "interval": [0.4, 0.6], "n": 100}}
    run.write_json("parts/downstream.json", {"trained": scores, "untrained": scores})
    run.file("figures/coverage.png").write_bytes(b"\x89PNG")
    run.file("figures/of_my_own.png").write_bytes(b"\x89PNG")
    return run


def test_a_run_s_page_says_everything_in_order_and_needs_nothing_else(tmp_path: Path) -> None:
    page = report.build(full_run(tmp_path)).read_text()
    found = Tags(page)
    assert [heading for heading in found.headings if heading in IN_ORDER] == list(IN_ORDER)
    assert "More figures" in found.headings  # of_my_own: no section names it
    assert "offline (simulated) LM" in page
    assert not [tag for tag, _ in found.tags if tag in ("script", "link", "iframe", "object", "base", "form")]
    assert not [attrs for _, attrs in found.tags for name in attrs if name.startswith("on")]
    sources = [attrs["src"] for tag, attrs in found.tags if tag == "img"]
    assert len(sources) == 2
    assert all(source and source.startswith("data:image/png;base64,") for source in sources)
    assert not re.search(r"https?://", page)
    assert str(tmp_path) not in page


def test_replies_that_could_not_be_used_are_shown_by_agent_with_what_to_try(tmp_path: Path) -> None:
    run = full_run(tmp_path)
    used = {"memory": {"calls": 30, "completions": 30, "unparsable": 1}, "user": {"calls": 60, "completions": 70}}
    run.update(usage=used)
    page = report.build(run).read_text()
    assert "The model&#39;s replies" in page or "The model's replies" in page
    assert "96.7%" in page
    assert "replies usable" not in dict(report.summary_rows(run)), "one in a hundred is no news"
    run.update(usage={**used, "user": {"calls": 60, "completions": 70, "unparsable": 50, "cut": 12, "empty": 1}})
    page, rows = report.build(run).read_text(), report.summary_rows(run)
    told = dict(rows)
    assert told["replies usable"] == "36 of 100 (36%): memory 97%, user 10%"
    hints = [value for name, value in rows if name == "  try"]
    assert [hint.partition(":")[0] for hint in hints] == [
        "51% of the replies are not in the format asked for",
        "12% of the replies reached max_tokens (2048)",
    ]
    assert "try adapter: json" in page
    run.update(usage={"user": {"calls": 60, "completions": 70}})
    assert "replies</h2>" not in report.build(run).read_text()


def test_the_parameters_on_the_page_are_this_run(tmp_path: Path) -> None:
    run = full_run(tmp_path, seed=3, n=2, pool={"size": 12}, checker={"threshold": 0.5})
    page = report.build(run).read_text()
    (text,) = re.findall(r"<pre>(experiment: .*?)</pre>", page, re.S)
    again = from_dict(parse_yaml(text.replace("&#39;", "'"), "the page"))
    assert again == run.params
    assert record.run_id(again) == run.id
    assert "genesis run params.yaml" in page
    assert text.count("\n") == 7  # what differs, and nothing else


def test_a_real_model_s_run_is_made_again_from_its_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = full_run(tmp_path / "experiments", lm="openai/some")
    (name,) = re.findall(r"-p lm=(replay:\S+)", report.build(run).read_text())
    assert name == f"replay:experiments/review/{run.id}"
    run.file("journal/0.jsonl").write_bytes(frame(Header(1, {"default": "some@url"}, {"default": "some"})))
    monkeypatch.chdir(tmp_path)  # where `genesis run` was called: it puts its results into ./experiments
    assert make_engine(name).name == "some"


def test_hostile_text_is_escaped_wherever_it_stands(tmp_path: Path) -> None:
    run = full_run(tmp_path, prompts={"user": EVIL})
    tool = replace(dialogue(1).tools[0], name=EVIL, description=EVIL)
    said = replace(dialogue(1).messages[0], content=EVIL)
    worst = replace(dialogue(1), id=EVIL, tools=(tool,), messages=(said, *dialogue(1).messages[1:]))
    run.replace_rows("dialogues", [worst.to_row()])
    failed = replace(worst, verdicts=(Verdict(EVIL, "fail", (EVIL,)), Verdict("rule:\u202e", "fail", ("\u202e",))))
    run.replace_rows("rejected", [failed.to_row()])
    run.write_json("parts/downstream.json", {EVIL: {"value": 1.0}})
    page = report.build(run).read_text()
    assert {tag for tag, _ in Tags(page).tags} & {"script"} == set()
    assert all((attrs.get("src") or "").startswith("data:") for tag, attrs in Tags(page).tags if tag == "img")
    assert page.count("&lt;script&gt;") >= 6
    assert "\u202e" not in page


def test_an_audit_s_page_shows_what_failed_and_where(tmp_path: Path) -> None:
    wrong = replace(dialogue(3), messages=(*dialogue(3).messages[:2], *dialogue(3).messages[3:]))
    made = [dialogue(0), wrong, dialogue(2)]
    data = tmp_path / "data.jsonl"
    data.write_bytes(b"".join(params.msgspec.json.encode(one.to_row()) + b"\n" for one in made))
    chosen = from_dict({"experiment": "audit", "data": str(data)})
    run = record.create(chosen, tmp_path / "experiments")
    steps.audit(run, chosen)
    data.unlink()  # the page is made from the run's folder alone
    page = report.build(run).read_text()
    headings = Tags(page).headings
    assert headings[:3] == ["What was checked", "What the rules found", "First failures"]
    assert {"What the rules catch", "Diversity", "3 dialogues"} <= set(headings)
    assert "The funnel" not in headings
    assert "acceptance" not in page  # nothing was generated: 100 % beside a failed row would mislead
    assert "Cost" not in headings  # a file has none, and its rows hold no verdicts that would be "checked"
    assert "<td>checked</td>" not in page
    assert "Data: data.jsonl, offline (simulated) LM." in page  # its rows say so
    failed = next(verdict for verdict in rules.check(wrong) if verdict.outcome == "fail")
    assert f"<td>2</td><td>{failed.check}</td>" in page
    assert dict(report.summary_rows(run))["dialogues"] == "3 checked, 1 failed"


def test_numbers_have_few_digits() -> None:
    values = (None, 0, 0.0, 12, 0.00012, 0.0314159, 0.95, 1.0, 5.7471, 40.565, 120.4, 35176.304, 1_234_567)
    words = ["–", "0", "0", "12", "0.00012", "0.031", "0.950", "1.000", "5.75", "40.6", "120", "35,176", "1,234,567"]
    assert [shown(value) for value in values] == words
