"""The compression of old events, killed at each call that writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from torture.tracing import is_supported


@pytest.mark.skipif(not is_supported(), reason="calls are traced by ptrace, on Linux")
def test_whichever_write_the_compression_is_killed_at_every_event_is_there_once() -> None:
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "torture.event_log"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert sum("rename" in line for line in lines) >= 2, "one to the compressed file, one back"
    assert sum("unlink" in line for line in lines) >= 2
    assert "not killed" in lines[-1]
