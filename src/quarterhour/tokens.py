"""Access tokens: made once, shown once, kept as hashes. A token has a name, that events tell, and a role."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import orjson
from filelock import FileLock

from quarterhour.clock import wire_time
from quarterhour.errors import QuarterhourError
from quarterhour.files import write_whole

_PREFIX = "qh_"
_BYTES = 32
_ID_DIGITS = 8
_LOCK_WAIT_S = 10.0


class TokenError(QuarterhourError):
    """A token cannot be made or found."""


class TokenNameTaken(TokenError):
    """A token has this name already."""


class UnknownToken(TokenError):
    """No token has this name or id."""


class Role(StrEnum):
    """What the holder of a token may do."""

    VIEWER = "viewer"
    """Read everything."""
    OPERATOR = "operator"
    """Also start, stop, change."""

    def may(self, needed: "Role") -> bool:
        return self is Role.OPERATOR or needed is Role.VIEWER


@dataclass(frozen=True, slots=True)
class Token:
    """All that is kept of one."""

    id: str
    name: str
    role: Role
    hash: str
    """SHA-256 of the token, in hex. Tokens are random and long: a slow hash would add nothing."""
    created_at: str


class TokenStore:
    """The tokens of a home, in one file that its owner alone may read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    def all(self) -> Sequence[Token]:
        """As they stand now, also where another process changed them. Raises TokenError for a damaged file."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._read_at, self._tokens = None, ()
            return ()
        state = (found.st_mtime_ns, found.st_ino)
        if state != self._read_at:
            self._tokens, self._read_at = self._read(), state
        return self._tokens

    def _read(self) -> tuple[Token, ...]:
        try:
            return tuple(
                Token(**{**each, "role": Role(each["role"])}) for each in orjson.loads(self._path.read_bytes())
            )
        except (ValueError, TypeError, KeyError) as error:
            raise TokenError(
                f"{self._path} is damaged ({error}): nobody is let in. Remove it, and make tokens anew"
            ) from error

    def find(self, secret: str) -> Token | None:
        """The token with this text. Each is compared in constant time, and all are, whichever fits."""
        digest, found = _hash(secret), None
        for token in self.all():
            if hmac.compare_digest(token.hash, digest):
                found = token
        return found

    def with_id(self, token_id: str) -> Token | None:
        return next((token for token in self.all() if token.id == token_id), None)

    def create(self, name: str, role: Role) -> tuple[Token, str]:
        """A new token, and its text, which is not kept. Raises TokenNameTaken."""
        with self._writing():
            if any(token.name == name for token in self.all()):
                raise TokenNameTaken(f"a token is named {name!r} already: revoke it, or choose another name")
            secret = _PREFIX + secrets.token_urlsafe(_BYTES)
            digest = _hash(secret)
            token = Token(digest[:_ID_DIGITS], name, role, digest, wire_time(datetime.now(UTC)))
            self._write([*self.all(), token])
        return token, secret

    def revoke(self, name: str) -> Token:
        """From now on it opens nothing, nor do the logins made by it. `name` or id. Raises UnknownToken."""
        with self._writing():
            found = next((token for token in self.all() if name in (token.name, token.id)), None)
            if found is None:
                raise UnknownToken(f"no token is named {name!r}; `quarterhour token list` shows those there are")
            self._write([token for token in self.all() if token is not found])
        return found

    def _writing(self) -> FileLock:
        """A server and a command line that write at once must not bring back what the other revoked."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_WAIT_S, thread_local=False)

    def _write(self, tokens: Sequence[Token]) -> None:
        write_whole(self._path, orjson.dumps([asdict(token) for token in tokens]), is_private=True)
        self._read_at = None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
