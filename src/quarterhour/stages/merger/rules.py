"""How a dataset's rows are merged: its keys, and what happens where rows meet. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from quarterhour.settings import Settings
from quarterhour.settings.datasets import Conflict, Duplicates


@dataclass(frozen=True, slots=True)
class MergeRules:
    """What decides, beside the order of the inputs, which rows stand."""

    keys: tuple[str, ...] = ()
    conflict: Conflict = "newest"
    duplicates: Duplicates = "keep"

    @classmethod
    def of(cls, settings: Settings, dataset: str) -> "MergeRules":
        found = settings.dataset(dataset)
        return cls(found.keys, found.conflict, found.duplicates) if found else cls()

    def as_facts(self) -> dict[str, str]:
        """For a commit."""
        return {"keys": orjson.dumps(self.keys).decode(), "conflict": self.conflict, "duplicates": self.duplicates}

    @classmethod
    def read(cls, commit_info: Mapping[str, object]) -> "MergeRules | None":
        """The rules of a commit; None where it was no merge. Commits from before there was a choice merged by the defaults."""
        keys = commit_info.get("keys")
        if keys is None:
            return None
        conflict, duplicates = commit_info.get("conflict", "newest"), commit_info.get("duplicates", "keep")
        return cls(tuple(orjson.loads(str(keys))), conflict, duplicates)  # pyright: ignore[reportArgumentType]
