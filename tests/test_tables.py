"""Tables in a notebook: whole sentences, short numbers, every text escaped."""

from __future__ import annotations

import numpy as np
import pandas as pd

from genesis.tables import MOST_ROWS, table_html

EVIL = "<script>window.pwned=1</script>"
SENTENCE = "message 1: estimate_population: argument 'year' is '2018' (string); the schema wants integer"


def cells(page: str) -> list[str]:
    return [part.partition(">")[2].partition("</td>")[0] for part in page.split("<td ")[1:]]


def test_a_sentence_is_whole_and_a_number_is_short() -> None:
    table = pd.DataFrame(
        [(1, SENTENCE, 1234567.891, None, np.bool_(True))], columns=["line", "reason", "n", "p", "real"]
    )
    shown = cells(table_html(table))
    assert shown == ["1", SENTENCE.replace("'", "&#x27;"), "1,234,568", "–", "yes"]
    counts = pd.DataFrame({"calls": pd.array([1234, None], dtype="Int64")})
    assert cells(table_html(counts)) == ["1,234", "–"]
    head = table_html(table)
    assert head.count("text-align:right") == 2 * 3  # head and cell of line, n and p; words stand left


def test_hostile_text_is_text_in_names_and_cells() -> None:
    page = table_html(pd.DataFrame({EVIL: [EVIL + "\u202e"]}, index=pd.Index([EVIL], name=EVIL)))
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 4
    assert "\\u202e" in page


def test_what_is_left_out_is_said() -> None:
    assert "3 more rows" in table_html(pd.DataFrame({"n": range(MOST_ROWS + 3)}))
    assert "<i>none</i>" in table_html(pd.DataFrame(columns=["reason", "dialogues"]))


def test_names_of_rows_stay_and_mere_numbering_goes() -> None:
    named = pd.DataFrame({"value": [1]}, index=pd.Index(["LM"], name=""))
    assert cells(table_html(named)) == ["LM", "1"]
    levels = pd.concat({"memory": pd.DataFrame({"n": [4]})}, names=["experiment", "row"])
    assert cells(table_html(levels)) == ["memory", "0", "4"]
    assert cells(table_html(pd.DataFrame({"n": [4]}))) == ["4"]
