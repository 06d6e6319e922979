"""systemd's notify protocol (sd_notify(3), sd_watchdog_enabled(3)): ready, alive, stopping. Elsewhere nothing is sent."""

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import structlog

from quarterhour.errors import SettingsError

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """Where a service manager listens, if one does."""

    address: str | None = None
    """Of its datagram socket; one that begins with @ is in the abstract namespace."""
    watchdog_s: float | None = None
    """Within how many seconds it wants to hear of us, or it ends and starts us anew."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Raises SettingsError for a WATCHDOG_USEC that is no number."""
        address, limit_us = environment.get("NOTIFY_SOCKET"), environment.get("WATCHDOG_USEC")
        # Meant for another process, whose environment we have.
        is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        if limit_us is not None and not limit_us.isdecimal():
            raise SettingsError(f"WATCHDOG_USEC is {limit_us!r}: it must be microseconds")
        watchdog_s = int(limit_us) / 1e6 if limit_us and address and is_ours else None
        return cls(address, watchdog_s)

    def ready(self, status: str) -> None:
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self, status: str) -> None:
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        # Windows and macOS have no such manager.
        if self.address is None or sys.platform == "win32":
            return
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            # A manager that does not read must not stop us.
            sender.setblocking(False)
            try:
                sender.sendto(message.encode(), address)
            except OSError as error:
                _log.warning("service_manager_unreachable", address=self.address, error=str(error))
