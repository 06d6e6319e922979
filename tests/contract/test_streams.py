"""The fold of recorded streams; the dashboard's reducer is held to the same files (S1, S2, S3)."""

import json
from pathlib import Path

import pytest

from quarterhour.events import EventRecord
from quarterhour.lifecycle import fold

STREAMS = sorted((Path(__file__).parent / "streams").glob("*.jsonl"))


def test_there_are_streams() -> None:
    assert STREAMS


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_a_stream_folds_to_its_status(path: Path) -> None:
    records = [EventRecord.parse(line) for line in path.read_bytes().splitlines()]
    status = fold(records).model_dump(mode="json")
    assert status == json.loads(path.with_suffix("").with_suffix(".status.json").read_text())
    assert status["state"] == path.stem
    assert status["stage"] is None
    # Whoever comes in at any event, and is given the status of then, ends with the same.
    for cut in range(len(records)):
        assert fold(records[cut:], fold(records[:cut])).model_dump(mode="json") == status
