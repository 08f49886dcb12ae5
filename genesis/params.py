"""The typed parameters: one source of truth for YAML files, notebook cells, the command line and the docs.

A parameters file is YAML 1.2 in a strict subset::

    experiment: quickstart
    seed: 0
    lm: offline
    pool: {sources: [bfcl], size: 60}

What YAML readers disagree about is refused with a hint, never guessed: ``yes``/``no``/``on``/``off``, ``010``,
``1e-5``, ``1_000``, ``.nan``, duplicate keys, anchors and aliases, tags.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta

from genesis import typed
from genesis.errors import ParamsError
from genesis.scenario import labels
from genesis.strict_yaml import parse_yaml
from genesis.typed import SECRET, build

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z", description="letters, digits, _ . -")]
EnvName = Annotated[str, Meta(pattern=r"^[A-Z_][A-Z0-9_]{0,63}\Z", description=SECRET)]
Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Weight = Annotated[float, Meta(ge=0)]

STEPS = ("10_tool_pool", "20_generate", "30_check", "40_metrics", "50_downstream", "60_report")


def _param(default: Any, help_text: str) -> Any:
    """Declare a parameter with its default and its one line of help."""
    metadata = {"help": help_text}
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    if is_dataclass(default):
        return field(default_factory=type(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolParams:
    """Where the tools come from and how many there are."""

    path: str = _param("", "a ready pool (JSONL); empty: build one from sources")
    sources: list[str] = _param(["bfcl"], "sources in order, as in `genesis pool build --from`")
    size: Count = _param(60, "tools in the pool, balanced over domains")
    fill: list[str] = _param([], "sources that may fill up a pool that curation leaves too small")
    decisions: str = _param("", "file with people's decisions on doubtful tools; empty: none")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineParams:
    """How often the offline (simulated) LM errs, per kind: probabilities of one reply."""

    wrong_value: Share = _param(0.02, "the calls hold a value that the user did not give")
    wrong_type: Share = _param(0.02, "the calls hold a value of the wrong type")
    missing_param: Share = _param(0.02, "the calls lack a required parameter")
    unknown_tool: Share = _param(0.01, "the calls name a tool that is not on offer")
    wrong_tool: Share = _param(0.01, "the calls name another tool on offer")
    extra_param: Share = _param(0.01, "the calls fill a parameter that nobody spoke of")
    duplicate_call: Share = _param(0.01, "a call stands twice")
    unparsable: Share = _param(0.01, "the reply is not in the adapter's format")
    needless_ask: Share = _param(0.01, "the assistant asks for what was said")
    contradiction: Share = _param(0.01, "the answer contradicts the tool's result")
    repeat: Share = _param(0.0, "the user repeats a request whatever the guidance says")
    checker_miss: Share = _param(0.05, "the model checker passes a dialogue in which it has seen a defect")
    checker_alarm: Share = _param(0.02, "the model checker finds a defect where it has seen none")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckerParams:
    """How the model checker decides."""

    confidence: Literal["off", "stated", "consistency"] = _param(
        "stated", "off: no model check; stated: one reply says how sure it is; consistency: the share of samples"
    )
    samples: Annotated[int, Meta(ge=2, le=50)] = _param(5, "samples a dialogue, for consistency")
    threshold: Share = _param(0.75, "a dialogue passes above this confidence")
    calibration: str = _param("", "file written by `genesis review calibrate`; empty: confidence as it is given")


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetParams:
    """What a run may spend; empty: no limit."""

    calls: Annotated[int, Meta(ge=1)] | None = _param(None, "LM calls")
    tokens: Annotated[int, Meta(ge=1)] | None = _param(None, "tokens, prompt and completion together")
    usd: Annotated[float, Meta(gt=0)] | None = _param(None, "US dollars; needs a known price")


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentParams:
    """How any LM is put to function calling: zero-shot, with demonstrations, or with optimised instructions."""

    demos: str = _param("", "data set whose right answers are shown as demonstrations; empty: zero-shot")
    k: Annotated[int, Meta(ge=1, le=64)] = _param(4, "demonstrations in a prompt")
    pick: Literal["random", "nearest"] = _param("random", "demonstrations: the same for all, or nearest to the request")
    optimize: str = _param("", "data set on a split of which GEPA improves the instructions; empty: as written")
    optimize_calls: Count = _param(500, "LM calls that the optimisation may make")
    optimize_tokens: Count | None = _param(None, "tokens that the optimisation may use, prompt and completion together")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeParams:
    """The pointer probe in 50_downstream; `genesis probe` has options of its own and runs more."""

    against: str = _param("", "a second data set (file, run) to compare with; empty: none")
    updates: Annotated[int, Meta(ge=0)] = _param(60, "updates a training run; 0: no pointer probe")
    runs: Count = _param(1, "training runs, each with a seed of its own")
    items: Count = _param(200, "benchmark items it is scored on, about")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainParams:
    """How a student is fine-tuned, `genesis train`."""

    model: str = _param("Qwen/Qwen3-8B", "chat model by name or folder; tiny: a random small one, to try things out")
    data: str = _param("", "data set (file) to train on")
    recipe: Literal["sft", "rl_part", "rl_all"] = _param(
        "sft", "rl_part: SFT on single-turn and special cases, GRPO on multi-turn only; rl_all, sft: all in each stage"
    )
    method: Literal["lora", "full"] = _param("lora", "what is trained: adapters, or all weights")
    lora_rank: Count = _param(16, "rank of the adapters, on all linear layers of the blocks")
    lora_alpha: Count = _param(32, "scale of the adapters, over their rank")
    epochs: Count = _param(2, "times every row is seen")
    learning_rate: Annotated[float, Meta(gt=0)] | None = _param(
        None, "null: SFT 0.0002 (LoRA) or 0.00001 (full), GRPO 0.00001 (LoRA) or 0.000001 (full)"
    )
    warmup: Share = _param(0.03, "share of the steps in which the learning rate rises")
    batch: Count = _param(16, "rows (SFT) or completions (GRPO) a step")
    micro_batch: Count = _param(1, "of these at once on the device")
    max_length: Count = _param(4096, "most tokens of a row or prompt; longer ones are left out and counted")
    reasoning: bool = _param(True, "train on the reasoning traces where the data has them")
    generations: Annotated[int, Meta(ge=2)] = _param(8, "GRPO: completions a prompt")
    max_completion: Count = _param(512, "GRPO and scoring: most tokens of a completion")
    sampling: Annotated[float, Meta(gt=0, le=2)] = _param(1.0, "GRPO: temperature of the completions")
    kl: Weight = _param(0.0, "GRPO: weight of the divergence from the model it started from")
    format_weight: Weight = _param(1.0, "GRPO: weight of the reward for format compliance")
    correctness_weight: Weight = _param(1.0, "GRPO: weight of the reward for function correctness")
    save_steps: Count = _param(100, "steps between checkpoints")


DEFAULT_MIX: dict[str, float] = {
    "single/single/simple": 4,
    "single/single/multiple": 5,
    "single/single/parallel": 2,
    "single/multi/parallel": 2,
    "single/multi/parallel_multiple": 3,
    "multi/single/simple": 2,
    "multi/single/multiple": 3,
    "multi/multi/multiple": 2,
    "multi/multi/parallel_multiple": 2,
    "irrelevance": 3,
    "miss_param": 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Everything a run can be told."""

    experiment: Name = _param("quickstart", "name of the experiment: the folder of its runs")
    seed: Annotated[int, Meta(ge=0, le=2**62)] = _param(0, "all randomness comes from it")
    notebooks: list[Name] = _param(list(STEPS), "notebooks to execute, in order, without .ipynb")
    data: str = _param("", "a data set (file) to audit instead of a generated one")

    pool: PoolParams = _param(PoolParams(), "the tool pool")

    lm: str | dict[str, str] = _param("offline", "LM by name (offline, replay:RUN, provider/model), or one per agent")
    api_base: str | dict[str, str] = _param("", "URL of an OpenAI-compatible endpoint, or one per agent")
    api_key_env: EnvName = _param("OPENAI_API_KEY", "name of the environment variable that holds the key")
    adapter: Literal["chat", "json"] = _param("chat", "DSPy adapter: how fields are written into prompts and replies")
    temperature: Annotated[float, Meta(ge=0, le=2)] = _param(0.8, "sampling temperature of the generating agents")
    max_tokens: Count = _param(2048, "most tokens of one reply")
    concurrency: Count = _param(64, "LM calls in flight")
    timeout: Annotated[float, Meta(gt=0)] = _param(120.0, "seconds one call may take in total")
    retries: Annotated[int, Meta(ge=0, le=20)] = _param(4, "times a failed call is sent again")
    budget: BudgetParams = _param(BudgetParams(), "what may be spent")
    prices: dict[str, list[float]] = _param({}, "model -> US dollars per million prompt and completion tokens")
    context: dict[str, Count] = _param({}, "model -> tokens of its window; longer prompts are trimmed, tools first")
    rpm: dict[str, Count] = _param({}, "model -> requests a minute at most")
    tpm: dict[str, Count] = _param({}, "model -> tokens a minute at most, prompt and completion together")
    offline: OfflineParams = _param(OfflineParams(), "the offline (simulated) LM's error rates")

    dialogues_per_tool: Count = _param(1, "rounds: round k makes the k-th dialogue of every tool")
    mix: dict[str, Weight] = _param(dict(DEFAULT_MIX), "scenario label -> weight; met exactly (largest remainder)")
    counts: dict[str, int] = _param({}, "scenario label -> number of dialogues; instead of the weights")
    n: Annotated[int, Meta(ge=1, le=16)] = _param(4, "candidates a turn (N in the paper)")
    judge: Literal["llm", "random"] = _param("llm", "who picks among the candidates that pass the cheap rules")
    memory: bool = _param(True, "steer towards semantic types not yet covered, reject near-repeats")
    reasoning: bool = _param(False, "keep a reasoning trace in the assistant's messages")
    hard_distractors: Annotated[int, Meta(ge=0, le=20)] = _param(3, "closely related tools on offer, not to be called")
    easy_distractors: Annotated[int, Meta(ge=0, le=20)] = _param(2, "less related tools on offer, not to be called")
    prompts: dict[str, str] = _param({}, "agent -> prompt version under params/prompts; none: the built-in one")

    evaluation: bool = _param(True, "stage 3 decides what is accepted; false: all that generation finishes is exported")
    agent: Literal["sample", "memory", "user", "assistant", "function", "tool", "judge", "checker"] = _param(
        "user", "the agent whose prompt is tried out (01_prompts)"
    )

    rules_off: list[str] = _param([], "ids of rules not to apply")
    checker: CheckerParams = _param(CheckerParams(), "the model checker")
    rater: str = _param("", "who reviews: the name that stands beside every decision")
    queue: Literal["doubt", "audit", "disagreements"] = _param("doubt", "what is reviewed: doubtful first, or a sample")
    audit_size: Count = _param(60, "dialogues of the audit sample, drawn by strata")
    student: StudentParams = _param(StudentParams(), "the program: any LM as a student, `genesis predict`")
    train: TrainParams = _param(TrainParams(), "the fine-tuned student, `genesis train`")
    downstream_items: Count = _param(1000, "benchmark items the light probe is scored on, at most")
    probe: ProbeParams = _param(ProbeParams(), "the pointer probe (extra `probe`: torch)")


