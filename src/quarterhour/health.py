"""Whether the pipeline can do its work now: by check what is wrong. Asked by `/readyz` and by signs of life."""

from quarterhour.bus import EventBus
from quarterhour.disk import DiskGuard
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
