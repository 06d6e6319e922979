"""Messenger: sends messages to one address by Apprise, and says of what went wrong nothing that is in the address."""

import asyncio
import logging
import re
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from quarterhour.errors import SettingsError

if TYPE_CHECKING:
    from apprise import AppriseResult, NotifyType

_TIMEOUT_S = 30.0
# What is shorter is no secret, and may be a part of any word.
_SHORTEST_SECRET = 4


class Messenger:
    """Made by a worker: Apprise takes its time to load. Raises SettingsError where no service has such an address."""

    def __init__(self, channel: str, url: str) -> None:
        # Not loaded where nobody asks for it.
        from apprise import Apprise, AppriseAsset, PersistentStoreMode

        asset = AppriseAsset(
            app_id="quarterhour",
            app_desc="quarterhour",
            app_url="",
            # Its own pictures would be fetched from elsewhere by whoever reads a message.
            image_url_mask="",
            image_url_logo="",
            storage_mode=PersistentStoreMode.MEMORY,
            # With a limit of its own it would send from a thread for which the server's end waits.
            service_timeout=0,
        )
        self._apprise = Apprise(asset=asset)
        # Its stubs leave the types of what else can be added open.
        if not self._apprise.add(url):  # pyright: ignore[reportUnknownMemberType]
            scheme = url.partition("://")[0] if "://" in url else ""
            raise SettingsError(
                f"[[alerts]] {channel!r}: url: Apprise cannot send to such a {scheme!r} address; its documentation has the "
                "form of each service's, such as mailtos://user:password@example.org"
            )
        self._thread_name = f"alerts-{channel}"
        self._secrets = _secrets(url)

    @property
    def service(self) -> str:
        """For people: 'Slack'."""
        return str(self._apprise[0].service_name)

    async def send(self, title: str, body: str, *, is_good: bool) -> str | None:
        """What went wrong; None where the service took the message."""
        from apprise import AppriseResultStatus, NotifyType

        try:
            async with asyncio.timeout(_TIMEOUT_S):
                result = await self._sent(title, body, NotifyType.SUCCESS if is_good else NotifyType.FAILURE)
        except TimeoutError:
            return f"no answer within {_TIMEOUT_S:g} s"
        if result.status is AppriseResultStatus.SUCCESS:
            return None
        said = [entry.message for service in result for attempt in service for entry in attempt]
        return self._without_secrets(" ".join(said)) or "the service did not take it"

    def _sent(self, title: str, body: str, kind: "NotifyType") -> "asyncio.Future[AppriseResult]":
        """By a thread that nobody waits for at the server's end: some services take many seconds to be given up."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[AppriseResult] = loop.create_future()

        def settle(result: "AppriseResult") -> None:
            if not answer.done():
                answer.set_result(result)

        def send() -> None:
            # It raises nothing: what a service raises is in its result. Its stubs leave the types of templates open.
            result = self._apprise.notify(  # pyright: ignore[reportUnknownMemberType]
                title=title, body=body, notify_type=kind, log_level=logging.WARNING
            )
            # Raised where the loop is closed: nobody waits for the answer any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, result)

        threading.Thread(target=send, name=self._thread_name, daemon=True).start()
        return answer

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def _secrets(url: str) -> list[str]:
    """Each part of an address but its scheme and the names of its options, as it stands and as it is meant; longest first."""
    rest = re.sub(r"[?&][\w.+:-]+=", " ", url.partition(":")[2])
    parts = {part for form in (rest, unquote(rest)) for part in re.split(r"[^\w.-]+", form)}
    return sorted((part for part in parts if len(part) >= _SHORTEST_SECRET), key=len, reverse=True)
