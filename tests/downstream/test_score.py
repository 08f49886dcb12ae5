"""The score command, prediction files good and bad, and fetching data over loopback."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis.cli import main
from genesis.downstream import fetch
from genesis.downstream.predictions import Prediction, read, to_row
from genesis.downstream.scoring import accuracy, mean, pooled, weighted
from genesis.errors import BenchmarkError, FormatError


def _json(capsys: pytest.CaptureFixture[str]) -> Any:
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return json.loads(out)


def test_score_gold_prints_one_json_object_and_writes_verdicts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "verdicts.jsonl"
    assert main(["score", "--benchmark", "bfcl", "--predictions", "gold", "--json", "--out", str(out)]) == 0
    report = _json(capsys)
    assert report["benchmark"] == "bfcl"
    assert report["categories"]["multiple"] == {
        "n": 200,
        "correct": 200,
        "accuracy": 1.0,
        "interval": [0.981155, 1.0],
        "unscored": 0,
    }
    assert not report["partial"]
    assert len(report["unsatisfiable"]) == 7
    assert ["multiple_96", "simple_python_4"] in report["duplicates"]
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == 3641
    assert [row["id"] for row in rows if not row["correct"]] == report["unsatisfiable"]


def test_score_of_a_part_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "p.jsonl"
    call = {"name": "math.factorial", "arguments": {"number": 5}}
    rows = [
        {"id": "simple_python_1", "tool_calls": [call]},
        {"id": "simple_python_2", "tool_calls": [{"type": "function", "function": call | {"arguments": "{"}}]},
        {"id": "irrelevance_0", "text": "I cannot."},
    ]
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    assert main(["score", "--benchmark", "bfcl", "--predictions", str(file), "--json"]) == 0
    report = _json(capsys)
    assert report["partial"]
    assert report["predicted"] == 3
    assert (report["categories"]["simple_python"]["correct"], report["categories"]["simple_python"]["n"]) == (1, 2)
    assert report["aggregates"]["non_live"]["accuracy"] is None
    assert main(["score", "--benchmark", "bfcl", "--predictions", str(file)]) == 0
    assert "partial: 3 of 3641" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no prediction"),
        (b"{", ":1: not JSON"),
        (b"[" * 100_000, ":1: not JSON"),
        (b"\xff\xfe", ":1: not JSON"),
        (b'{"text": "x"}', "text 'id'"),
        (b'{"id": 5, "text": "x"}', "text 'id'"),
        (b'["simple_python_0"]', "text 'id'"),
        (b'{"id": "simple_python_0"}', "neither 'tool_calls' nor 'text'"),
        (b'{"id": "simple_python_0", "text": 5}', "text is int"),
        (b'{"id": "simple_python_0", "tool_calls": {}}', "tool_calls is dict"),
        (b'{"id": "simple_python_0", "tool_calls": ["f()"]}', "expected tool calls like"),
        (b'{"id": "simple_python_0", "tool_calls": [{"name": null}]}', "expected tool calls like"),
        (b'{"id": "simple_pyton_0", "text": ""}', "nearest is 'simple_python_0'"),
        (b'{"id": "simple_python_0", "text": ""}\n' * 2, ":2: id 'simple_python_0' stands twice"),
    ],
)
def test_a_bad_file_is_one_clear_line(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read(file, ["simple_python_0", "multiple_0"])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_file_ends_with_code_2_and_nothing_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "p.jsonl"
    file.write_bytes(b'{"id": "simple_pyton_0", "text": ""}')
    assert main(["score", "--benchmark", "bfcl", "--predictions", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "nearest is 'simple_python_0'" in captured.err


def test_what_a_model_can_write_is_scored_not_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "p.jsonl", tmp_path / "v.jsonl"
    call = b'{"id": "simple_python_%d", "tool_calls": [{"name": "%s", "arguments": {"base": %s, "height": 5}}]}\n'
    rows = [call % (0, b"calculate_triangle_area", value) for value in (b"10",)]
    rows += [call % (number, b"f\\ud800", value) for number, value in enumerate((b"NaN", b"1e400", b'"\\udfff"'), 1)]
    rows += [
        b'{"id": "simple_java_1", "text": "a.b(c = \\ud83d);"}\n',
        b'{"id": "parallel_1", "text": "[f(a=\\ud800)]"}\n',
    ]
    file.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(rows))
    assert main(["score", "--benchmark", "bfcl", "--predictions", str(file), "--json", "--out", str(out)]) == 0
    assert _json(capsys)["predicted"] == 6
    assert [json.loads(line)["correct"] for line in out.read_text().splitlines()] == [True, *[False] * 5]


def test_absent_file_absent_data_unwritable_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert main(["score", "--benchmark", "bfcl", "--predictions", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["score", "--benchmark", "acebench", "--predictions", "gold"]) == 2
    assert "`genesis data get acebench` fetches it" in capsys.readouterr().err
    assert main(["score", "--benchmark", "bfcl", "--predictions", "gold", "--data", str(tmp_path)]) == 2
    assert "leave --data out" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["score", "--benchmark", "bfcl", "--predictions", "gold", "--out", str(tmp_path / "file" / "x")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_rows_round_trip(tmp_path: Path) -> None:
    found = [Prediction("a", (("f", {"x": [1, None]}),), "said"), Prediction("b", None, ""), Prediction("c", ())]
    file = tmp_path / "p.jsonl"
    file.write_text("\n".join(json.dumps(to_row(one)) for one in found))
    assert list(read(file, ["a", "b", "c"]).values()) == found


def test_intervals_of_means() -> None:
    sure, poor = accuracy([True] * 100), accuracy([True, False] * 10)
    both = mean([sure, poor])
    assert both["accuracy"] == 0.75
    assert both["interval"][0] < 0.75 < both["interval"][1]
    assert pooled([sure, poor])["accuracy"] == pytest.approx(110 / 120, abs=1e-6)
    assert weighted([sure, poor], [100, 20])["accuracy"] == pytest.approx(110 / 120, abs=1e-6)
    alone = mean([poor])
    assert alone["interval"] == pytest.approx(poor["interval"], abs=2e-6)
    assert mean([sure, accuracy([None])]) == {"accuracy": None, "interval": None}


# --- genesis data get ----------------------------------------------------------------------------------------------


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """A loopback server of a small benchmark: two files, whose sums the package is told."""
    folder = tmp_path / "mirror"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.json").write_text("[1]")
    (folder / "deep" / "b.json").write_text("[2]")
    sums = {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in ("a.json", "deep/b.json")}
    monkeypatch.setattr(fetch, "sources", lambda: {"small": fetch.Source("http://127.0.0.1:9", "MIT", "", sums)})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", folder
    server.shutdown()
    server.server_close()
    thread.join()


def test_get_fetches_checks_and_keeps(mirror: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    url, _ = mirror
    assert main(["data", "get", "small", "--from", url, "--json"]) == 0
    assert _json(capsys)["fetched"] == 2
    assert (fetch.find("small") / "deep" / "b.json").read_text() == "[2]"
    (fetch.home("small") / "a.json").write_text("damaged")
    assert fetch.get("small", url=url)["fetched"] == 1
    assert fetch.get("small", url="http://127.0.0.1:9")["fetched"] == 0


def test_get_keeps_nothing_of_another_snapshot(mirror: tuple[str, Path]) -> None:
    url, folder = mirror
    (folder / "deep" / "b.json").write_text("[3]")
    with pytest.raises(BenchmarkError, match="not the file of the snapshot"):
        fetch.get("small", url=url)
    assert not fetch.home("small").exists()


@pytest.mark.parametrize(
    ("url", "message"),
    [("http://127.0.0.1:9", "no connection"), ("file:///etc", "expected an http"), ("", "no connection")],
)
def test_get_offline_is_one_clear_line(
    url: str, message: str, mirror: tuple[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "get", "small", "--from", url]) == 2
    assert message in capsys.readouterr().err
    assert not fetch.home("small").exists()


def test_get_of_a_missing_file_names_the_status(mirror: tuple[str, Path]) -> None:
    url, folder = mirror
    (folder / "a.json").unlink()
    with pytest.raises(BenchmarkError, match="HTTP 404"):
        fetch.get("small", url=url)
    with pytest.raises(BenchmarkError, match="there are small"):
        fetch.get("other")


def test_known_sums_are_those_of_the_data_beside_the_checkout(shared_data: Path) -> None:
    for name, folder in (("acebench", "acebench_en"), ("apibank", "apibank")):
        files = fetch.sources()[name].files
        assert len(files) == {"acebench": 30, "apibank": 3}[name]
        assert fetch.get(name, shared_data / folder, url="http://127.0.0.1:9")["fetched"] == 0
        assert fetch.find(name, shared_data) == shared_data / folder


def test_a_file_of_the_wrong_kind_is_no_predictions(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        read(tmp_path, ["a"])
