"""``genesis lab`` serves JupyterLab on the start notebook, says where, and ends on Ctrl-C with its kernels."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from genesis.cli import lab, main

ROOT = Path(__file__).resolve().parent.parent


def test_a_taken_port_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["lab", "--no-browser", "--port", str(port)]) == 2
        assert lab.free_port(0) != port
    assert capsys.readouterr().err == f"genesis: lab: --port {port}: taken or not allowed; name another with --port\n"


def test_outside_a_checkout_it_says_what_to_do(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "genesis", tmp_path / "site" / "genesis", ignore=shutil.ignore_patterns("__pycache__"))
    surroundings = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    for arguments in (["lab", "--no-browser"], ["run", str(ROOT / "params" / "quickstart.yaml")]):
        command = [sys.executable, "-c", "import sys; from genesis.cli import main; sys.exit(main())", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert "checkout of the workbench" in done.stderr
    assert not (tmp_path / "experiments").exists()


@pytest.mark.slow
def test_it_serves_the_start_notebook_until_ctrl_c(tmp_path: Path) -> None:
    folders = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "RUNTIME")}
    surroundings = {**os.environ, **folders}
    surroundings.pop("JUPYTER_TOKEN", None)
    command = [sys.executable, "-c", "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"]
    command[-1] += "from genesis.cli import main; sys.exit(main())"
    server = subprocess.Popen(
        [*command, "lab", "--no-browser"], cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        told = server.stdout.readline().split()[1]
        address, _, token = told.partition("/lab/tree/notebooks/00_start.ipynb?token=")
        assert address.startswith("http://127.0.0.1:")
        assert "version" in _get(f"{address}/api", token)
        found = _get(f"{address}/api/contents/notebooks/00_start.ipynb", token)
        assert "Where do I begin?" in found["content"]["cells"][0]["source"]
        kernel = _get(f"{address}/api/kernels", token, post=b'{"name": "python3"}')
        assert kernel["name"] == "python3"
        children = psutil.Process(server.pid).children(recursive=True)
        assert children
        time.sleep(1)
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0
        assert not [child for child in psutil.wait_procs(children, timeout=10)[1] if child.is_running()]
    finally:
        server.kill()
        server.wait()


def _get(url: str, token: str, post: bytes | None = None) -> Any:
    request = urllib.request.Request(url, data=post, headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.loads(reply.read())
