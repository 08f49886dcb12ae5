"""``genesis prompts``: try an agent's instructions on fixed scenarios, compare, keep; what 01_prompts does, by hand."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

_EXAMPLES = """examples:
  genesis prompts list user
  genesis prompts show user                              # the built-in instructions; also: show user VERSION
  genesis prompts show user > mine.txt                   # edit mine.txt, then
  genesis prompts diff user mine.txt
  genesis prompts try user mine.txt -p pool.size=20      # old and new on the same scenarios, with intervals
  genesis prompts keep user mine.txt --name user-brief --author ann
  genesis prompts optimize user --evaluations 100 -p lm=openai/NAME -p budget.calls=2000 --out better.txt
  genesis run params/quickstart.yaml -p 'prompts.user=user-brief'
"""


def add(commands: Any) -> None:
    """Declare the commands."""
    parser = commands.add_parser(
        "prompts",
        help="try an agent's instructions on fixed scenarios, compare, keep as a version",
        description=__doc__.partition(":")[2].strip() if __doc__ else None,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    inner = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _action(inner, "list", "the kept versions, with what their trials said", list_versions)
    listing.add_argument("agent", nargs="?", default="", help="one agent's only")
    show = _action(inner, "show", "print a version's instructions", show_version)
    _texts(show, text="version (default: built-in) or file", optional=True)
    diff = _action(inner, "diff", "what changed between two texts; exit code 1 if anything did", diff_texts)
    _texts(diff)
    trying = _action(inner, "try", "make the scenarios with both, side by side and in total", try_texts)
    _texts(trying)
    _bench(trying)
    keeping = _action(inner, "keep", "try it and write it as a version under params/prompts", keep_text)
    _texts(keeping)
    _bench(keeping)
    keeping.add_argument("--name", required=True, help="name of the version: letters, digits, _ . -")
    keeping.add_argument("--author", required=True, help="who has written it")
    keeping.add_argument("--date", help="when, as YYYY-MM-DD (default: today)")
    better = _action(inner, "optimize", "let GEPA improve the instructions within a budget", optimize)
    better.add_argument("agent", help="whose instructions")
    better.add_argument("--old", default="built-in", help="where to start: a version or a file (default: built-in)")
    better.add_argument("--evaluations", type=int, default=100, help="dialogues to make at most (default: 100)")
    better.add_argument("--out", help="file for the best instructions found (default: print them)")
    _bench(better)


def _action(inner: Any, name: str, help_text: str, handler: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = inner.add_parser(
        name,
        help=help_text,
        description=help_text,
        epilog="\n".join(["example:", *(line for line in _EXAMPLES.splitlines() if f"prompts {name}" in line)][:2]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=handler)
    return parser


def _texts(parser: argparse.ArgumentParser, text: str = "version or file: the new one", optional: bool = False) -> None:
    parser.add_argument("agent", help="whose instructions")
    parser.add_argument("text", nargs="?" if optional else None, default="built-in", help=text)
    if not optional:
        parser.add_argument("--old", default="built-in", help="version or file to compare with (default: built-in)")


def _bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", help="parameters file (YAML) that fixes scenarios and models (default: none)")
    parser.add_argument("-p", dest="overrides", action="append", default=[], metavar="NAME=VALUE", help="override one")


def list_versions(arguments: argparse.Namespace) -> int:
    """List the versions."""
    from genesis.cli import print_json
    from genesis.prompts import versions
    from genesis.prompts.show import version_row

    rows = [version_row(version) for version in versions(arguments.agent)]
    if arguments.json:
        print_json({"versions": rows})
        return 0
    for row in rows:
        tried = "not tried"
        if row["difference"] is not None:
            lm = "offline (simulated) LM" if row["simulated"] else row["lm"]
            tried = f"acceptance {row['difference']:+.3f} [{row['low']:.3f}, {row['high']:.3f}] on {lm}"
        print(f"{row['agent']:<10} {row['version']:<24} from {row['parent']}, {row['author']} {row['date']}: {tried}")
    if not rows:
        print("no versions yet; `genesis prompts show user` prints the built-in instructions", file=sys.stderr)
    return 0


def show_version(arguments: argparse.Namespace) -> int:
    """Print instructions."""
    from genesis.cli import print_json
    from genesis.display import visible

    told = _prompt(arguments.agent, arguments.text)
    if arguments.json:
        print_json({"agent": told.agent, "instructions": told.instructions, "demos": list(told.demos)})
    else:
        print(visible(told.instructions))
    return 0


def diff_texts(arguments: argparse.Namespace) -> int:
    """Print what changed."""
    import difflib

    from genesis.cli import print_json
    from genesis.display import visible

    old, new = (_prompt(arguments.agent, text) for text in (arguments.old, arguments.text))
    before, after = (visible(one.instructions).splitlines() for one in (old, new))
    found = list(difflib.unified_diff(before, after, arguments.old, arguments.text, lineterm=""))
    if arguments.json:
        print_json({"agent": arguments.agent, "same": not found, "diff": found})
    elif found:
        print("\n".join(found))
    return int(bool(found))


def try_texts(arguments: argparse.Namespace) -> int:
    """Try and print."""
    from genesis.cli import print_json

    found = _trial(arguments)
    if arguments.json:
        print_json(found.to_json())
    else:
        _print(found)
    return 0


def keep_text(arguments: argparse.Namespace) -> int:
    """Try, then write the version."""
    import datetime

    from genesis.agents.crew import version_path
    from genesis.cli import print_json
    from genesis.errors import ParamsError
    from genesis.prompts import keep
    from genesis.record import prompts_folder

    if version_path(arguments.name, prompts_folder()).exists():
        raise ParamsError(f"prompts.{arguments.agent}: version '{arguments.name}' is there already; choose another")
    found = _trial(arguments)
    date = arguments.date or datetime.date.today().isoformat()
    path = keep(
        found.new.prompt,
        arguments.name,
        parent=arguments.old,
        author=arguments.author,
        date=date,
        trial=found.numbers(),
    )
    if arguments.json:
        print_json({"version": arguments.name, "path": str(path), **found.to_json()})
    else:
        _print(found)
        print(f"kept as {path}; use it with -p 'prompts.{arguments.agent}={arguments.name}'")
    return 0


def optimize(arguments: argparse.Namespace) -> int:
    """Optimise and print."""
    from pathlib import Path

    from genesis.cli import print_json
    from genesis.errors import ParamsError
    from genesis.prompts.optimise import optimise

    bench = _open(arguments)
    start = _prompt(arguments.agent, arguments.old)
    found = asyncio.run(optimise(bench, start, evaluations=arguments.evaluations, say=_say))
    if arguments.out:
        try:
            Path(arguments.out).write_text(found.best.instructions + "\n", encoding="utf-8")
        except OSError as error:
            raise ParamsError(f"--out {arguments.out}: cannot be written: {error.strerror}") from error
    if arguments.json:
        print_json(found.to_json())
        return 0
    print(found.words(), file=sys.stderr)
    if arguments.out:
        print(f"written to {arguments.out}; try it: genesis prompts try {arguments.agent} {arguments.out}")
    else:
        print(found.best.instructions)
    return 0


def _open(arguments: argparse.Namespace) -> Any:
    from genesis import params as parameters
    from genesis.notebook import results_root
    from genesis.prompts import open_bench

    if arguments.params:
        params = parameters.load(arguments.params, arguments.overrides)
    else:
        data: dict[str, Any] = {}
        for override in arguments.overrides:
            parameters.apply_override(data, override)
        params = parameters.from_dict(data)
    return open_bench(arguments.agent, params, results_root())


def _trial(arguments: argparse.Namespace) -> Any:
    from genesis.prompts import trial

    old, new = (_prompt(arguments.agent, text) for text in (arguments.old, arguments.text))
    return asyncio.run(trial(_open(arguments), old, new))


def _prompt(agent: str, text: str) -> Any:
    """Return the prompt of a version's name or, where it names a file, of its text."""
    from pathlib import Path

    from genesis.errors import ParamsError
    from genesis.prompts import prompt

    file = Path(text)
    if not file.is_file():
        return prompt(agent, text)
    try:
        words = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParamsError(f"{text}: cannot be read as text: {error}") from error
    return prompt(agent).with_text(words)


def _print(found: Any) -> None:
    from genesis.cli.compare import table
    from genesis.prompts.show import P
    from genesis.record import lm_words

    print(f"{found.bench.agent}: old {found.old.run.path}, new {found.new.run.path}", file=sys.stderr)
    print(f"LM: {lm_words(found.bench.params)}; {found.asked} calls sent for this", file=sys.stderr)
    for row in found.rows():
        if row["change"] not in ("same", "changed"):
            why = "; ".join(row["new_reasons"] or row["old_reasons"])
            print(f"{row['change']:<8} {row['id']}  {row['scenario']}: {why}")
    print(table(found.totals()))
    print(P)
    print(found.words())
    if found.note():
        print(found.note())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
