"""Build, show and compare pools of tools."""

from __future__ import annotations

import argparse
import sys
from typing import Any

_BUILD = """sources:
  bfcl  bfcl:live  bfcl:multi_turn  bfcl:CATEGORY    from the installed bfcl-eval
  acebench:DIR  apibank:DIR                          the benchmark's data folder
  tools:FILE                                         OpenAI tools, rows with tools, flat lists, pools
  openapi:FILE                                       OpenAPI 3.x, JSON or YAML
  mcp:COMMAND  mcp+http://HOST:PORT/PATH             a live MCP server, tools/list only
  python:MODULE[:FUNCTION]                           Python functions

examples:
  genesis pool build --from bfcl --size 1000 --seed 0 --out pool.jsonl
  genesis pool build --from openapi:petstore.yaml --from "mcp:npx -y some-server" --out pool.jsonl
  genesis pool build --from tools:mine.json --size 200 --fill bfcl --out pool.jsonl --report report.json
"""

_EXAMPLES = """examples:
  genesis pool build --from bfcl --size 1000 --out pool.jsonl
  genesis pool show pool.jsonl                              # tools by domain
  genesis pool show pool.jsonl --doubtful                   # what a person should look at, with the reasons
  genesis pool decide pool.jsonl NAME drop --why "two tools in one"
  genesis pool diff old.jsonl pool.jsonl
  genesis pool overlap pool.jsonl --benchmark bfcl          # which benchmark tools are in domain
  genesis pool export pool.jsonl --out tools.json           # OpenAI tools JSON
"""


