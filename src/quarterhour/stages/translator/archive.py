"""The archive of raw files: where they go once they are accounted for, if `inputs.after` says so."""

import os
from collections import Counter
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from quarterhour.lake.arrivals import Arrival
from quarterhour.stages.base import StageContext


class Archive:
    """Moves files to data/archive/<run>/, under the names that they have."""

    def __init__(self, context: StageContext) -> None:
        self._context = context
        self._workspace = context.workspace
        self._is_wanted = context.settings.inputs.after == "archive"
        self._files_of_marker: Counter[str] = Counter()

    def expect(self, found: Iterable[Arrival]) -> None:
        """All the files that are there: a marker that several of them share goes with the last one."""
        if self._is_wanted:
            self._files_of_marker.update(arrival.marker for arrival in found if arrival.marker)

    def take(self, arrival: Arrival) -> None:
        if not self._is_wanted:
            return
        try:
            self._move(arrival.location)
            if arrival.marker:
                self._files_of_marker[arrival.marker] -= 1
                if self._files_of_marker[arrival.marker] <= 0:
                    self._move(arrival.marker)
        except OSError as error:
            self._context.emit(
                f"{arrival.name}: translated, but not archived: {error.strerror}", level="error", file=arrival.name
            )

    def _move(self, location: str) -> None:
        name = os.path.relpath(location, self._workspace.raw)
        target = self._free(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(location).replace(target)

    def _free(self, name: str) -> Path:
        """A path that holds nothing: an earlier attempt of this run may have archived another file of this name."""
        folders = (f"{self._context.run_id}{f'.{number}' if number else ''}" for number in count())
        return next(path for folder in folders if not os.path.lexists(path := self._workspace.archive / folder / name))
