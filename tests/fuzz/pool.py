"""Processes that try mutants side by side; one that crashes or takes too long costs that file only."""

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from .mutations import mutant
from .promises import broken_promises

HUNG_AFTER_S = 10.0
_BATCH = 50
# A process that others keep from the processor is given more time; one that waits for nothing uses none.
_BUSY_MACHINE = 6


@dataclass(frozen=True, slots=True)
class Began:
    number: int


@dataclass(frozen=True, slots=True)
class Failure:
    number: int
    fault: str


@dataclass(frozen=True, slots=True)
class _Ended:
    """Of a batch."""


Trial = Callable[[list[int], Path, Callable[[int], None]], Iterator[tuple[int, str]]]
"""Tries numbers in a folder, tells each before it begins with it, and yields those that failed with the fault."""


def try_mutants(numbers: list[int], folder: Path, begin: Callable[[int], None]) -> Iterator[tuple[int, str]]:
    mutants = [mutant(number) for number in numbers]
    for broken, fault in broken_promises(mutants, folder, lambda begun: begin(begun.number)):
        yield broken.number, fault


def _work(connection: "Connection[Any, Any]", folder: Path, trial: Trial) -> None:
    """Batches of numbers come in, messages go out, until the connection is closed."""
    while True:
        try:
            numbers = connection.recv()
        except (EOFError, ConnectionResetError):
            return
        for number, fault in trial(numbers, folder, lambda number: connection.send(Began(number))):
            connection.send(Failure(number, fault))
        connection.send(_Ended())


@dataclass(slots=True)
class _Hand:
    """A process, and what it has before it."""

    process: BaseProcess
    connection: "Connection[Any, Any]"
    left: set[int] = field(default_factory=set[int])
    current: int | None = None
    began_s: float = 0.0
    began_cpu_s: float = 0.0

    def begin(self, number: int) -> None:
        self.current = number
        self.left.discard(number)
        self.began_s, self.began_cpu_s = time.monotonic(), self._cpu_s()

    def is_hung(self, after_s: float) -> bool:
        passed_s = time.monotonic() - self.began_s
        if self.current is None or passed_s < after_s:
            return False
        return passed_s > _BUSY_MACHINE * after_s or self._cpu_s() - self.began_cpu_s > after_s

    def _cpu_s(self) -> float:
        try:
            return sum(psutil.Process(self.process.pid).cpu_times()[:2])
        except psutil.NoSuchProcess:
            return 0.0


class Pool:
    """Tries numbers; `results` yields each number with its fault, empty where every promise was kept."""

    def __init__(self, processes: int, trial: Trial = try_mutants, hung_after_s: float = HUNG_AFTER_S) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._processes = processes
        self._trial = trial
        self._hung_after_s = hung_after_s
        self._todo: deque[list[int]] = deque()
        self._faults: dict[int, str] = {}

    def results(self, numbers: range) -> Iterator[Failure]:
        self._todo.extend(list(numbers[start : start + _BATCH]) for start in range(0, len(numbers), _BATCH))
        with TemporaryDirectory(prefix="quarterhour-fuzz-") as scratch:
            folders = [Path(scratch) / str(number) for number in range(min(self._processes, len(self._todo)))]
            hands = {folder: self._hand(folder) for folder in folders}
            try:
                while hands:
                    for folder, hand in list(hands.items()):
                        yield from self._look(hand)
                        if hand.left or hand.current is not None:
                            continue
                        self._close(hand)
                        del hands[folder]
                        if self._todo:
                            hands[folder] = self._hand(folder)
                    wait([hand.connection for hand in hands.values()], timeout=0.5)
            finally:
                for hand in hands.values():
                    self._close(hand)

    def _hand(self, folder: Path) -> _Hand:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, folder, self._trial), daemon=True)
        process.start()
        theirs.close()
        hand = _Hand(process, ours)
        self._give(hand)
        return hand

    def _give(self, hand: _Hand) -> None:
        if self._todo:
            numbers = self._todo.popleft()
            hand.left = set(numbers)
            hand.connection.send(numbers)

    def _look(self, hand: _Hand) -> Iterator[Failure]:
        """What the process has said, and whether it still lives and moves."""
        try:
            while hand.connection.poll():
                yield from self._take(hand, hand.connection.recv())
        except (EOFError, ConnectionResetError):
            hand.process.join()
            yield from self._lost(hand, f"it ended the process, exit status {hand.process.exitcode}")
            return
        if hand.is_hung(self._hung_after_s):
            hand.process.kill()
            hand.process.join()
            yield from self._lost(hand, f"it took more than {self._hung_after_s:g} s")

    def _take(self, hand: _Hand, message: object) -> Iterator[Failure]:
        match message:
            case Failure(number, fault):
                self._faults[number] = fault
            case Began(number):
                yield from self._done(hand)
                hand.begin(number)
            case _:
                yield from self._done(hand)
                self._give(hand)

    def _done(self, hand: _Hand) -> Iterator[Failure]:
        if hand.current is not None:
            yield Failure(hand.current, self._faults.pop(hand.current, ""))
            hand.current = None

    def _lost(self, hand: _Hand, fault: str) -> Iterator[Failure]:
        if hand.current is None:
            raise RuntimeError(f"a process of the pool could not begin its work: {fault}")
        yield Failure(hand.current, fault)
        hand.current = None
        if hand.left:
            self._todo.appendleft(sorted(hand.left))
            hand.left = set()

    def _close(self, hand: _Hand) -> None:
        hand.connection.close()
        hand.process.kill()
        hand.process.join()
