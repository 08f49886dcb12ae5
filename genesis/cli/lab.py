"""``genesis lab``: JupyterLab on the notebook that leads to all others."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

START = "notebooks/00_start.ipynb"
EXAMPLES = """examples:
  genesis lab
  genesis lab --no-browser --port 8900      # on another machine: ssh -L 8900:127.0.0.1:8900 HOST, then open the URL
"""
FIRST_PORT, PORTS = 8888, 100


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "lab",
        help="open JupyterLab on notebooks/00_start",
        description=(
            "Open JupyterLab, on this machine only (127.0.0.1), on the notebook that leads from a question to its "
            "notebook. Ctrl-C ends it and its kernels."
        ),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="default: the first free one from 8888")
    parser.add_argument("--no-browser", action="store_true", help="print the URL only")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    import secrets

    root = project()
    port = free_port(arguments.port)
    token = os.environ.setdefault("JUPYTER_TOKEN", secrets.token_urlsafe(24))  # not on the command line: ps shows it
    address = f"http://127.0.0.1:{port}"
    threading.Thread(target=_tell, args=(address, token), name="tell-url", daemon=True).start()
    _serve(root, port, browser=not arguments.no_browser)
    return 0


def project() -> Path:
    """Return the checkout to serve: the one around the working folder, else the one the package runs from.

    Raises RecordError where there is neither.
    """
    from genesis import record
    from genesis.errors import RecordError

    here = (record.project_root(), Path(__file__).resolve().parents[2])
    found = next((folder for folder in here if folder is not None and (folder / START).is_file()), None)
    if found is None:
        raise RecordError(
            f"lab: no {START} in or above {Path.cwd()}; the installed package holds no notebooks and no parameter "
            "files: go to a checkout of the workbench (git clone, then `make lab` there)"
        )
    return found


def free_port(wanted: int) -> int:
    """Return the wanted port, or the first free one from 8888. Raises ParamsError where there is none."""
    from genesis.errors import ParamsError

    for port in (wanted,) if wanted else range(FIRST_PORT, FIRST_PORT + PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            return port
    where = f"--port {wanted}" if wanted else f"ports {FIRST_PORT} to {FIRST_PORT + PORTS - 1}"
    raise ParamsError(f"lab: {where}: taken or not allowed; name another with --port")


def _serve(root: Path, port: int, *, browser: bool) -> None:
    """Run JupyterLab in this process, so that every signal reaches it; Ctrl-C needs no second answer."""
    from jupyterlab.labapp import LabApp

    options = [
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{START}",
        "--ServerApp.answer_yes=True",
        "--log-level=ERROR",
        *([] if browser else ["--no-browser"]),
        *(["--allow-root"] if os.geteuid() == 0 else []),
    ]
    LabApp.launch_instance(options)


def _tell(address: str, token: str) -> None:
    """Print the URL once the server answers."""
    import urllib.error
    import urllib.request

    while True:
        try:
            with urllib.request.urlopen(f"{address}/api", timeout=5):
                break
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.2)
    print(f"JupyterLab: {address}/lab/tree/{START}?token={token}", flush=True)
    print("Ctrl-C ends it and its kernels", file=sys.stderr, flush=True)
