"""The event catalogue: every fact that quarterhour records, and its wire form. Pure.

An event is made only by its class here. `to_record` gives it its place in the log; what is read back is an `EventRecord`, also
for an event that this version does not know. The file is long since it is one list, to be read as one.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, cast

import orjson

from quarterhour.clock import wire_time

# A larger event has its data cut, so that one stage cannot flood the log.
MAX_EVENT_BYTES = 64 * 1024


class EventKind(StrEnum):
    """What an event says, whoever says it."""

    START = "start"
    PROGRESS = "progress"
    LOG = "log"
    SUCCESS = "success"
    FAILED = "failed"
    ERROR = "error"
    RETRY = "retry"
    SKIPPED = "skipped"
    STOP = "stop"
    STATE = "state"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event as it stands in the log and on the wire. `timestamp` is RFC 3339 in UTC with milliseconds."""

    seq: int
    timestamp: str
    run_id: str | None
    stage: str
    event: str
    msg: str
    data: dict[str, Any]
    line: bytes = field(compare=False, repr=False)
    """The one serialised form, without the line feed: for the file and for every viewer."""

    @classmethod
    def parse(cls, line: bytes) -> "EventRecord":
        """Raises ValueError where `line` is not an event. An unknown kind of event is one."""
        parsed = orjson.loads(line)
        if not isinstance(parsed, dict):
            raise ValueError("not an event: not a JSON object")
        wire = cast(dict[str, Any], parsed)
        if not isinstance(wire.get("seq"), int):
            raise ValueError("not an event: it has no seq")
        try:
            return cls(
                seq=wire["seq"],
                timestamp=wire["timestamp"],
                run_id=wire["run_id"],
                stage=wire["stage"],
                event=wire["event"],
                msg=wire["msg"],
                data=wire["data"],
                line=line,
            )
        except KeyError as error:
            raise ValueError(f"not an event: it has no {error.args[0]}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact that is about to be recorded. `at` is aware."""

    kind: ClassVar[EventKind]
    at: datetime
    run_id: str | None
    stage: str
    msg: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"an event's time has no zone: {self.at!r}")

    def to_record(self, seq: int) -> EventRecord:
        timestamp = wire_time(self.at)
        data = self.data
        wire: dict[str, Any] = {
            "seq": seq,
            "timestamp": timestamp,
            "run_id": self.run_id,
            "stage": self.stage,
            "event": self.kind.value,
            "msg": self.msg,
            "data": data,
        }
        line = orjson.dumps(wire, option=orjson.OPT_NON_STR_KEYS)
        if len(line) > MAX_EVENT_BYTES:
            msg = self.msg if len(self.msg) <= 1000 else self.msg[:1000] + "…"
            data = {"truncated": True, "bytes": len(line)}
            wire |= {"msg": msg, "data": data}
            line = orjson.dumps(wire)
            return EventRecord(seq, timestamp, self.run_id, self.stage, self.kind.value, msg, data, line)
        return EventRecord(seq, timestamp, self.run_id, self.stage, self.kind.value, self.msg, data, line)


# The pipeline


class StateChanged(Event):
    """The pipeline went from one state to another, or its schedule changed. `data`: status (the whole after it), changed."""

    __slots__ = ()
    kind = EventKind.STATE


class RunStarted(Event):
    """A run began. `data`: trigger, stages, mark, window (start and end of its time), request (its call's key and digest)."""

    __slots__ = ()
    kind = EventKind.START


class RunSucceeded(Event):
    """A run ended well and its balance closes. `data`: counts, duration_s."""

    __slots__ = ()
    kind = EventKind.SUCCESS


class RunFailed(Event):
    """A run ended badly. `data`: reason, failed_stage, duration_s."""

    __slots__ = ()
    kind = EventKind.FAILED


class RunStopped(Event):
    """A run was stopped by a person. `data`: duration_s."""

    __slots__ = ()
    kind = EventKind.STOP


class RunSealed(Event):
    """The last event of a run: what makes a change of any event before it plain. `data`: level, sealed (docs/events.md)."""

    __slots__ = ()
    kind = EventKind.LOG


class RunStopping(Event):
    """A person asked for the run to stop; its worker is given the grace to do so."""

    __slots__ = ()
    kind = EventKind.LOG


class RunNearlyLate(Event):
    """A run has used 80 % of `runner.must_finish_within`. `data`: level, within_s."""

    __slots__ = ()
    kind = EventKind.LOG


class RunLate(Event):
    """A run has not ended within `runner.must_finish_within`; it goes on. `data`: within_s."""

    __slots__ = ()
    kind = EventKind.ERROR


