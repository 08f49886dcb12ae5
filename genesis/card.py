"""The dataset card: what a stranger must know before training on a data set, in Hugging Face's form.

    card.write(run, "export")            # export/README.md

Everything in it comes from the run's folder or from the caller; what nobody measured is written as *not measured*,
never as a number. A data set made with the offline (simulated) LM says so first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genesis.dialogue import Dialogue, dialogue_from_row
from genesis.errors import RecordError
from genesis.record import Run

NOT_MEASURED = "*not measured*"
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LICENCES = {
    "bfcl": "BFCL tool definitions: Apache-2.0 (Berkeley Function-Calling Leaderboard)",
    "acebench": "ACEBench tool definitions: MIT",
    "apibank": "API-Bank tool definitions: MIT, as prepared Apache-2.0",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the caller knows and the run's folder does not; None means that nobody measured it."""

    recall: Mapping[str, float] | None = None
    """Kind of planted defect -> share that the rules found (a run's ``parts/mutations.json``)."""
    residual_error: Mapping[str, Any] | None = None
    """``{"value", "low", "high", "n", "how"}``: share of accepted dialogues that people found wrong."""
    contamination: Mapping[str, Any] | None = None
    """Benchmark -> what :func:`genesis.metrics.contamination.contamination` returned."""
    overlap: Mapping[str, Any] | None = None
    """Benchmark -> what :func:`genesis.tools.compare.overlap` returned."""
    splits: Mapping[str, int] = field(default_factory=dict)
    """Split -> rows, where the data is split."""
    formats: Sequence[str] = ()
    """Names of the formats the data lies in."""


def write(run: Run, folder: str | Path, facts: Facts | None = None, *, name: str = "", licence: str = "other") -> Path:
    """Write the card as ``README.md`` into ``folder`` and return its path. Raises RecordError."""
    path = Path(folder) / "README.md"
    text = card(run, facts, name=name, licence=licence)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def card(run: Run, facts: Facts | None = None, *, name: str = "", licence: str = "other") -> str:
    """Return the card of a run's accepted dialogues. Raises RecordError where the run lacks what the card needs."""
    known = facts or Facts()
    meta = run.read_json("run.json")
    params = run.params
    dialogues = [dialogue_from_row(row) for row in run.rows("dialogues")]
    if not dialogues:
        raise RecordError(f"{run.path}: no accepted dialogue to write a card about")
    title = name or f"{params.experiment}-{run.id}"
    parts = [
        _front_matter(title, licence, len(dialogues), bool(meta.get("simulated")), known),
        f"# {title}\n",
        _summary(meta, dialogues),
        _pool(run, params.pool.sources, known),
        _contents(dialogues, known),
        _checks(run, meta, known),
        _residual(known),
        _contamination(known),
        _licences(params.pool.sources),
        _reproduce(run, meta),
    ]
    return "\n".join(part for part in parts if part).rstrip() + "\n"


def measure(run: Run) -> Facts:
    """Gather what the run alone can tell: recall on planted defects, error left, overlap with BFCL.

    Raises MissingExtraError where bfcl-eval's data is not installed.
    """
    from genesis.metrics.columns import from_dialogues
    from genesis.metrics.contamination import contamination
    from genesis.review import residual
    from genesis.tools.compare import benchmark_functions, overlap
    from genesis.tools.pool import load_pool

    dialogues = [dialogue_from_row(row) for row in run.rows("dialogues")]
    file = run.path / "pool.jsonl"
    shared = {"bfcl": overlap(load_pool(file), benchmark_functions("bfcl", ""))} if file.is_file() else None
    planted = run.read_json("parts/mutations.json") if (run.path / "parts/mutations.json").is_file() else {}
    recall = {kind: float(entry["value"]) for kind, entry in planted.items() if entry["value"] is not None}
    left = residual(run)
    return Facts(
        recall=recall or None,
        residual_error=None if left["value"] is None else {**left, "how": left["method"]},
        contamination={"bfcl": contamination(from_dialogues(dialogues), "bfcl")},
        overlap=shared,
    )


