"""TokenDesk: where tokens are made and revoked by calls, and how many within an hour."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from quarterhour.errors import TooManyTokens
from quarterhour.tokens import Role, Token, TokenStore
from quarterhour.web.access import TokenUses

_MOST_MADE = 10
_WITHIN_S = 3600.0


class TokenDesk:
    def __init__(self, store: TokenStore, uses: TokenUses, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._uses = uses
        self._clock = clock
        self._made = deque[float](maxlen=_MOST_MADE)

    async def all(self) -> Sequence[Token]:
        return await asyncio.to_thread(self._store.all)

    def last_used(self, token: Token) -> datetime | None:
        """Since the server's start."""
        return self._uses.last(token.id)

    async def make(self, name: str, role: Role) -> tuple[Token, str]:
        """A token and its text. Raises TokenNameTaken, TooManyTokens."""
        now_s = self._clock()
        if len(self._made) == _MOST_MADE and now_s - self._made[0] < _WITHIN_S:
            wait_s = self._made[0] + _WITHIN_S - now_s
            raise TooManyTokens(
                f"{_MOST_MADE} tokens were made within an hour: try again in {wait_s:.0f} s, or use `quarterhour token create`"
            )
        made = await asyncio.to_thread(self._store.create, name, role)
        self._made.append(now_s)
        return made

    async def revoke(self, token_id: str) -> Token:
        """Raises UnknownToken."""
        return await asyncio.to_thread(self._store.revoke, token_id)
