"""A real JupyterLab on loopback and a real headless Chromium, for the tests of panels."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from needs import require

TOKEN = "loopback-test"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


def chromium() -> str:
    """The browser's path; skips (in CI: fails) where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    require(found is not None, "a Chromium browser (Debian: apt-get install chromium)")
    assert found is not None
    return found


@contextmanager
def jupyterlab(folder: Path, settings: Path) -> Iterator[str]:
    """Serve ``folder``; yields the address. Settings of the user who runs the test stay out of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = settings / "lab" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True, exist_ok=True)
    quiet.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    surroundings = {
        **os.environ,
        "JUPYTER_TOKEN": TOKEN,
        "JUPYTER_CONFIG_DIR": str(settings / "config"),
        "JUPYTER_RUNTIME_DIR": str(settings / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings / "lab"),
        "JUPYTERLAB_WORKSPACES_DIR": str(settings / "workspaces"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root"]
    command += [f"--ServerApp.root_dir={folder}"]
    with (settings / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=surroundings, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(address, server, settings / "lab.log")
            yield address
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        if server.poll() is not None:
            raise AssertionError(f"JupyterLab ended: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=5):
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"JupyterLab did not start: {log.read_text()[-2000:]}")


def with_parameters(source: Path, target: Path, **values: Any) -> None:
    """Copy a notebook with other values in its parameters cell."""
    notebook = json.loads(source.read_text())
    (cell,) = [cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", [])]
    cell["source"] = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    target.write_text(json.dumps(notebook))


def open_notebook(page: Any, address: str, name: str) -> None:
    """Open a notebook and wait until its kernel is there."""
    page.goto(f"{address}/lab/tree/{name}?token={TOKEN}&reset")
    wait_for_kernel(page)


def wait_for_kernel(page: Any) -> None:
    """Wait until the kernel has been idle for a while: the indicator says idle once before it connects, too."""
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
    calm = 0
    for _ in range(300):
        calm = calm + 1 if page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").count() else 0
        if calm == 8:
            return
        page.wait_for_timeout(300)
    raise AssertionError("the kernel is never idle")


def run_all(page: Any) -> None:
    """Run every cell through the menu."""
    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")


def restart_and_run_all(page: Any) -> None:
    """Restart the kernel and run every cell, through the menu."""
    page.click(".lm-MenuBar-itemLabel:text-is('Kernel')")
    page.click(".lm-Menu-itemLabel:text-is('Restart Kernel and Run All Cells…')")
    page.click(".jp-Dialog .jp-mod-accept")