def push_to_hub(folder: str | Path, repository: str, *, private: bool = True) -> str:
    """Upload a folder (data and card) to the Hugging Face Hub as a data set and return its address.

    Called only on an explicit order; the token comes from the environment or ``hf auth login``. Raises RecordError.
    """
    from huggingface_hub import HfApi

    if not (Path(folder) / "README.md").is_file():
        raise RecordError(f"{folder}: no README.md; write the card first")
    api = HfApi()
    try:
        api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        api.upload_folder(repo_id=repository, repo_type="dataset", folder_path=str(folder))
    except Exception as error:  # the client raises its own errors, its HTTP library's, and built-in ones
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise RecordError(f"{repository}: not uploaded: {reason}") from error
    return f"https://huggingface.co/datasets/{repository}"


def _front_matter(title: str, licence: str, n: int, simulated: bool, known: Facts) -> str:
    import yaml

    tags = ["function-calling", "tool-use", "synthetic", *(["simulated"] if simulated else [])]
    data: dict[str, Any] = {
        "pretty_name": title,
        "license": licence,
        "language": ["en"],
        "task_categories": ["text-generation"],
        "size_categories": [next((word for limit, word in SIZES if n < limit), "n>1M")],
        "tags": tags,
    }
    if known.splits:
        files = [{"split": split, "path": f"{split}*"} for split in known.splits]
        data["configs"] = [{"config_name": "default", "data_files": files}]
    return "---\n" + yaml.safe_dump(data, sort_keys=False, allow_unicode=True) + "---\n"


def _summary(meta: Mapping[str, Any], dialogues: Sequence[Dialogue]) -> str:
    lines = []
    if meta.get("simulated"):
        lines.append(
            "> **Made with the offline (simulated) LM.** No language model wrote these dialogues: they prove that the "
            "instrument works, and are no training data and no result.\n"
        )
    lm = meta.get("lm")
    names = sorted(set(lm.values())) if isinstance(lm, Mapping) else [str(lm)]
    words = ", ".join("offline (simulated) LM" if one == "offline" else one for one in names)
    turns = sum(message.role == "user" for dialogue in dialogues for message in dialogue.messages)
    calls = sum(len(message.tool_calls) for dialogue in dialogues for message in dialogue.messages)
    lines.append(
        f"{len(dialogues):,} function-calling dialogues ({turns:,} user turns, {calls:,} tool calls), generated by the "
        f"GenesisFunc workbench with {words}, after the method of Xu et al., *GenesisFunc* (ACL 2026).\n"
    )
    counts = meta.get("counts", {})
    if counts:
        lines.append(
            "Planned {planned:,}, accepted {accepted:,}, rejected {rejected:,}, errored {errored:,}.\n".format(**counts)
        )
    return "\n".join(lines)


def _pool(run: Run, sources: Sequence[str], known: Facts) -> str:
    from genesis.tools.pool import load_pool

    lines = ["## Tools\n"]
    file = run.path / "pool.jsonl"
    if file.is_file():
        pool = load_pool(file)
        domains = Counter(tool.domain for tool in pool.tools)
        top = ", ".join(
            f"{domain} {count}" for domain, count in sorted(domains.items(), key=lambda one: (-one[1], one[0]))
        )
        lines.append(f"{len(pool.tools):,} tools from {', '.join(sources)} (pool {pool.hash}). Domains: {top}.\n")
    lines.append(
        "Overlap of the pool with benchmarks (where it holds their tools, scores on them are in-domain by schema):\n"
    )
    if not known.overlap:
        return "\n".join([*lines, f"{NOT_MEASURED}\n"])
    lines += ["| benchmark | names in the pool | definitions in the pool | alike |", "| --- | --- | --- | --- |"]
    for benchmark, found in known.overlap.items():
        whole = found["all"]
        lines.append(
            f"| {benchmark} | {whole['names_in_pool']:,} of {whole['names']:,} | {whole['definitions_in_pool']:,} of "
            f"{whole['definitions']:,} | {whole['alike_in_pool']:,} |"
        )
    return "\n".join(lines) + "\n"


