"""The command line, thin: parses, calls, prints.

``--json`` prints one object, on one line, alone on stdout; everything else goes to stderr. Exit codes: 0 done,
1 checked and found wanting, 2 bad input or a fault.

Each command group is one module here with ``add(commands)``, which declares its parsers and sets ``handler``, a
function of the parsed arguments that returns the exit code. Heavy imports stay inside the handlers.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from genesis import __version__
from genesis.errors import GenesisError

GROUPS = (
    "run",
    "runs",
    "lab",
    "check",
    "export",
    "plan",
    "sweep",
    "paper",
    "pool",
    "metrics",
    "compare",
    "lm",
    "bench",
    "score",
    "predict",
    "train",
    "probe",
    "data",
    "review",
    "prompts",
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise SystemExit(fail(message))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = _Parser(
        prog="genesis",
        description="From a pool of tools to checked function-calling dialogues, recorded and measured.",
        epilog="`genesis COMMAND --help` shows examples. Start with:\n  genesis run params/quickstart.yaml",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"genesis {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for group in GROUPS:
        importlib.import_module(f"genesis.cli.{group}").add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; an expected fault is one line on stderr, no traceback."""
    try:
        arguments = build_parser().parse_args(argv)
        code: int = arguments.handler(arguments)
        sys.stdout.flush()
        return code
    except GenesisError as error:
        return fail(str(error))
    except KeyboardInterrupt:
        print("genesis: interrupted; what is finished is kept, the same command continues", file=sys.stderr)
        return 130
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def show_examples(parser: argparse.ArgumentParser, text: str, command: str) -> None:
    """Show in a verb's help those lines of the whole command's examples that are about it: ``pool diff``."""
    lines = [line for line in text.splitlines() if line.strip().startswith(f"genesis {command} ")]
    parser.epilog = "\n".join(["examples:", *lines])
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def fail(message: str) -> int:
    """Print one line about what went wrong and return exit code 2."""
    print(f"genesis: {message}", file=sys.stderr)
    return 2


def print_json(result: Any) -> None:
    """Print one object on one line of stdout, as ``--json`` promises."""
    import msgspec

    print(msgspec.json.encode(result).decode())
