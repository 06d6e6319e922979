"""Which process on which machine: enough to tell whether it still lives, and whether that can be told from here."""

import os
import socket
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import psutil

if sys.platform == "linux":

    def _machine() -> str:
        """This boot of this kernel, as this process sees process ids: containers have a space of their own."""
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {Path('/proc/self/ns/pid').readlink()}"

    def _begun(pid: int) -> str | None:
        """In ticks since the machine's start, which no setting of the clock changes; None of one that has ended."""
        try:
            # The name of the program stands in parentheses, and may hold any sign.
            told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # One that was killed stands there until its parent has taken note, and holds nothing any more.
        return None if told[0] in "ZX" else told[19]

else:

    def _machine() -> str:
        """Windows and macOS tell no id of a boot; the time of the start, to ten minutes, stands for it."""
        return f"{socket.gethostname()} {uuid.getnode():x} {round(psutil.boot_time() / 600)}"

    def _begun(pid: int) -> str | None:
        try:
            return str(round(psutil.Process(pid).create_time()))
        except psutil.NoSuchProcess:
            return None


@dataclass(frozen=True, slots=True)
class Identity:
    """A process, among all of all machines and times."""

    machine: str
    pid: int
    begun: str
    """When it began, by a clock of the machine that nobody sets. An id is given again once its process ended."""

    @classmethod
    def mine(cls) -> "Identity":
        return cls(_machine(), os.getpid(), _begun(os.getpid()) or "")

    @property
    def is_near(self) -> bool:
        """Whether this process can tell if that one lives."""
        return self.machine == _machine()

    @property
    def is_alive(self) -> bool:
        """Of one that is near."""
        return _begun(self.pid) == self.begun


def process_mark() -> str:
    """This process, for the name of what it owns: its id, and when it began, since an id is given again."""
    return f"{os.getpid()}.{_begun(os.getpid())}"


def is_marked_alive(mark: str) -> bool:
    """Whether the process that `process_mark` was of lives, on this machine."""
    pid, _, begun = mark.partition(".")
    return _begun(int(pid)) == begun
