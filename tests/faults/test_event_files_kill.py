"""The compression of old events, killed at each call that writes; their removal, at some: `make torture` takes each."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from torture.tracing import is_supported

pytestmark = pytest.mark.skipif(not is_supported(), reason="calls are traced by ptrace, on Linux")


def walked(*command: str) -> list[str]:
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_whichever_write_the_compression_is_killed_at_every_event_is_there_once() -> None:
    lines = walked("torture.compression")
    assert sum("rename" in line for line in lines) >= 2, "one to the compressed file, one back"
    assert sum("unlink" in line for line in lines) >= 2
    assert "not killed" in lines[-1]


def test_whichever_write_a_removal_is_killed_at_a_start_ends_it_or_nothing_is_gone() -> None:
    lines = walked("torture.removal", "--points", "10")
    # How often the index writes is the machine's affair: a point near the end may lie behind it.
    assert sum("not killed" in line for line in lines) >= 2, "a first removal, and another"
    assert sum("not killed" not in line for line in lines) >= 10
    assert len(lines) >= 22
