"""Whether the pipeline can do its work now: by check what is wrong. Asked by `/readyz`, signs of life and alerts."""

from quarterhour.bus import EventBus
from quarterhour.disk import DiskGuard
from quarterhour.lifecycle import RunState, Status
from quarterhour.watchdog import Watchdog


def problems(bus: EventBus, disk: DiskGuard, watchdog: Watchdog) -> dict[str, str | None]:
    """None where a check has found nothing."""
    return {
        "event_log": "the disk is full: events wait in memory" if bus.is_disk_full else None,
        "schedule": watchdog.overdue.problem,
        "disk": disk.last.text if disk.last.is_low else None,
        "event_loop": watchdog.lag.problem,
        "memory": watchdog.server.problem,
    }


def failure(status: Status) -> str | None:
    """What the last run failed of; None after one that did not. One that was stopped or cut short says nothing new."""
    failures, run = status.schedule.failures, status.last_run
    if not failures or run is None:
        return None
    if run.state is not RunState.FAILED:
        return f"the last run that was let to its end failed, at {status.schedule.failed_at}"
    return f"run {run.run_id} failed: {run.message or run.reason}"
