"""A merge and its maintenance, killed at calls that write spread over all of them; each call is `make torture`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from torture.tracing import is_supported

_POINTS = 8


@pytest.mark.skipif(not is_supported(), reason="calls are traced by ptrace, on Linux")
def test_whichever_write_a_merge_is_killed_at_the_next_one_makes_the_uninterrupted_tables() -> None:
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests), str(tests / "unit"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "torture", "--points", str(_POINTS), "--json"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count('"killed_at"') >= _POINTS
    assert '"killed_at": ""' not in done.stdout.splitlines()[0]