class BalanceClosed(Event):
    """The rows of a run add up. `data.balance`: rows, inserted, updated, unchanged, held_back and difference (0)."""

    __slots__ = ()
    kind = EventKind.LOG


class BalanceOpen(Event):
    """The rows of a run do not add up; the run fails. `data.balance` as in BalanceClosed."""

    __slots__ = ()
    kind = EventKind.ERROR


class LogRepaired(Event):
    """A torn last line was cut off an event file at the start. `data`: file, bytes, text (its beginning)."""

    __slots__ = ()
    kind = EventKind.ERROR


class EventsRemoved(Event):
    """The oldest runs' events are removed, up to one by which a run was sealed. `data`: floor (its seal), kept, runs, bytes."""

    __slots__ = ()
    kind = EventKind.LOG


class MarksKept(Event):
    """What events that are removed next said of marks of the schedule. `data`: level, marks (docs/events.md)."""

    __slots__ = ()
    kind = EventKind.LOG


class ConfigurationChanged(Event):
    """A server's settings are others than at the start before.

    `data`: level, changed (key, from, to), configuration, digest, stages.
    """

    __slots__ = ()
    kind = EventKind.LOG


class CommandGiven(Event):
    """A command came by a token or a login. `data`: method, path, status, by (the token's name), address."""

    __slots__ = ()
    kind = EventKind.LOG


class TokenMade(Event):
    """An operator made a token by the API. `data`: token (its name), role, by, address. The token itself is told nowhere."""

    __slots__ = ()
    kind = EventKind.LOG


class TokenRevoked(Event):
    """An operator revoked a token by the API. `data` as in TokenMade."""

    __slots__ = ()
    kind = EventKind.LOG


class LockTakenOver(Event):
    """A process that died had a lock; it is held anew. `data`: lock, pid, host, since, purpose (its), fence (ours)."""

    __slots__ = ()
    kind = EventKind.LOG


class IndexDiscarded(Event):
    """The index of the event log is made anew from the files. `data`: level, why."""

    __slots__ = ()
    kind = EventKind.LOG


class IndexFailed(Event):
    """The index of the event log cannot be kept up, and is tried again; questions are answered from the files. `data`: why."""

    __slots__ = ()
    kind = EventKind.ERROR


class IndexRebuilt(Event):
    """The index of the event log was made. `data`: events (their number)."""

    __slots__ = ()
    kind = EventKind.LOG


class LeftoversRemoved(Event):
    """What killed processes left unfinished was removed at the start. `data`: files, scratch, kept (and why)."""

    __slots__ = ()
    kind = EventKind.LOG


class RunNotResumed(Event):
    """A run that the server's end cut short is not resumed at the start. `data`: resumptions (in a row, up to it)."""

    __slots__ = ()
    kind = EventKind.ERROR


class TablesMaintained(Event):
    """Small data files were joined, or old versions forgotten, after a run. `data.tables`: what was done for each."""

    __slots__ = ()
    kind = EventKind.LOG


class MaintenanceFailed(Event):
    """A table, or all, could not be maintained; runs go on all the same. `data`: dataset, where it is one."""

    __slots__ = ()
    kind = EventKind.ERROR


# A stage


class StageStarted(Event):
    """An attempt of a stage began. `data`: attempt."""

    __slots__ = ()
    kind = EventKind.START


class StageProgressed(Event):
    """How far a stage is. `data`: done, total, and what the stage adds. At most 10 a second for each stage."""

    __slots__ = ()
    kind = EventKind.PROGRESS


class StageLogged(Event):
    """A line that a stage wrote or printed. `data`: level, stream or logger of what was printed, and what the stage adds."""

    __slots__ = ()
    kind = EventKind.LOG


class StageErred(Event):
    """Something in a stage went wrong that does not end it, such as one bad file. `data`: what the stage adds."""

    __slots__ = ()
    kind = EventKind.ERROR


class StageSucceeded(Event):
    """A stage ended well and its output is in place. `data`: duration_s and the stage's counts."""

    __slots__ = ()
    kind = EventKind.SUCCESS


class StageRetrying(Event):
    """An attempt failed with an error that can pass; another follows. `data`: attempt, reason, delay_s."""

    __slots__ = ()
    kind = EventKind.RETRY


class StageFailed(Event):
    """A stage failed for good. `data`: reason, attempt, duration_s, trace."""

    __slots__ = ()
    kind = EventKind.FAILED


class StageStopped(Event):
    """A stage was ended because its run was stopped. `data`: attempt, duration_s."""

    __slots__ = ()
    kind = EventKind.STOP


# The merged tables


