"""Retention: compresses what is old of the event log, a step after each run, in a thread beside all else."""

import asyncio
import threading
import time
from datetime import timedelta

from quarterhour.clock import Clock
from quarterhour.event_log.base import EventLog
from quarterhour.event_log.files import LeftOff
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.settings import RetentionSettings

# So long a step begins with another file; the rest has time after the next run.
_STEP_S = 30.0


class Retention:
    """Of a log in memory it keeps all as it is."""

    def __init__(self, settings: RetentionSettings, log: EventLog, clock: Clock) -> None:
        self._settings = settings
        self._log = log
        self._clock = clock

    async def step(self) -> None:
        """Raises OSError, EventLogError. Cancelled, it ends when the file at work is whole or as it was."""
        if not isinstance(self._log, JsonlEventLog):
            return
        is_left = threading.Event()
        work = asyncio.create_task(asyncio.to_thread(self._compress, self._log, is_left))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            is_left.set()
            await asyncio.gather(work, return_exceptions=True)
            raise

    def _compress(self, log: JsonlEventLog, is_left: threading.Event) -> None:
        until = self._clock.now() - timedelta(days=self._settings.compress_after)
        ends_s = time.monotonic() + _STEP_S
        for path in log.old_files(until.timestamp()):
            if time.monotonic() > ends_s:
                return
            try:
                log.compress(path, lambda: not is_left.is_set())
            except LeftOff:
                return