def add(commands: Any) -> None:
    """Declare the parsers of ``genesis pool``."""
    from genesis.cli import show_examples

    parser = commands.add_parser(
        "pool",
        help="build, show and compare pools of tools",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_build(verbs)
    show = verbs.add_parser("show", help="what a pool holds, or one tool of it in full")
    show.add_argument("pool")
    show.add_argument("name", nargs="?", help="a tool to show in full")
    show.add_argument("--domain", help="list the tools of one domain")
    show.add_argument("--doubtful", action="store_true", help="list what a person should look at, with the reasons")
    show.set_defaults(handler=_show)
    diff = verbs.add_parser("diff", help="what makes the second pool another than the first")
    diff.add_argument("first")
    diff.add_argument("second")
    diff.set_defaults(handler=_diff)
    overlap = verbs.add_parser("overlap", help="how much of a benchmark's tools is in a pool")
    overlap.add_argument("pool")
    overlap.add_argument("--benchmark", required=True, help="bfcl, acebench or apibank")
    overlap.add_argument("--data", default="", metavar="DIR", help="folder of the benchmark's data (not for bfcl)")
    overlap.set_defaults(handler=_overlap)
    export = verbs.add_parser("export", help="write a pool as OpenAI tools JSON; tools:FILE reads it back")
    export.add_argument("pool")
    export.add_argument("--out", required=True, metavar="FILE")
    export.set_defaults(handler=_export)
    decide = verbs.add_parser("decide", help="keep a person's word on a tool for later builds")
    decide.add_argument("pool")
    decide.add_argument("name")
    decide.add_argument("decision", help="keep or drop")
    decide.add_argument("--why", default="", help="the reason, for those who come after")
    decide.add_argument("--domain", default="", help="the tool's domain, whatever the lexicon says")
    decide.add_argument("--decisions", metavar="FILE", help="default: POOL with the ending .decisions.jsonl")
    decide.set_defaults(handler=_decide)
    for name, verb in (("show", show), ("diff", diff), ("overlap", overlap), ("export", export), ("decide", decide)):
        verb.add_argument("--json", action="store_true", help="print one JSON object")
        show_examples(verb, _EXAMPLES, f"pool {name}")


def _add_build(verbs: Any) -> None:
    build = verbs.add_parser(
        "build",
        help="read tools from where they live, curate them, write a pool",
        epilog=_BUILD,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    build.add_argument(
        "--from", dest="sources", action="append", required=True, metavar="SOURCE", help="may be repeated"
    )
    build.add_argument("--size", type=int, help="tools in the pool; without it, all that are good and distinct")
    build.add_argument("--seed", type=int, default=0, help="picks the tools within a domain (default 0)")
    build.add_argument("--out", required=True, metavar="FILE", help="the pool, one JSON tool a line")
    build.add_argument("--fill", action="append", default=[], metavar="SOURCE", help="tops up a pool that is too small")
    build.add_argument("--threshold", type=float, metavar="COSINE", help="from which two tools count as one")
    build.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="for an MCP server (default 60)")
    build.add_argument("--decisions", metavar="FILE", help="people's decisions; default: OUT with .decisions.jsonl")
    build.add_argument("--report", metavar="FILE", help="write the whole report, with every reason, as JSON")
    build.add_argument("--json", action="store_true", help="print the report's counts as one JSON object")
    build.set_defaults(handler=_build)


def _build(arguments: argparse.Namespace) -> int:
    import msgspec

    from genesis.cli import print_json
    from genesis.errors import PoolError
    from genesis.tools import pool as pools
    from genesis.tools.build import build_pool
    from genesis.tools.curation import NEAR
    from genesis.tools.decisions import beside

    threshold = NEAR if arguments.threshold is None else arguments.threshold
    if not 0.3 <= threshold <= 1.0:
        raise PoolError(f"--threshold {threshold}: expected a cosine from 0.3 to 1")
    pool, report = build_pool(
        arguments.sources,
        arguments.size,
        arguments.seed,
        fill=arguments.fill,
        decisions=arguments.decisions or beside(arguments.out),
        allow_exec=True,  # what a person types may run; what a file says may not
        threshold=threshold,
        timeout=arguments.timeout,
    )
    if arguments.report:
        pools.write_whole(arguments.report, [msgspec.json.format(msgspec.json.encode(report.to_json()), indent=1)])
    pools.save_pool(pool, arguments.out)
    if arguments.json:
        print_json(report.counts())
        return 0
    for step in report.steps:
        print(f"{step.name:18} {step.before:7} -> {step.after:7}", file=sys.stderr)
    print(f"{report.size} tools in {len(report.domains)} domains in {arguments.out}", file=sys.stderr)
    if report.doubtful:
        print(f"{len(report.doubtful)} are doubtful: genesis pool show {arguments.out} --doubtful", file=sys.stderr)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    import msgspec

    from genesis.cli import print_json
    from genesis.tools import pool as pools

    pool = pools.load_pool(arguments.pool)
    if arguments.name:
        row = pools.to_row(pool[arguments.name])
        if arguments.json:
            print_json(row)
        else:
            print(msgspec.json.format(msgspec.json.encode(row), indent=2).decode())
        return 0
    if arguments.doubtful:
        return _show_doubtful(arguments)
    counts: dict[str, int] = {}
    for tool in pool:
        counts[tool.domain] = counts.get(tool.domain, 0) + 1
    ordered = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    listed = [tool for tool in pool if tool.domain == arguments.domain]
    if arguments.json:
        names = {"tools": [tool.name for tool in listed]} if arguments.domain else {}
        print_json({"size": len(pool), "hash": pool.hash, "domains": ordered, **names})
    elif arguments.domain:
        for tool in listed:
            print(f"{tool.name:40} {' '.join(tool.description.split())[:100]}")
    else:
        print(f"{len(pool)} tools, hash {pool.hash}")
        for domain, count in ordered.items():
            print(f"  {domain:16} {count:6}  {'#' * max(1, round(60 * count / len(pool)))}")
    return 0


def _show_doubtful(arguments: argparse.Namespace) -> int:
    from genesis.cli import print_json
    from genesis.tools.build import build_pool
    from genesis.tools.decisions import beside

    _, report = build_pool([f"tools:{arguments.pool}"], None, 0, decisions=beside(arguments.pool))
    reasons: dict[str, list[str]] = {}
    for finding in report.findings:
        if finding.action in ("flagged", "rejected"):
            reasons.setdefault(finding.tool, []).append(finding.reason)
    shown = {name: reasons[name] for name in sorted(reasons) if name in report.doubtful or name not in report.keys}
    if arguments.json:
        print_json({"doubtful": shown})
        return 0
    for name, why in shown.items():
        print(f"{name:40} {'; '.join(why)}")
    return 0


def _diff(arguments: argparse.Namespace) -> int:
    from genesis.cli import print_json
    from genesis.tools import compare
    from genesis.tools.pool import load_pool

    found = compare.diff(load_pool(arguments.first), load_pool(arguments.second))
    if arguments.json:
        print_json(found.to_json())
        return 0
    for mark, names in (("+", found.added), ("-", found.removed)):
        for name in names:
            print(f"{mark} {name}")
    for name, fields in found.changed.items():
        print(f"~ {name}: {', '.join(fields)}")
    added, removed = len(found.added), len(found.removed)
    print(f"{found.same} the same, {added} added, {removed} removed, {len(found.changed)} changed", file=sys.stderr)
    return 0


def _overlap(arguments: argparse.Namespace) -> int:
    from genesis.cli import print_json
    from genesis.tools import compare
    from genesis.tools.pool import load_pool

    pool = load_pool(arguments.pool)
    found = compare.overlap(pool, compare.benchmark_functions(arguments.benchmark, arguments.data))
    if arguments.json:
        print_json({"benchmark": arguments.benchmark, "pool": pool.hash, **found})
        return 0
    print(f"{'in the pool, of ' + arguments.benchmark:32} {'names':>14} {'definitions':>14} {'alike':>14}")
    for category, row in [*found["categories"].items(), ("all", found["all"])]:
        cells = [
            f"{row[f'{part}_in_pool']}/{row[whole]}"
            for part, whole in (("names", "names"), ("definitions", "definitions"), ("alike", "definitions"))
        ]
        print(f"{category:32} " + " ".join(f"{cell:>14}" for cell in cells))
    return 0


def _export(arguments: argparse.Namespace) -> int:
    import msgspec

    from genesis.cli import print_json
    from genesis.tools import pool as pools

    pool = pools.load_pool(arguments.pool)
    whole = msgspec.json.format(msgspec.json.encode(pools.to_openai_file(pool)), indent=1)
    pools.write_whole(arguments.out, [whole, b"\n"])
    if arguments.json:
        print_json({"size": len(pool), "hash": pool.hash, "out": arguments.out})
    return 0


def _decide(arguments: argparse.Namespace) -> int:
    from genesis.cli import print_json
    from genesis.tools import decisions
    from genesis.tools.pool import load_pool

    tool = load_pool(arguments.pool)[arguments.name]
    path = arguments.decisions or decisions.beside(arguments.pool)
    mark = decisions.key_of(tool)
    decision = decisions.Decision(mark, tool.name, arguments.decision, arguments.why, arguments.domain)
    decisions.decide(path, decision)
    if arguments.json:
        print_json({"tool": tool.name, "key": mark, "decision": arguments.decision, "file": str(path)})
    return 0
