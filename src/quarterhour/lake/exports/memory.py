"""How much memory a process may take while it runs somebody's filter: DuckDB counts no texts that an expression makes."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

import psutil

# Above what the process holds at the beginning.
_FILTER_BYTES = 2**30

if sys.platform == "linux":
    import resource

    @contextmanager
    def bounded_memory() -> Generator[None]:
        """While the block lasts the system gives this process no more; what asks for it is told so, and goes on."""
        before, most = resource.getrlimit(resource.RLIMIT_DATA)
        bound = psutil.Process().memory_info().data + _FILTER_BYTES
        resource.setrlimit(resource.RLIMIT_DATA, (min(bound, most) if most != resource.RLIM_INFINITY else bound, most))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, (before, most))

else:

    @contextmanager
    def bounded_memory() -> Generator[None]:
        """Windows and macOS have no such limit for a part of a process's life: the time limit of an export stands."""
        yield
