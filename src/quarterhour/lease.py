"""Lease: a lock for file systems whose own locks do not reach other machines. A holder beats; one that stands still loses it.

Each holder makes a folder `NAME.lease-NUMBER`, one above the highest. To rename onto a folder that is there fails, so of several
only one wins; and nothing of a living holder is ever moved or removed, so a taker that was slow can do no harm. Time is only
ever the taker's own monotonic clock: how long it saw the other stand still.
"""

import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import structlog

from quarterhour.errors import LockHeld, LockLost
from quarterhour.files import fsync_folder, write_whole
from quarterhour.identity import Identity

_log = structlog.get_logger()

_BEATS_A_LEASE = 6
# A holder gives up before others may take over.
_OWN_SHARE = 0.75
_HOLDER, _BEAT, _FREED = "holder.json", "beat", "freed"


@dataclass(frozen=True, slots=True)
class Taken:
    """A lease that was won."""

    number: int
    is_from_dead: bool
    """Whether the holder before never freed it."""


class Lease:
    """One name in one folder. `lease_s`: how long a holder on another machine must stand still to count as dead."""

    def __init__(self, folder: Path, name: str, lease_s: float) -> None:
        self._folder = folder
        self._name = name
        self._lease_s = lease_s
        self._identity = Identity.mine()
        self._path: Path | None = None
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None

    def take(self, least: int, on_lost: Callable[[LockLost], None]) -> Taken:
        """Win the lease under a number of at least `least`. Looks for up to `lease_s` whether a holder elsewhere still beats.

        `on_lost` is called from a thread once the lease is lost. Raises LockHeld.
        """
        while True:
            last = self._highest()
            if last and not self._is_over(last):
                raise LockHeld(f"{last} is the lease of a living process")
            number = max(least, self._number(last) + 1 if last else 0)
            made = self._make(number)
            if made is None:
                continue
            if self._highest() != made:
                # Ours was below one that came meanwhile.
                _remove(made)
                continue
            self._path = made
            is_from_dead = last is not None and not (last / _FREED).exists()
            self._remove_below(number)
            self._ended.clear()
            self._beating = threading.Thread(
                target=self._beat, args=(on_lost,), name=f"lease-{self._name}", daemon=True
            )
            self._beating.start()
            return Taken(number, is_from_dead)

    def free(self) -> None:
        """Let others take it at once. One that was lost is left as it is."""
        self._ended.set()
        if self._beating is not None:
            self._beating.join()
        if self._path is not None and self._path.exists():
            # Whoever saw it freed, or took it while it was lost, may have removed it already: it is free then.
            with suppress(FileNotFoundError):
                write_whole(self._path / _FREED, b"")
        self._path = None

    def _highest(self) -> Path | None:
        found = [path for path in self._folder.glob(f"{self._name}.lease-*") if self._number(path)]
        return max(found, key=self._number, default=None)

    def _number(self, path: Path) -> int:
        found = re.fullmatch(rf"{re.escape(self._name)}\.lease-(\d+)", path.name)
        return int(found[1]) if found else 0

    def _make(self, number: int) -> Path | None:
        """The folder of a number, whole; None where another process was first."""
        target = self._folder / f"{self._name}.lease-{number}"
        with tempfile.TemporaryDirectory(prefix=f".{self._name}.lease-", dir=self._folder) as scratch:
            made = Path(scratch) / "lease"
            made.mkdir()
            write_whole(made / _HOLDER, orjson.dumps(asdict(self._identity)))
            write_whole(made / _BEAT, b"0")
            try:
                made.rename(target)
            except OSError:
                if target.exists():
                    return None
                raise
        fsync_folder(self._folder)
        return target

    def _remove_below(self, number: int) -> None:
        for path in self._folder.glob(f"{self._name}.lease-*"):
            if 0 < self._number(path) < number:
                _remove(path)

    def _is_over(self, lease: Path) -> bool:
        """Whether the holder freed it, or is dead."""
        if (lease / _FREED).exists():
            return True
        identity = self._holder_of(lease)
        if identity is not None and identity.is_near:
            return not identity.is_alive
        if self._highest() != lease:
            # Freed, and removed by the holder of a higher one, between two looks.
            return False
        return self._stands_still(lease)

    def _holder_of(self, lease: Path) -> Identity | None:
        try:
            return Identity(**orjson.loads((lease / _HOLDER).read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            _log.warning("lease_holder_unreadable", file=str(lease / _HOLDER), error=str(error))
            return None

    def _stands_still(self, lease: Path) -> bool:
        """Watch a holder of whose life nothing can be told from here."""
        _log.warning("lease_watched", lease=str(lease), up_to_s=self._lease_s)
        first, deadline_s = _content(lease / _BEAT), time.monotonic() + self._lease_s
        while time.monotonic() < deadline_s:
            time.sleep(self._lease_s / _BEATS_A_LEASE / 2)
            if (lease / _FREED).exists() or not lease.exists():
                return True
            if _content(lease / _BEAT) != first or self._highest() != lease:
                return False
        return True

    def _beat(self, on_lost: Callable[[LockLost], None]) -> None:
        assert self._path is not None
        count, beaten_s = 0, time.monotonic()
        while not self._ended.wait(self._lease_s / _BEATS_A_LEASE):
            reason = ""
            if self._highest() != self._path:
                reason = "another process has taken it"
            else:
                try:
                    write_whole(self._path / _BEAT, b"%d" % (count + 1))
                    count, beaten_s = count + 1, time.monotonic()
                except OSError as error:
                    _log.warning("lease_not_beaten", lease=str(self._path), error=str(error))
                    if time.monotonic() - beaten_s > _OWN_SHARE * self._lease_s:
                        reason = f"it could not be held: {error}"
            if reason:
                on_lost(LockLost(f"{self._path}: the lease is lost: {reason}"))
                return


def _remove(lease: Path) -> None:
    """Of a number that is over; other takers may remove it at the same time."""
    shutil.rmtree(lease, ignore_errors=True)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