class TableReversed(Event):
    """A person retracted inputs, put them back, or restored a version. `data`: operation, dataset, version, inputs, changes."""

    __slots__ = ()
    kind = EventKind.LOG


class FilesRetranslated(Event):
    """A person had damaged translated files made anew. `data`: files (the first hundred: outcome and why), file_count."""

    __slots__ = ()
    kind = EventKind.LOG


# The scheduler and the watchdog


class MarkSkipped(Event):
    """A mark of the schedule did not start a run. `data`: mark, reason (`running`, `breaker`, `disk_full`), running (its id)."""

    __slots__ = ()
    kind = EventKind.SKIPPED


class MarksPassed(Event):
    """No run began at some marks. `data`: cron, timezone, first, last, count, reason (`down`, `asleep`, `paused`, …)."""

    __slots__ = ()
    kind = EventKind.SKIPPED


class BackfillStarted(Event):
    """Windows of the schedule that are over are run. `data`: from, to, windows (how many), succeeded (left out),
    keeps_going, request (of a call with an `Idempotency-Key`)."""

    __slots__ = ()
    kind = EventKind.LOG


class BackfillEnded(Event):
    """A backfill is done, or was stopped. `data`: from, to, state, runs, failed, left (how many windows), next (window)."""

    __slots__ = ()
    kind = EventKind.LOG


class BackfillFailed(Event):
    """A run of a backfill failed, and ended it unless it keeps going. `data` as in BackfillEnded."""

    __slots__ = ()
    kind = EventKind.ERROR


class BreakerMoved(Event):
    """Failed runs in a row hold the schedule back, or no longer. `data`: from, to (`closed`, `open`, `probing`), failures."""

    __slots__ = ()
    kind = EventKind.LOG


class Beat(Event):
    """Vital signs. `data`: of the process (rss_mb, lag_ms) and of the running attempt (pid, rss_mb, idle_s)."""

    __slots__ = ()
    kind = EventKind.HEARTBEAT


class DiskRanLow(Event):
    """No run begins until more of the home's disk is free. `data`: free, total (bytes; null: it cannot be looked at), asked."""

    __slots__ = ()
    kind = EventKind.ERROR


class DiskFreed(Event):
    """Enough of the home's disk is free again. `data`: free, total, asked (bytes)."""

    __slots__ = ()
    kind = EventKind.LOG


class ServerGrew(Event):
    """The server holds more memory than `watchdog.server_memory`. `data`: rss, limit (bytes)."""

    __slots__ = ()
    kind = EventKind.ERROR


class ServerShrank(Event):
    """The server's memory is below its limit again. `data`: rss, limit (bytes)."""

    __slots__ = ()
    kind = EventKind.LOG


class ZombiesLeft(Event):
    """Processes ended that their parent does not wait for. `data`: level, pids, parents."""

    __slots__ = ()
    kind = EventKind.LOG


class SwitchSilent(Event):
    """The dead man's switch cannot be reached. `data`: host, error."""

    __slots__ = ()
    kind = EventKind.ERROR


class SwitchAnswered(Event):
    """The dead man's switch answers again. `data`: host, error (null)."""

    __slots__ = ()
    kind = EventKind.LOG


class AlertSent(Event):
    """A channel of alerts took a message. `data`: alert, messages (lines in it), error (null)."""

    __slots__ = ()
    kind = EventKind.LOG


class AlertsUndelivered(Event):
    """A channel of alerts takes no message; what waits is tried again. `data`: alert, messages, error."""

    __slots__ = ()
    kind = EventKind.ERROR


class AlertTested(Event):
    """A person had a channel of alerts tried. `data`: level, alert, host, error (null: delivered), by, address."""

    __slots__ = ()
    kind = EventKind.LOG


class LoopBlocked(Event):
    """The event loop answers again. `data`: level, lag_s, stack (where it stood; null where the whole process stood still)."""

    __slots__ = ()
    kind = EventKind.LOG


class ScheduleOverdue(Event):
    """A run should have begun `watchdog.overdue_after` seconds ago, and nothing was done. `data`: due_at, waited_s."""

    __slots__ = ()
    kind = EventKind.ERROR


class ScheduleRecovered(Event):
    """The mark that was overdue has its verdict, or the schedule is another. `data`: due_at, waited_s."""

    __slots__ = ()
    kind = EventKind.LOG


class WorkerKilled(Event):
    """The watchdog ended a worker. `data`: stage, attempt, pid, reason."""

    __slots__ = ()
    kind = EventKind.ERROR


EVENT_CLASSES: tuple[type[Event], ...] = tuple(Event.__subclasses__())
