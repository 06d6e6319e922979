"""The history of a dataset's profiles: one JSON line a run, oldest first, bounded in number and in bytes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from quarterhour.files import write_whole

MOST_RUNS = 200
# A table of 2,000 columns makes a line of a megabyte.
_MOST_BYTES = 16 * 2**20
# What drift is judged by; gaps and other long lists stay in the profile.
_KEPT_FACTS = (
    "type",
    "count",
    "nulls",
    "distinct",
    "min",
    "max",
    "mean",
    "quantiles",
    "histogram",
    "top",
    "min_length",
    "max_length",
)


def read_history(path: Path) -> list[dict[str, Any]]:
    """The runs' lines, oldest first; none where the dataset was not analysed yet."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return [orjson.loads(line) for line in content.splitlines()]


def append_history(path: Path, profile: Mapping[str, Any]) -> None:
    """Add what is to be kept of a profile.

    A line that the same run wrote before is replaced; so is one of a run that had the same inputs and did not merge them.
    """
    inputs = list(profile["inputs"])
    lines = [
        line
        for line in read_history(path)
        if line["run_id"] != profile["run_id"] and set(inputs).isdisjoint(line.get("inputs", ()))
    ]
    lines.append(
        {
            "run_id": profile["run_id"],
            "generated_at": profile["generated_at"],
            "main_timestamp": profile["main_timestamp"],
            "inputs": inputs,
            "new": _summary(profile["new"]),
            "whole": _summary(profile["whole"]),
        }
    )
    texts = [orjson.dumps(line) + b"\n" for line in lines[-MOST_RUNS:]]
    while len(texts) > 1 and sum(map(len, texts)) > _MOST_BYTES:
        texts.pop(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, b"".join(texts))


def _summary(part: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if part is None:
        return None
    columns = {
        name: {fact: facts[fact] for fact in _KEPT_FACTS if fact in facts} for name, facts in part["columns"].items()
    }
    return {"rows": part["rows"], "columns": columns}
