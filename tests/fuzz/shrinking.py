"""A smaller file that breaks the same promise: what people look at first."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from .mutations import Mutant
from .promises import broken_promises

_MOST_TRIES = 2000


def shrunk(found: Mutant) -> Mutant:
    """Whole lines are left out first, then bytes. A file that hangs cannot be shrunk: nobody would end the try."""
    with TemporaryDirectory(prefix="quarterhour-fuzz-") as folder:

        def is_broken(content: bytes) -> bool:
            return any(broken_promises([replace(found, content=content)], Path(folder)))

        lines = _fewest(found.content.splitlines(keepends=True), lambda kept: is_broken(b"".join(kept)))
        content = b"".join(lines)
        pieces = _fewest(
            [content[place : place + 1] for place in range(len(content))], lambda kept: is_broken(b"".join(kept))
        )
    return replace(found, content=b"".join(pieces))


def _fewest(parts: list[bytes], is_broken: Callable[[list[bytes]], bool]) -> list[bytes]:
    """Parts without which `is_broken` would not hold, as far as some tries tell; runs of them are left out, ever shorter ones."""
    length, tries = max(1, len(parts) // 2), 0
    while tries < _MOST_TRIES:
        place, before = 0, len(parts)
        while place < len(parts) and tries < _MOST_TRIES:
            fewer = parts[:place] + parts[place + length :]
            tries += 1
            if fewer and is_broken(fewer):
                parts = fewer
            else:
                place += length
        if length == 1 and len(parts) == before:
            break
        length = max(1, length // 2)
    return parts