def load(path: str | Path, overrides: Iterable[str] = ()) -> Params:
    """Read a parameters file and apply ``name=value`` overrides (dotted names reach inside groups).

    Raises ParamsError naming file, key, value, what was expected and the nearest known key.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    data = parse_yaml(text, str(path))
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise ParamsError(f"{path}: expected 'name: value' lines, got {type(data).__name__}")
    for override in overrides:
        apply_override(data, override)
    return from_dict(data, str(path))


def apply_override(data: dict[str, Any], override: str) -> None:
    """Apply one ``name=value`` to the plain data of a parameters file, in place. Raises ParamsError."""
    name, separator, value = override.partition("=")
    if not separator or not name.strip():
        raise ParamsError(f"-p {override}: expected name=value")
    put(data, name.strip(), parse_yaml(value, f"-p {name}"), f"-p {name}")


def put(data: dict[str, Any], name: str, value: Any, where: str) -> None:
    """Set one parameter by its dotted name in the plain data of a parameters file, in place. Raises ParamsError."""
    *groups, last = _split_key(name)
    target = data
    for group in groups:
        target = target.setdefault(group, {})
        if not isinstance(target, dict):
            raise ParamsError(f"{where}: '{group}' is a single value, not a group")
    target[last] = value


def _split_key(name: str) -> list[str]:
    """Split a dotted name; scenario labels hold no dots, model names in dicts are kept whole after the group."""
    group, dot, rest = name.partition(".")
    if not dot:
        return [name]
    return [group, rest]


def from_dict(data: Mapping[str, Any], where: str = "params") -> Params:
    """Build Params from plain data, as strictly as from a file. Raises ParamsError."""
    params: Params = build(Params, data, where)
    for label in [*params.mix, *params.counts]:
        _check_label(label, where)
    for label, count in params.counts.items():
        if count < 0:
            raise ParamsError(f"{where}: counts.{label} is {count}; expected 0 or more")
    for key, price in params.prices.items():
        if len(price) != 2 or min(price) < 0:
            raise ParamsError(f"{where}: prices.{key} is {price}; expected [prompt, completion] per million tokens")
    return params


def to_dict(params: Params) -> dict[str, Any]:
    """Return the plain data of ``params``: every key, defaults included."""
    data: dict[str, Any] = msgspec.to_builtins(params)
    return data


def dump_yaml(params: Params) -> str:
    """Return the YAML text of ``params`` that :func:`load` reads back equal."""
    import yaml

    return yaml.safe_dump(to_dict(params), sort_keys=False, allow_unicode=True)


def dump_changed(params: Params) -> str:
    """Return the YAML text of what differs from the defaults, experiment and seed always: the shortest file that is
    this run.
    """
    import yaml

    changed = _changed(to_dict(params), to_dict(Params()))
    shortest = {"experiment": params.experiment, "seed": params.seed, **changed}
    return yaml.safe_dump(shortest, sort_keys=False, allow_unicode=True)


def _changed(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the entries that differ; of groups, what differs inside them."""
    groups = {name for name, hint in get_type_hints(Params).items() if is_dataclass(hint)}
    found = {}
    for name, value in values.items():
        if name in groups:
            value = {key: inner for key, inner in value.items() if inner != defaults[name][key]}
        if value != ({} if name in groups else defaults[name]):
            found[name] = value
    return found


NO_EFFECT = (
    *("concurrency", "timeout", "retries", "budget", "prices", "rpm", "tpm", "api_key_env", "notebooks"),
    *("rater", "queue", "audit_size", "agent"),
)
"""Parameters that change how a result is made or reviewed, not the result."""


def params_hash(params: Params) -> str:
    """Return 12 hex digits of all that can change the result; how fast it is made (concurrency) does not count."""
    import hashlib

    data = to_dict(params)
    for name in NO_EFFECT:
        del data[name]
    return hashlib.sha256(msgspec.json.encode(data, order="sorted")).hexdigest()[:12]


def describe() -> list[tuple[str, str, Any, str]]:
    """Return (name, type, default, help) of every parameter, groups dotted: for docs, ``--help`` and the notebooks."""
    return typed.describe(Params)


def _check_label(label: str, where: str) -> None:
    if label not in labels():
        close = difflib.get_close_matches(label, labels(), n=1, cutoff=0.3)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise ParamsError(f"{where}: unknown scenario '{label}' in the mix{hint} (known: {', '.join(labels())})")
