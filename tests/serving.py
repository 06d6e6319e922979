"""A real server for tests: its own process, free ports, ended by its process id."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

_READY_S = 60.0
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Server:
    def __init__(self, home: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.output = home.parent / f"{home.name}.log"
        command = [
            sys.executable,
            "-m",
            "quarterhour",
            "up",
            "--home",
            str(home),
            "--api-port",
            "0",
            "--dashboard-port",
            "0",
        ]
        with self.output.open("ab") as log:
            # Before it starts: it may be ready before this process is given the next moment.
            said_before = log.tell()
            self.process = subprocess.Popen(
                [*command, *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )
        self.api, self.dashboard = self._ready(said_before)
        # A connection that is kept may be closed by the server at the moment at which a slow test uses it again.
        self.http = httpx.Client(base_url=self.api, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))

    def _ready(self, said_before: int) -> tuple[str, str]:
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            text = self.output.read_bytes()[said_before:]
            if (found := re.search(rb"ready api=(\S+) dashboard=(\S+)\n", text)) is not None:
                return found[1].decode(), found[2].decode()
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        code = self.process.poll()
        if code is None:
            self.process.kill()
            self.process.wait()
        why = f"was not ready within {_READY_S:g} s" if code is None else f"ended with status {code}"
        raise AssertionError(f"the server {why}:\n{self.output.read_text()}")

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.is_success, answer.text
        return answer.json()

    def start_run(self) -> str:
        answer = self.http.post("/api/pipeline/start")
        assert answer.status_code == 202, answer.text
        return answer.json()["run_id"]

    def ended_run(self, run_id: str, within_s: float = 90.0) -> dict[str, Any]:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            run = self.get(f"/api/runs/{run_id}")
            if run["state"] in ("success", "failed", "stopped"):
                return run
            time.sleep(0.05)
        raise AssertionError(f"run {run_id} did not end in {within_s} s: {run}")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.http.close()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        self.http.close()
        return code


@contextmanager
def serving(home: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    server = Server(home, *options, environment=environment)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()
        server.http.close()


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    return ""
