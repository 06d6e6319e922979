"""TranslatorService: every raw file that waits becomes rows or quarantine, once."""

import os
import time
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Any

from quarterhour.lake.arrivals import Arrival, ArrivalState, Content, FileUnreadable, arrivals
from quarterhour.lake.ledger import InputLedger, Sighting
from quarterhour.lake.scratch import own_scratch
from quarterhour.stages.base import StageContext, StageResult
from quarterhour.stages.translator.accounts import Accounts
from quarterhour.stages.translator.archive import Archive
from quarterhour.stages.translator.engine import connect
from quarterhour.stages.translator.intake import Intake, Known, Task
from quarterhour.stages.translator.worker import Outcome, Worker

_LOOK_EVERY_S = 0.2
# Files that are read, and that are translated, beside those at work: enough that no core waits for the next look.
_AHEAD_A_WORKER = 4


class TranslatorService:
    """Any CSV to typed Parquet and quarantine; `records = rows + quarantined` for each file."""

    name = "translator"

    def run(self, context: StageContext) -> StageResult:
        with context.lake.ledger() as ledger:
            return _Run(context, ledger).run()


class _Run:
    def __init__(self, context: StageContext, ledger: InputLedger) -> None:
        self._context = context
        self._ledger = ledger
        self._archive = Archive(context)
        self._accounts = Accounts(context, ledger, self._archive)

    def run(self) -> StageResult:
        if self._context.attempt > 1:
            self._accounts.count_earlier_attempts()
        settings, sightings = self._context.settings, self._ledger.sightings()
        is_archiving = settings.inputs.after == "archive"
        found = arrivals(
            self._context.workspace, settings, sightings, datetime.now(UTC), time.sleep, with_known=is_archiving
        )
        states = Counter(arrival.state for arrival in found)
        self._accounts.counts["settling_files"] = states[ArrivalState.SETTLING]
        if is_archiving:
            self._archive.expect(found)
            self._archive_known(found, sightings)
        waiting = [arrival for arrival in found if arrival.state is ArrivalState.WAITING]
        if waiting:
            with own_scratch(self._context.workspace.scratch, "translate") as scratch, connect(scratch) as engine:
                worker = Worker(self._context, engine, scratch)
                intake = Intake(self._ledger, self._context.workspace, sightings)
                _Flow(self._context, self._accounts, intake, worker).run(waiting)
        self._accounts.close()
        return self._accounts.result()

    def _archive_known(self, found: list[Arrival], sightings: Mapping[str, Sighting]) -> None:
        """Files that a killed run had committed, but not moved yet. Those that were put aside whole stay, to be mended."""
        rejected = self._ledger.rejected()
        for arrival in found:
            if arrival.state is ArrivalState.KNOWN and sightings[arrival.name].fingerprint not in rejected:
                self._archive.take(arrival)


class _Flow:
    """The files of a run on their way through its threads: each read, judged in the order of names, translated, accounted for.

    They are accounted for in the order of names too: of two rows with the same key the one of the later file stands, whichever
    thread was quicker.
    """

    def __init__(self, context: StageContext, accounts: Accounts, intake: Intake, worker: Worker) -> None:
        self._context = context
        self._accounts = accounts
        self._intake = intake
        self._worker = worker
        self._reading: deque[tuple[Arrival, Future[Content | FileUnreadable]]] = deque()
        self._translating: deque[Future[Outcome]] = deque()
        """In order; those that ended stand here until all before them have ended, and the next accounts are due."""
        self._running: set[Future[Outcome]] = set()
        self._accounted_s = 0.0

    def run(self, waiting: list[Arrival]) -> None:
        todo = deque(waiting)
        threads = min(os.cpu_count() or 1, len(waiting))
        with ThreadPoolExecutor(threads, "translate") as pool:
            try:
                while todo or self._reading or self._translating:
                    self._read_ahead(todo, pool, _AHEAD_A_WORKER * threads)
                    self._await_something()
                    self._judge(pool)
                    left = len(todo) + len(self._reading) + len(self._running)
                    self._account(is_last=not left)
                    self._context.progress(len(waiting) - left, len(waiting))
                    self._context.check_cancelled()
            except BaseException:
                self._worker.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _read_ahead(self, todo: deque[Arrival], pool: ThreadPoolExecutor, ahead: int) -> None:
        while todo and len(self._reading) < ahead and len(self._running) < ahead:
            arrival = todo.popleft()
            future = pool.submit(self._worker.content, arrival, self._intake.head_bytes(arrival))
            self._reading.append((arrival, future))

    def _await_something(self) -> None:
        awaited: set[Future[Any]] = {*self._running}
        if self._reading:
            # Only the first can be judged next.
            awaited.add(self._reading[0][1])
        wait(awaited, _LOOK_EVERY_S, FIRST_COMPLETED)
        self._running = {future for future in self._running if not future.done()}

    def _judge(self, pool: ThreadPoolExecutor) -> None:
        while self._reading and self._reading[0][1].done():
            arrival, future = self._reading.popleft()
            content = future.result()
            if isinstance(content, FileUnreadable):
                self._accounts.fail(arrival, content.message)
                continue
            verdict = self._intake.judge(arrival, content)
            if isinstance(verdict, Task):
                translating = pool.submit(self._worker.translate, verdict)
                self._translating.append(translating)
                self._running.add(translating)
            elif verdict is Known.IN_LEDGER:
                is_back = self._intake.is_back(arrival, content.fingerprint)
                self._accounts.skip(arrival, content.fingerprint, is_back=is_back)
            else:
                self._accounts.skip_later(arrival, content.fingerprint)

    def _account(self, *, is_last: bool) -> None:
        # Each commit waits for the disk: what ends within a look is one.
        if not is_last and time.monotonic() - self._accounted_s < _LOOK_EVERY_S:
            return
        outcomes: list[Outcome] = []
        while self._translating and self._translating[0].done():
            outcomes.append(self._translating.popleft().result())
        self._accounts.settle(outcomes)
        self._accounted_s = time.monotonic()
