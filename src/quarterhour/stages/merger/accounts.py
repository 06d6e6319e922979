"""The merger's accounts: what became of the rows of each input, in memory and in a commit's facts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from quarterhour.stages.merger.rules import MergeRules


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of rows. Each row that was taken in is one of the four.

    In a keyed dataset a row is compared with the one before it under the same key: the merged one, or, where the batch has
    the key more than once, the one that it supersedes there. So a row that a later one of the same batch replaced counts too.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    held_back: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.held_back + other.held_back,
        )

    def as_data(self) -> dict[str, int]:
        return {
            "inserted": self.inserted,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "held_back": self.held_back,
        }


def total(counts: Mapping[str, Counts]) -> Counts:
    """The sum over all inputs."""
    return sum(counts.values(), Counts())


def commit_facts(run_id: str, rules: MergeRules, by_input: Mapping[str, Counts]) -> dict[str, str]:
    """What a merge writes into its commit: texts, as Delta wants them. `inputs` holds [inserted, updated, unchanged] of each."""
    whole = total(by_input)
    return {
        "run_id": run_id,
        **rules.as_facts(),
        "inserted": str(whole.inserted),
        "updated": str(whole.updated),
        "unchanged": str(whole.unchanged),
        "inputs": orjson.dumps(
            {fingerprint: [one.inserted, one.updated, one.unchanged] for fingerprint, one in by_input.items()}
        ).decode(),
    }


def read_counts(commit_info: Mapping[str, object], fingerprint: str) -> Counts | None:
    """What the commit says of one input; None where it says nothing."""
    found = orjson.loads(str(commit_info.get("inputs", "{}"))).get(fingerprint)
    return Counts(*found) if found is not None else None


def read_keys(commit_info: Mapping[str, object]) -> tuple[str, ...] | None:
    """The keys by which the commit left the table's rows unique; None where it does not say."""
    rules = MergeRules.read(commit_info)
    return rules.keys if rules else None