def _contents(dialogues: Sequence[Dialogue], known: Facts) -> str:
    mix = Counter(dialogue.scenario.label if dialogue.scenario else "unknown" for dialogue in dialogues)
    lines = ["## Contents\n"]
    if known.splits:
        lines.append("Splits: " + ", ".join(f"{split} {rows:,}" for split, rows in known.splits.items()) + ".\n")
    if known.formats:
        lines.append("Formats: " + ", ".join(known.formats) + ".\n")
    lines += ["| scenario | dialogues | share |", "| --- | ---: | ---: |"]
    for label, count in sorted(mix.items(), key=lambda one: (-one[1], one[0])):
        lines.append(f"| {label} | {count:,} | {count / len(dialogues):.1%} |")
    return "\n".join(lines) + "\n"


def _checks(run: Run, meta: Mapping[str, Any], known: Facts) -> str:
    lines = ["## Checks\n"]
    if (run.path / "parts" / "checks.json").is_file():
        found = run.read_json("parts/checks.json")
        flagged = found.get("flagged", {})
        off = run.params.rules_off
        flags = ", ".join(f"{_plain(rule)} {count}" for rule, count in sorted(flagged.items())) or "none"
        lines.append(
            "Every dialogue passed the rules (definitions, calls, roles, grounding, agreement with results"
            + (f"; turned off: {', '.join(map(_plain, off))}" if off else "")
            + f"). Flags left for the model checker or people: {flags}.\n"
        )
    lines.append("Share of planted defects that the checks find (recall):\n")
    if not known.recall:
        return "\n".join([*lines, f"{NOT_MEASURED}\n"])
    lines += ["| defect | recall |", "| --- | ---: |"]
    lines += [f"| {_plain(check)} | {value:.1%} |" for check, value in sorted(known.recall.items())]
    return "\n".join(lines) + "\n"


def _residual(known: Facts) -> str:
    error = known.residual_error
    if not error:
        return f"## Residual error\n\n{NOT_MEASURED}: no person has judged a sample of these dialogues.\n"
    return (
        f"## Residual error\n\n{error['value']:.1%} [{error['low']:.1%}, {error['high']:.1%}] of {error['n']:,} "
        f"dialogues ({_plain(str(error['how']))}).\n"
    )


def _contamination(known: Facts) -> str:
    lines = ["## Contamination\n", "Share of dialogues that hold a benchmark's request:\n"]
    if not known.contamination:
        return "\n".join([*lines, f"{NOT_MEASURED}\n"])
    lines += ["| benchmark | exact | near | eight words in a row |", "| --- | ---: | ---: | ---: |"]
    for benchmark, found in known.contamination.items():
        requests = found["requests"]
        cells = " | ".join(_share(requests.get(kind)) for kind in ("exact", "near", "overlap"))
        lines.append(f"| {benchmark} | {cells} |")
    return "\n".join(lines) + "\n"


def _licences(sources: Sequence[str]) -> str:
    lines = ["## Licences of the sources\n"]
    for source in sources:
        name = source.partition(":")[0]
        lines.append(f"- {_plain(source)}: {LICENCES.get(name, 'see its owner; the workbench does not know it')}")
    return "\n".join(lines) + "\n"


def _reproduce(run: Run, meta: Mapping[str, Any]) -> str:
    git = meta.get("git") or {}
    commit = git.get("commit", "unknown") + (" with local changes" if git.get("changed") else "")
    versions = ", ".join(f"{name} {version}" for name, version in sorted(meta.get("versions", {}).items()) if version)
    return (
        "## Reproduce\n\n```\ngenesis run params.yaml\n```\n\n"
        f"Seed {meta.get('seed')}, parameters {meta.get('params_hash')}, code {meta.get('code_hash')}, "
        f"commit {commit}. Versions: {versions}. The run's `params.yaml`:\n\n```yaml\n{_yaml(run)}```\n"
    )


def _yaml(run: Run) -> str:
    from genesis import params as parameters

    text = parameters.dump_yaml(run.params)
    return text.replace(str(Path.home()), "~")


def _share(estimate: Any) -> str:
    return (
        f"{estimate['value']:.2%}"
        if isinstance(estimate, Mapping) and estimate.get("value") is not None
        else NOT_MEASURED
    )


def _plain(text: str) -> str:
    """Keep a table's cell a cell, and text without markup of its own."""
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
