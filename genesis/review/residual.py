"""How much error is left in what was accepted: from people's audit, weighted by strata; or not measured.

    residual(run)  ->  {"method": "audit", "value": 0.021, "low": 0.004, "high": 0.063, "strata": [...], ...}

Three answers and no fourth: people read a random sample (``audit``); nobody did and the LM is the offline one, whose
planted defects are known (``planted truth``); nobody did and the LM is real (``not measured``: the value is None).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from genesis.checks.intervals import clopper_pearson
from genesis.record import Run
from genesis.review import settle, truth
from genesis.review.decisions import current, digest, minutes, read
from genesis.review.queue import AUDIT, by_stratum, passed

Part = tuple[int, int, float]
"""(dialogues of a stratum, of them read, of those wrong)."""


def interval(parts: Sequence[Part], *, confidence: float = 0.95) -> tuple[float | None, float, float]:
    """Return a stratified share of errors with its interval; None where nothing was read.

    value = sum_h N_h/N * x_h/n_h. What was read whole is known and has no error; over the rest the interval is
    Clopper and Pearson's with Korn and Graubard's (1998) effective sample size, n_eff = p (1 - p) / var(p), at most the
    number read, var by strata with the finite population's correction; without errors n_eff is Kish's,
    (sum w)^2 / sum(w^2). A stratum that nobody has read counts as the worst of what is possible: 0 below, all above.
    """
    whole = sum(size for size, _, _ in parts)
    known = sum(wrong for size, n, wrong in parts if n and n >= size)
    blind = sum(size for size, n, _ in parts if size and not n)
    drawn = [(size, n, wrong) for size, n, wrong in parts if 0 < n < size]
    read_size = sum(size for size, _, _ in drawn)
    if not whole or (not drawn and blind == whole):
        return None, 0.0, 1.0
    if not drawn:
        return known / (whole - blind), known / whole, (known + blind) / whole
    share = sum(size * wrong / n for size, n, wrong in drawn) / read_size
    low, high = clopper_pearson(share * (effective := _effective(drawn, share)), effective, confidence)
    value = (known + share * read_size) / (whole - blind)
    return value, (known + low * read_size) / whole, min(1.0, (known + high * read_size + blind) / whole)


def _effective(drawn: Sequence[Part], share: float) -> float:
    """Return how many simple random readings the stratified ones are worth."""
    total = sum(size for size, _, _ in drawn)
    count = sum(n for _, n, _ in drawn)
    kish = total**2 / sum(size**2 / n for size, n, _ in drawn)
    variance = 0.0
    for size, n, wrong in drawn:
        rate = wrong / n
        variance += (size / total) ** 2 * rate * (1 - rate) / max(n - 1, 1) * (1 - n / size)
    if variance <= 0 or not 0 < share < 1:
        return min(kish, count)
    return max(1.0, min(share * (1 - share) / variance, kish, count))


def audited(run: Run) -> list[dict[str, Any]]:
    """Return one row a stratum of what passed rules and model: dialogues, drawn, read, wrong, undecided by raters.

    Only decisions on dialogues of the drawn sample count (or on a stratum that was read whole): whoever reads the
    doubtful first finds more errors than there are. What raters disagree on counts as wrong until it is settled.
    """
    strata = by_stratum(passed(run))
    everyone = {dialogue.id: dialogue for members in strata.values() for dialogue in members}
    people, _ = settle.settled_by_people(run, everyone)
    sample = {(row["id"], row["version"]) for row in run.rows(AUDIT)}
    rows = []
    for name, members in strata.items():
        said = {dialogue.id: people[dialogue.id].outcome for dialogue in members if dialogue.id in people}
        drawn = [dialogue for dialogue in members if (dialogue.id, digest(dialogue)) in sample]
        counted = members if len(said) == len(members) else drawn
        outcomes = Counter(said[dialogue.id] for dialogue in counted if dialogue.id in said)
        rows.append(
            {
                "stratum": name,
                "dialogues": len(members),
                "drawn": len(drawn),
                "read": outcomes.total(),
                "wrong": outcomes.total() - outcomes["accept"],
                "disagreed": outcomes["disagree"],
                "removed": sum(outcome in ("reject", "fix") for outcome in said.values()),
            }
        )
    return rows


def residual(run: Run) -> dict[str, Any]:
    """Return the error left in what a run accepts, with a 95 % interval, how it was measured, and human minutes.

    ``screening``: the error of what rules and model let pass. ``value``: what is left after people's corrections of
    what they read; strata nobody has read widen the interval to what is possible. ``wrong`` means: not accepted as it
    stood by those who read it.
    """
    decisions = read(run)
    strata = audited(run)
    found: dict[str, Any] = {
        "method": "not measured",
        "value": None,
        "low": None,
        "high": None,
        "n": sum(row["read"] for row in strata),
        "read": sum(row["read"] for row in strata),
        "dialogues": sum(row["dialogues"] for row in strata),
        "minutes": minutes(decisions),
        "raters": sorted({decision.rater for decision in decisions}),
        "decided": len(current(decisions)),
        "strata": strata,
        "lm": run.made_by,
    }
    if found["n"]:
        return {**found, "method": "audit", **_audit(strata)}
    known = [truth.is_right(dialogue) for dialogue in passed(run)]
    if known and None not in known:
        wrong = known.count(False)
        low, high = clopper_pearson(wrong, len(known))
        numbers = {"value": wrong / len(known), "low": low, "high": high, "n": len(known)}
        return {**found, "method": "planted truth", **numbers, "wrong": wrong}
    return found


def _audit(strata: Sequence[dict[str, Any]]) -> dict[str, Any]:
    screening = interval([(row["dialogues"], row["read"], row["wrong"]) for row in strata])
    left = []
    for row in strata:
        # what people read and put right is right now; the rest errs as what was read did
        unread = row["dialogues"] - row["read"]
        left.append((unread, row["read"], row["wrong"]))
    size = sum(unread for unread, _, _ in left) + sum(row["read"] for row in strata if row["read"])
    value, low, high = _left(left, size)
    return {
        "value": value,
        "low": low,
        "high": high,
        "screening": {"value": screening[0], "low": screening[1], "high": screening[2]},
        "wrong": sum(row["wrong"] for row in strata),
    }


def _left(parts: Sequence[Part], size: int) -> tuple[float | None, float, float]:
    """Return the error among what nobody read, over all that is accepted."""
    unread = sum(count for count, _, _ in parts)
    if not unread:
        return 0.0, 0.0, 0.0
    value, low, high = _unread(parts)
    scale = unread / size
    return (None if value is None else value * scale), low * scale, high * scale


def _unread(parts: Sequence[Part]) -> tuple[float | None, float, float]:
    """Return the error rate of the unread dialogues: that of those read beside them, with the sample's own error."""
    drawn = [(count, n, wrong) for count, n, wrong in parts if count and n]
    blind = sum(count for count, n, _ in parts if count and not n)
    total = sum(count for count, _, _ in parts)
    if not drawn:
        return None, 0.0, 1.0
    size = sum(count for count, _, _ in drawn)
    share = sum(count * wrong / n for count, n, wrong in drawn) / size
    effective = _effective([(count + n, n, wrong) for count, n, wrong in drawn], share)
    low, high = clopper_pearson(share * effective, effective)
    return share, low * size / total, (high * size + blind) / total
