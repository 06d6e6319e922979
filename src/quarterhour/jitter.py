"""Jitter: how long after its mark a scheduled run starts, so that many homes do not start at once. A restart draws the same."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import blake2b

from quarterhour.clock import wire_time
from quarterhour.files import write_whole
from quarterhour.workspace import Workspace

Delay = Callable[[datetime], timedelta]
"""What the jitter makes of a mark."""


def no_delay(mark: datetime) -> timedelta:
    """Without jitter a run starts at its mark."""
    del mark
    return timedelta()


def drawn(home_id: str, mark: datetime, jitter_s: float) -> timedelta:
    """From 0 up to `jitter_s` seconds, evenly: a function of the home and the mark alone."""
    digest = blake2b(f"{home_id} {wire_time(mark)}".encode(), digest_size=8).digest()
    return timedelta(seconds=round(jitter_s * int.from_bytes(digest, "big") / 2**64, 3))


def home_id(workspace: Workspace) -> str:
    """What tells this home from all others; made at the first call."""
    path = workspace.home_id_file
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        made = uuid.uuid4().hex
        write_whole(path, f"{made}\n".encode())
        return made
