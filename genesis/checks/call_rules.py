"""Rules 5 to 16: what is wrong with the calls, by themselves, against the tools, and against the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from genesis.checks.schema import shown
from genesis.checks.view import Flag, Spot, View, canonical, error_of
from genesis.scenario import Scenario, Task

MAX_CALLS = 50


def call_parses(view: View) -> Iterator[str]:
    """A call has a name and JSON arguments (APIGen, ToolForge, APIGen-MT, ShoppingBench).

    Calls that do not parse at all are refused when the row is read, under this rule's id.
    """
    return _faults(view, 5)


def offered_name(view: View) -> Iterator[str]:
    """The called tool is on offer (ToolACE, APIGen-MT, xLAM, BFCL, ToolForge)."""
    for spot in view.calls:
        if spot.call.name not in view.schemas:
            yield f"{spot.where}: not on offer; on offer are {sorted(view.schemas)[:10]}"


def _faults(view: View, rule: int) -> Iterator[str]:
    for fault in view.faults:
        if fault.rule == rule:
            yield fault.reason


def required_parameters(view: View) -> Iterator[str]:
    """All required parameters are there, nested ones too (ToolACE, APIGen, BFCL, ToolForge, GenesisFunc)."""
    return _faults(view, 7)


def undefined_parameters(view: View) -> Iterator[str]:
    """No parameter that the schema does not define (BFCL, APIGen-MT, ToolForge)."""
    return _faults(view, 8)


def types(view: View) -> Iterator[str]:
    """Types are right, nested too; a boolean is no integer, and ``"3"`` is none (APIGen, APIGen-MT, xLAM, BFCL)."""
    return _faults(view, 9)


def formats(view: View) -> Iterator[str]:
    """Formats, patterns, enums and ranges hold (ToolACE)."""
    return _faults(view, 10)


def number_of_calls(view: View) -> Iterator[str]:
    """The number of calls, turn by turn and message by message, fits the scenario (BFCL; APIGen by a model)."""
    if len(view.calls) > MAX_CALLS:
        yield f"{len(view.calls)} calls in one dialogue; at most {MAX_CALLS}"
    scenario = view.scenario
    if scenario is None:
        return
    if scenario.special == "irrelevance":
        if view.calls:
            yield f"{view.calls[0].where}: a call where no offered tool fits; the scenario is irrelevance"
        return
    yield from _calls_by_turn(view, scenario)
    if scenario.special == "none" and scenario.kind in ("simple", "parallel") and len(view.tools) > 1:
        yield f"{len(view.tools)} tools on offer; kind {scenario.kind} has one"
    if scenario.special == "none" and scenario.kind in ("multiple", "parallel_multiple") and len(view.tools) == 1:
        yield f"one tool on offer; kind {scenario.kind} has several"


def _calls_by_turn(view: View, scenario: Scenario) -> Iterator[str]:
    if not scenario.slots:
        if not view.partial and not view.calls and scenario.special in ("none", "miss_param"):
            yield f"no call; the scenario is {scenario.label}"
        return
    for turn in range(len(view.users)):
        made = [spot for spot in view.calls if spot.turn == turn]
        wanted = expected(scenario, turn)
        retried = scenario.special == "tool_error"
        wrong = bool(wanted) != bool(made) if retried else len(made) != len(wanted)
        if wrong:
            names = [spot.call.name for spot in made]
            yield f"user turn {turn}: {len(made)} calls {names}; the plan has {len(wanted)} here"
        together = not scenario.chained and scenario.special == "none"
        if together and made and len(made) == len(wanted) and len({spot.at for spot in made}) > 1:
            yield f"user turn {turn}: the calls stand in several messages; they do not depend on each other"


def expected(scenario: Scenario, turn: int) -> list[Task]:
    """Return the tasks whose calls the plan puts after this user turn (from 0)."""
    if scenario.special == "irrelevance" or (scenario.special == "bad_param" and turn == 0):
        return []
    return [task for task in scenario.slots if task.turn == turn]


def parallel_unordered(view: View) -> Iterator[str]:
    """The calls of each message are the goal's, compared without order (BFCL). Needs a scenario with a goal."""
    if view.scenario is None or not view.scenario.goal or view.partial:
        return
    wanted = Counter(canonical(call) for call in view.scenario.goal)
    made = Counter(view.canonical)
    for text in sorted((wanted - made).elements()):
        yield f"an expected call was not made: {text.decode()[:200]}"
    if view.scenario.special != "tool_error":
        for text in sorted((made - wanted).elements()):
            yield f"a call that the plan does not expect: {text.decode()[:200]}"


def required_tools(view: View) -> Iterator[str]:
    """The planned tools are used, after the turn the plan says, in the order it says (Toucan, ToolForge)."""
    scenario = view.scenario
    if scenario is None or scenario.special == "irrelevance":
        return
    if not scenario.slots:
        if not view.partial and scenario.special in ("none", "miss_param"):
            for name in scenario.targets:
                if all(spot.call.name != name for spot in view.calls):
                    yield f"the target tool {name} is not called"
        return
    for turn in range(len(view.users)):
        wanted = [task.tool for task in expected(scenario, turn)]
        made = [spot.call.name for spot in view.calls if spot.turn == turn]
        if scenario.special == "tool_error":
            wanted, made = sorted(set(wanted)), sorted(set(made))
        if sorted(wanted) != sorted(made) and (wanted or made):
            yield f"user turn {turn}: calls {sorted(made)}; the plan wants {sorted(wanted)}"
        elif scenario.chained and wanted != made:
            yield f"user turn {turn}: calls in the order {made}; each needs the one before, in the order {wanted}"


def failed_execution(view: View) -> Iterator[str]:
    """No execution failed (APIGen, by running it): a result that reports an error is flagged where no plan is known."""
    if view.scenario is not None:
        return
    for at, message in enumerate(view.messages):
        if message.role == "tool" and (error := error_of(message.content)) is not None:
            yield Flag(f"message {at}: the tool reports {shown(error)}; is it meant to fail?")


def final_state(view: View) -> Iterator[str]:
    """The final state is the goal's (APIGen-MT, AgentScaler, by a model): every slot of the plan is in its call."""
    if view.scenario is None or view.partial or view.scenario.special not in ("none", "miss_param"):
        return
    left = list(view.calls)
    for task in view.scenario.slots:
        wanted = set(task.reveal) | set(task.needs)
        spot = _best(left, task, wanted)
        if spot is None:
            continue
        left.remove(spot)
        if lacking := sorted(wanted - spot.call.arguments.keys()):
            yield Flag(f"{spot.where}: the plan reveals {lacking}, which the call leaves out")


def _best(spots: Sequence[Spot], task: Task, wanted: set[str]) -> Spot | None:
    same = [spot for spot in spots if spot.call.name == task.tool and spot.turn == task.turn]
    return max(same, key=lambda spot: len(wanted & spot.call.arguments.keys()), default=None)


def duplicate_call(view: View) -> Iterator[str]:
    """No call is made twice with the same arguments, unless the first failed or the user asked again."""
    if len(view.calls) < 2 or len(set(view.canonical)) == len(view.calls):
        return
    first: dict[bytes, Spot] = {}
    for spot, text in zip(view.calls, view.canonical, strict=True):
        earlier = first.get(text)
        first[text] = spot
        if earlier is None:
            continue
        result = view.result_of(earlier)
        if earlier.at != spot.at and result is not None and error_of(result.content) is not None:
            continue
        reason = f"{spot.where}: the same call with the same arguments stands in message {earlier.at} already"
        yield Flag(reason + "; does the user ask again?") if earlier.turn != spot.turn else reason
