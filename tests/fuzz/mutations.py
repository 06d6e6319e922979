"""From a number to a broken file: a real table, written in some encoding and compression, with some of its bytes changed."""

import bz2
import gzip
import io
import lzma
import random
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .sources import sources

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MOST_CHANGES = 8
_MOST_SPLICED_BYTES = 2000
_LONG_SHARE = 0.03
_PACKED_SHARE = 0.15
_PACKED_CHANGED_SHARE = 0.3
_PART_BYTES = (32 << 20, 32 << 20, 32 << 20, 1 << 10)
_TEXT_EVERY = 8
_ENCODINGS = ("utf-8",) * 8 + (
    "utf-8-sig",
    "utf-16",
    "utf-16-be",
    "latin-1",
    "cp1250",
    "cp1252",
    "shift_jis",
    "gb18030",
)
_DELIMITERS = (",",) * 6 + (";", "\t", "|", " ", ":")
_LINE_ENDS = ("\n",) * 6 + ("\r\n", "\r\n", "\r")
# What a reader of CSV takes for more than a character.
_TOKENS = (
    *(b'"', b'""', b'"""', b'"' * 7, b'"\n"', b'","', b"'", b"\\", b'\\"'),
    *(b",", b";", b"\t", b"|", b",,,,,,,,", b"\x1f"),
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\n\n\n", b"\n#"),
    *(b"#", b"\0", b" ", b"NA", b"-", b"1e999", b"9" * 40, b"a" * 300),
    *(b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\x80", b"\xc3\xa9"),
)


def _packed_zip(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        middle = content.find(b"\n", len(content) // 2) + 1
        archive.writestr("first.csv", content[:middle])
        archive.writestr("folder/second.csv", content[middle:])
    return file.getvalue()


_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda content: gzip.compress(content, mtime=0),
    "zst": zstd.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zip": _packed_zip,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A broken file, and how it is to be read. The same number is always the same file."""

    number: int
    source: str
    content: bytes
    part_bytes: int
    """Files of twice this size are read in parts side by side."""
    types: Literal["auto", "text"]

    @property
    def name(self) -> str:
        return f"{self.number}-{self.source}"


def mutant(number: int) -> Mutant:
    chance = random.Random(number)
    known = sources()
    names = [name for name in known if name.endswith("-long") == (chance.random() < _LONG_SHARE)]
    name = chance.choice(names)
    content = _written(known[name], chance)
    for _ in range(chance.randint(1, _MOST_CHANGES)):
        content = chance.choice(_CHANGES)(content, chance)
    packing = ""
    if chance.random() < _PACKED_SHARE:
        packing = chance.choice(list(_PACKERS))
        content = _PACKERS[packing](content)
        if chance.random() < _PACKED_CHANGED_SHARE:
            content = chance.choice(_CHANGES)(content, chance)
    suffix = f".csv.{packing}" if packing else ".csv"
    types: Literal["auto", "text"] = "text" if chance.randrange(_TEXT_EVERY) == 0 else "auto"
    return Mutant(number, f"{name}{suffix}", content, chance.choice(_PART_BYTES), types)


def _written(text: str, chance: random.Random) -> bytes:
    # Not by a csv writer: a delimiter inside of a cell may become one more field.
    text = text.replace(",", chance.choice(_DELIMITERS)).replace("\n", chance.choice(_LINE_ENDS))
    return text.encode(chance.choice(_ENCODINGS), "replace")


def _slice(content: bytes, chance: random.Random) -> tuple[int, int]:
    """From and to: mostly short, at times as long as half of the file."""
    start = chance.randint(0, len(content))
    longest = 1 << chance.randint(0, max(1, len(content).bit_length() - 1))
    return start, min(len(content), start + chance.randint(1, longest))


def _insert(content: bytes, chance: random.Random) -> bytes:
    place = chance.randint(0, len(content))
    return content[:place] + chance.randbytes(chance.randint(1, 8)) + content[place:]


def _delete(content: bytes, chance: random.Random) -> bytes:
    start, end = _slice(content, chance)
    return content[:start] + content[end:]


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4) if content else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _splice(content: bytes, chance: random.Random) -> bytes:
    """A piece of another table, over a piece of this one or between."""
    other = _written(chance.choice(list(sources().values())), chance)
    first = chance.randrange(len(other))
    start, end = _slice(content, chance)
    kept = content[chance.choice((start, end)) :]
    return content[:start] + other[first : first + chance.randint(1, _MOST_SPLICED_BYTES)] + kept


def _duplicate(content: bytes, chance: random.Random) -> bytes:
    start, end = _slice(content, chance)
    place = chance.randint(0, len(content))
    return content[:place] + content[start:end] + content[place:]


def _swap(content: bytes, chance: random.Random) -> bytes:
    a, b, c, d = sorted(chance.randint(0, len(content)) for _ in range(4))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def _cut(content: bytes, chance: random.Random) -> bytes:
    """As a transfer that broke off."""
    return content[: chance.randint(0, len(content))]


def _token(content: bytes, chance: random.Random) -> bytes:
    place = chance.randint(0, len(content))
    kept = content[place + chance.randint(0, 5) :]
    return content[:place] + chance.choice(_TOKENS) + kept


# Tokens stand there more often: they are what files of people are broken by.
_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_insert, _delete, _flip, _splice, _duplicate, _swap),
    *(_token,) * 5,
    _cut,
)
