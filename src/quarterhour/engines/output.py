"""AttemptOutput: what an attempt prints becomes `log` events, within bounds, and a file of the run."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from quarterhour.engines.base import Logged, Printed

# What becomes events: so many lines and bytes a second, with a burst of five seconds' worth, and so many lines an attempt.
_LINES_A_S = 100
_BYTES_A_S = 64 * 1024
_BURST_S = 5.0
_MOST_LINES = 10_000
# What the run's file takes of one attempt.
_MOST_FILE_BYTES = 64 * 2**20
# A longer line is several.
_LONGEST_LINE = 8 * 1024
_TAIL_BYTES = 8000
_CRASH = b"Fatal Python error"
_LEVELS = {"stdout": "info", "stderr": "warning"}


@dataclass(slots=True)
class Allowance:
    """A token bucket of lines and bytes. Pure: times in, answers out."""

    at_s: float
    lines: float = _LINES_A_S * _BURST_S
    size: float = _BYTES_A_S * _BURST_S
    left: int = _MOST_LINES

    def is_spent(self, now_s: float) -> bool:
        """Whether no line, however short, would be granted now."""
        passed_s = max(0.0, now_s - self.at_s)
        self.at_s = now_s
        self.lines = min(_LINES_A_S * _BURST_S, self.lines + passed_s * _LINES_A_S)
        self.size = min(_BYTES_A_S * _BURST_S, self.size + passed_s * _BYTES_A_S)
        return self.lines < 1 or not self.left

    def grants(self, size: int, now_s: float) -> bool:
        """Whether a line of `size` bytes may become an event now; what is granted is spent."""
        if self.is_spent(now_s) or self.size < size:
            return False
        self.lines -= 1
        self.size -= size
        self.left -= 1
        return True


class AttemptOutput:
    """One for each attempt; used by the one thread that listens to it."""

    def __init__(
        self, path: Path, title: str, say: Callable[[Logged], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._title = title
        self._say = say
        self._now = now
        self._allowance = Allowance(now())
        self._begun: dict[str, bytes] = {}
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._file: BinaryIO | None = None
        self._file_room = _MOST_FILE_BYTES
        self._file_error = ""
        self._left_out = 0

    @property
    def place(self) -> str:
        """Where a reader finds what was printed."""
        return f"what it printed is in {self._path}" if self._file else "it printed nothing"

    @property
    def trace(self) -> str:
        """The last that stood on stderr, from a crash's trace on where there is one."""
        tail = b"".join(self._tail)
        start = max(0, tail.rfind(_CRASH))
        return tail[start:].decode("utf-8", "replace")[-_TAIL_BYTES:].strip()

    def take(self, stream: str, piece: bytes) -> None:
        """Bytes as they came from `stream`, cut anywhere."""
        self._keep(piece)
        if stream == "stderr":
            self._remember(piece)
        begun = self._begun.pop(stream, b"") + piece
        if self._allowance.is_spent(self._now()):
            # A flood is counted, not taken apart.
            self._left_out += begun.count(b"\n")
            begun = begun[begun.rfind(b"\n") + 1 :]
        *lines, rest = begun.split(b"\n")
        for line in lines:
            self._line(line, _LEVELS[stream], {"stream": stream})
        while len(rest) > _LONGEST_LINE:
            self._line(rest[:_LONGEST_LINE], _LEVELS[stream], {"stream": stream})
            rest = rest[_LONGEST_LINE:]
        self._begun[stream] = rest

    def hear(self, printed: Printed) -> None:
        """A line that came by other ways than a stream: of `logging`, of `warnings`, of a program's stdout."""
        text = printed.text.encode("utf-8", "replace")
        self._keep(text + b"\n")
        self._line(text, printed.level, {"logger": printed.logger} if printed.logger else {"stream": "stdout"})

    def close(self) -> None:
        """Say the last lines, and once what was left out."""
        for stream, rest in self._begun.items():
            self._line(rest, _LEVELS[stream], {"stream": stream})
        self._begun.clear()
        if self._file is not None:
            self._file.close()
        if self._left_out or self._file_error:
            self._say(Logged(self._summary(), "warning", {"left_out": self._left_out, "file": str(self._path)}))

    def _summary(self) -> str:
        if self._file_error:
            return f"{self._left_out} lines of output left out; {self._path} cannot be written: {self._file_error}"
        whole = "the whole is" if self._file_room else f"the first {_MOST_FILE_BYTES >> 20} MB are"
        return f"{self._left_out} lines of output left out; {whole} in {self._path}"

    def _line(self, line: bytes, level: str, data: dict[str, str]) -> None:
        line = line.rstrip(b"\r")
        if not line.strip():
            return
        if not self._allowance.grants(len(line), self._now()):
            self._left_out += 1
            return
        text = line[:_LONGEST_LINE].decode("utf-8", "replace")
        self._say(Logged(text, level, dict(data)))

    def _remember(self, piece: bytes) -> None:
        self._tail.append(piece[-_TAIL_BYTES:])
        self._tail_size += len(self._tail[-1])
        while self._tail_size - len(self._tail[0]) >= _TAIL_BYTES:
            self._tail_size -= len(self._tail.popleft())

    def _keep(self, piece: bytes) -> None:
        """Write to the run's file. Where that fails the stage goes on; `close` says so."""
        if self._file_error or not self._file_room:
            return
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("ab", buffering=0)
                self._file.write(f"--- {self._title}\n".encode())
            self._file.write(piece[: self._file_room])
        except OSError as error:
            self._file_error = error.strerror or str(error)
            return
        self._file_room = max(0, self._file_room - len(piece))
