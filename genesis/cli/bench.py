"""``genesis bench``: measure this machine's speed with the real pipeline."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Declare the commands."""
    parser = commands.add_parser(
        "bench",
        help="measure this machine with the real pipeline, on loopback",
        epilog="example: genesis bench throughput --latency 0.2 --concurrency 64 --json",
    )
    kinds = parser.add_subparsers(dest="bench", metavar="WHAT", required=True)
    one = kinds.add_parser(
        "throughput",
        help="calls per second against a server of a given latency",
        description="Start a loopback server that answers after a latency, and run the pipeline against it.",
        epilog="example: genesis bench throughput --latency 0.2 --concurrency 64 --json",
    )
    one.add_argument("--latency", type=float, default=0.2, help="seconds before each reply (default: 0.2)")
    one.add_argument("--concurrency", type=int, default=64, help="calls in flight, over all workers (default: 64)")
    one.add_argument("--workers", type=int, default=1, help="client processes (default: 1)")
    one.add_argument("--seconds", type=float, default=15.0, help="how long to count (default: 15)")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(handler=throughput)
    two = kinds.add_parser(
        "memory",
        help="whether memory stays flat over many dialogues, offline",
        description="Generate with the offline (simulated) LM and watch the memory the process holds.",
        epilog="example: genesis bench memory --dialogues 20000 --json",
    )
    two.add_argument("--dialogues", type=int, default=20_000, help="dialogues to make (default: 20000)")
    two.add_argument("--n", type=int, default=4, help="candidates a turn (default: 4)")
    two.add_argument("--json", action="store_true", help="print one JSON object")
    two.set_defaults(handler=memory)
    three = kinds.add_parser(
        "sweep",
        help="how much faster a sweep is on more workers",
        description="Run 8 sweep points against a loopback server on one Dask worker, then on more; print the ratio.",
        epilog="example: genesis bench sweep --latency 0.2 --workers 2 --json",
    )
    three.add_argument("--latency", type=float, default=0.2, help="seconds before each reply (default: 0.2)")
    three.add_argument("--points", type=int, default=8, help="points of the sweep (default: 8)")
    three.add_argument("--dialogues", type=int, default=8, help="dialogues a point (default: 8)")
    three.add_argument("--workers", type=int, default=2, help="workers of the second run (default: 2)")
    three.add_argument("--json", action="store_true", help="print one JSON object")
    three.set_defaults(handler=sweep)
    four = kinds.add_parser(
        "check",
        help="rows that genesis check takes in a CPU second, and its memory",
        description="Check rows made of BFCL's gold, no two alike, and compare with decoding them; needs bfcl-eval.",
        epilog="example: genesis bench check --dialogues 1000000 --workers 2 --json",
    )
    four.add_argument("--dialogues", type=int, default=50_000, help="rows to check (default: 50000)")
    four.add_argument("--workers", type=int, default=1, help="processes of genesis check (default: 1)")
    four.add_argument("--json", action="store_true", help="print one JSON object")
    four.set_defaults(handler=check)


def throughput(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from genesis.bench import throughput as measure
    from genesis.errors import ParamsError

    if arguments.latency <= 0 or arguments.workers < 1 or arguments.concurrency < arguments.workers:
        raise ParamsError("bench: expected --latency above 0, --workers of 1 or more, --concurrency of workers or more")
    result = measure(
        latency=arguments.latency,
        concurrency=arguments.concurrency,
        workers=arguments.workers,
        seconds=arguments.seconds,
    )
    return _show(result, as_json=arguments.json)


def memory(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 where memory grew by 10 % or more."""
    from genesis.bench import memory as measure
    from genesis.errors import ParamsError

    if arguments.dialogues < 2000 or not 1 <= arguments.n <= 16:
        raise ParamsError("bench: expected --dialogues of 2000 or more, --n from 1 to 16")
    result = measure(dialogues=arguments.dialogues, n=arguments.n)
    _show(result, as_json=arguments.json)
    return 0 if result["growth"] < 0.1 else 1


def check(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from genesis.bench.check import check as measure
    from genesis.errors import ParamsError

    if arguments.dialogues < 1 or arguments.workers < 1:
        raise ParamsError("bench: expected --dialogues and --workers of 1 or more")
    return _show(measure(dialogues=arguments.dialogues, workers=arguments.workers), as_json=arguments.json)


def _show(result: dict[str, Any], *, as_json: bool) -> int:
    from genesis.cli import print_json

    if as_json:
        print_json(result)
        return 0
    for name, value in result.items():
        print(f"{name:<22} {value}")
    return 0


def sweep(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from genesis.bench.sweep import sweep as measure
    from genesis.cli import print_json
    from genesis.errors import ParamsError

    if arguments.latency <= 0 or arguments.workers < 2 or arguments.points < 1 or arguments.dialogues < 1:
        raise ParamsError(
            "bench: expected --latency above 0, --workers of 2 or more, --points and --dialogues of 1 or more"
        )
    result = measure(
        latency=arguments.latency, points=arguments.points, dialogues=arguments.dialogues, workers=arguments.workers
    )
    if arguments.json:
        print_json(result)
    else:
        for name, value in result.items():
            print(f"{name:<12}{value}")
    return 0
