"""Every error that quarterhour raises on purpose: one tree, facts as attributes, the docstring as the default message."""

import errno
from typing import Any


class QuarterhourError(Exception):
    """Something that quarterhour expected could go wrong did."""

    def __init__(self, message: str | None = None, **facts: Any) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])
        self.facts = facts

    @property
    def message(self) -> str:
        return str(self.args[0])


class SettingsError(QuarterhourError):
    """The configuration cannot be used."""


class InvalidTransition(QuarterhourError):
    """The pipeline cannot go from its state to the one asked for."""


class RunInProgress(QuarterhourError):
    """A run is in progress; one runs at a time."""


class DiskNearlyFull(QuarterhourError):
    """So little of the home's disk is free that no run begins."""


class SequenceConflict(QuarterhourError):
    """Another event was written first; read the state again and decide anew."""


class LockHeld(QuarterhourError):
    """The lock is held by another living process."""


class HomeInUse(LockHeld):
    """Another quarterhour serves this home folder."""


class PortInUse(QuarterhourError):
    """The port is held by another program."""


class KeyReused(QuarterhourError):
    """The `Idempotency-Key` was used for another call."""


class UnknownStage(QuarterhourError):
    """No stage of the pipeline has this name."""


class UnknownRun(QuarterhourError):
    """No run has this id."""


class UnknownDataset(QuarterhourError):
    """No merged table has this name."""


class NotResumable(QuarterhourError):
    """The run cannot be resumed."""


class InvalidSchedule(QuarterhourError):
    """The schedule's cron text or time zone cannot be used."""


class TokensNotAskedFor(QuarterhourError):
    """This server asks for no token."""


class Forbidden(QuarterhourError):
    """Whoever calls may not do that."""


class TooManyTokens(QuarterhourError):
    """Too many tokens were made within an hour."""


class UnknownAlert(QuarterhourError):
    """No channel of alerts has this name."""


class AlertWithheld(QuarterhourError):
    """The channel of alerts is silent on purpose."""


class AlertNotDelivered(QuarterhourError):
    """The channel of alerts could not be reached."""


class InvalidBackfill(QuarterhourError):
    """The span of a backfill cannot be used."""


class InvalidQuery(QuarterhourError):
    """The query's parameters cannot be used."""


class EngineError(QuarterhourError):
    """The worker that should have answered could not."""


class EventLogError(QuarterhourError):
    """The event log cannot be read or written."""


class StageError(QuarterhourError):
    """A stage could not do its work.

    `is_transient` says that the same attempt may succeed a little later (a busy file, a lost connection): only such an
    error is retried.
    """

    def __init__(self, message: str | None = None, *, is_transient: bool = False, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.is_transient = is_transient


class LockLost(QuarterhourError):
    """A run's lock has a later holder: the run must write nothing any more."""


class StageCancelled(QuarterhourError):
    """The stage saw that its run is to stop, and left off."""


# Conditions of the machine that can pass by themselves within seconds.
_TRANSIENT_ERRNOS = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.ECONNABORTED,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.EINTR,
        errno.ENETUNREACH,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)


def is_transient(error: BaseException) -> bool:
    """Whether a later attempt may succeed where this one failed. Decided by the error's class, never by its words."""
    if isinstance(error, StageError):
        return error.is_transient
    return isinstance(error, TimeoutError | ConnectionError | OSError) and (
        isinstance(error, TimeoutError | ConnectionError) or error.errno in _TRANSIENT_ERRNOS
    )
