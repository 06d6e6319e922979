"""The collection of dirty files: `cases()`."""

from functools import lru_cache

from bench.dirty.case import Case
from bench.dirty.dialects import dialect_cases
from bench.dirty.encodings import encoding_cases
from bench.dirty.kinds import type_cases
from bench.dirty.pairs import pair_cases
from bench.dirty.shapes import shape_cases

GROUPS = ("encoding", "dialect", "shape", "types", "pairs")


@lru_cache
def cases() -> tuple[Case, ...]:
    """All cases, the same at each call; no two share a name."""
    found = (*encoding_cases(), *dialect_cases(), *shape_cases(), *type_cases(), *pair_cases())
    assert len({case.file_name for case in found}) == len(found)
    return found
