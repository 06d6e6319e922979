"""State: the mergeable summary of a set of rows. Its small facts stand here, its long lists in tables of the connection.

Everything in it can be added and taken away again, since updates of keyed datasets take rows out:
- values of a column with few distinct ones, each with its count: all that is said of such a column is exact;
- of other columns, counts, moments and extremes, and samples chosen by hash: which rows or values are in a sample depends on them
  alone, so that two samples unite to the one that their union would have. A sample that holds everything is exact too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

_MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
LONGEST_VALUE = 256
"""Bytes of a text above which its column's values are not kept."""


def is_number(storage: str) -> bool:
    return storage in ("INTEGER", "BIGINT", "DOUBLE") or storage.startswith("DECIMAL")


def is_moment(storage: str) -> bool:
    return storage in _MOMENTS


def is_text(storage: str) -> bool:
    return storage == "VARCHAR"


def is_in_sample(storage: str) -> bool:
    """Whether values of that type are kept as a sample."""
    return is_number(storage) or is_text(storage)


def has_length(storage: str) -> bool:
    return storage in ("VARCHAR", "BLOB")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a state holds at most: the more columns, the less of each."""

    values: int
    """Distinct values that a column may have for all of them to be kept."""
    distinct: int
    """Hashes of distinct values that are kept of another."""
    rows: int
    """Rows whose values are kept as a sample of a column."""
    slots: int = 4096
    """Into which a column of many moments is cut to find its gaps."""

    @classmethod
    def of(cls, columns: int) -> Self:
        columns = max(columns, 1)
        return cls(
            values=min(8192, max(256, 1_000_000 // columns)),
            distinct=min(8192, max(512, 1_000_000 // columns)),
            rows=min(16_384, max(1024, 2_000_000 // columns)),
        )


@dataclass(frozen=True, slots=True)
class ColumnState:
    """One column. What follows `is_sampled` is of sampled columns alone; the others are told by their values."""

    id: int
    type: str
    count: int
    """Rows that are not null."""
    is_sampled: bool = False
    low: str | None = None
    """The least value, not-a-number and infinity included, as text that casts back."""
    high: str | None = None
    distinct_shift: int = 0
    """The hashes that are kept begin with that many zero bits."""
    sample_shift: int = 0
    """The hashes of the rows whose values are kept begin with that many zero bits."""
    finite: int = 0
    """Numbers that are neither infinite nor not-a-number."""
    finite_low: float | None = None
    finite_high: float | None = None
    mean: float | None = None
    """Of the finite numbers. None where it is too large for a double."""
    squares: float | None = None
    """Sum of the squares of the distances from the mean."""
    least_length: int | None = None
    greatest_length: int | None = None
    total_length: int = 0
    slot_shift: int = 0
    """A slot of moments is two to that many microseconds wide."""
    window_shift: int = 0
    """A window, of which all moments are kept or none, is two to that many microseconds wide."""
    window_sample_shift: int = 0

    def keeps(self, kind: str) -> str:
        """SQL of whether a row belongs into this column's part of the table `kind`."""
        match kind:
            case "hashes":
                return chosen("h", self.distinct_shift)
            case "sample":
                return chosen("r", self.sample_shift)
            case _:
                return chosen(window_hash(self.window_shift), self.window_sample_shift)

    def shift(self, kind: str) -> int:
        return int(getattr(self, _SHIFTS[kind]))

    def halved(self, kind: str) -> Self:
        """The column as its part of the table `kind` keeps half as much."""
        changes: dict[str, Any] = {_SHIFTS[kind]: self.shift(kind) + 1}
        return replace(self, **changes)


_SHIFTS: Mapping[str, str] = {
    "hashes": "distinct_shift",
    "sample": "sample_shift",
    "moments": "window_sample_shift",
}


@dataclass(frozen=True, slots=True)
class State:
    """The tables whose names begin with `prefix` belong to it."""

    prefix: str
    rows: int
    columns: Mapping[str, ColumnState]

    @property
    def limits(self) -> Limits:
        return Limits.of(len(self.columns))

    @property
    def samples(self) -> Mapping[str, int]:
        """The tables that are samples, and how much of a column they hold at most."""
        return {"hashes": self.limits.distinct, "sample": self.limits.rows, "moments": self.limits.distinct}

    def sampled(self) -> dict[str, ColumnState]:
        return {name: column for name, column in self.columns.items() if column.is_sampled}

    def table(self, kind: str) -> str:
        return f"{self.prefix}_{kind}"


TABLES: Mapping[str, str] = {
    "counts": "c INTEGER, v VARCHAR, n BIGINT",
    "hashes": "c INTEGER, h UBIGINT, n BIGINT",
    "slots": "c INTEGER, slot BIGINT, n BIGINT, low BIGINT, high BIGINT",
    "moments": "c INTEGER, m BIGINT, n BIGINT",
    "sample": "c INTEGER, r UBIGINT, x DOUBLE, v VARCHAR",
}
"""The tables of a state. `c` is a column's id; `n` says how often."""


class NotMergeable(Exception):
    """States do not unite to that of the whole; `to_sample` are columns whose values became too many to be kept."""

    def __init__(self, reason: str, to_sample: frozenset[str] = frozenset()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.to_sample = to_sample


def window_hash(width: object) -> str:
    """SQL of the hash of the window that a moment `m` is in. Salted: the hash of zero alone is zero, which each sample keeps."""
    return f"hash(m >> {width}, 1)"


def chosen(hashed: str, shift: int) -> str:
    """SQL that is true of one in two to the `shift` hashes."""
    return f"({hashed} >> {64 - shift}) = 0" if shift else "true"
