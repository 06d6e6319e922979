"""Merged tables to take out: one with a value of each type and of each kind of trouble, in three versions."""

from pathlib import Path

import pytest
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.stages.merger import MergerService

TROUBLES = """
SELECT * FROM (VALUES
    (1::BIGINT, 'plain', 1.5::DOUBLE, true, 12.50::DECIMAL(9,2), DATE '2024-02-29', TIMESTAMP '2024-02-29 12:34:56.789012',
     TIMESTAMPTZ '2024-02-29 12:34:56.789012+05:30', 9007199254740993::BIGINT, 123456789012345.678::DECIMAL(20,3), 'a'::BLOB),
    (2, '=1+2";=1+2', 'nan'::DOUBLE, false, -3, DATE '1899-12-31', TIMESTAMP '1850-01-01 00:00:00', TIMESTAMPTZ '1850-01-01',
     -5, 1.5, '\\xFF'::BLOB),
    (3, 'line one' || chr(10) || 'line, "two"', '-inf'::DOUBLE, NULL, NULL, DATE '9999-12-31', NULL, NULL, NULL, NULL, NULL),
    (4, '<r>x</r>', 0.1::DOUBLE + 0.2::DOUBLE, true, 0, NULL, NULL, NULL, 0, 0, NULL),
    (5, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (6, NULL, 1e300, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (7, 'äöü 漢字 😀' || chr(1), -0.0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (8, '＝1+2', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (9, '-5', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
) t(k, "a, text", f, b, d, day, ts, moment, big, wide, raw)
"""


@pytest.fixture(scope="session")
def troubles(tmp_path_factory: pytest.TempPathFactory) -> RecordingContext:
    """The dataset `troubles`: version 1 has its first five rows, version 2 all nine. It is only read."""
    context = RecordingContext(tmp_path_factory.mktemp("troubles"))
    put(context, "troubles", f"SELECT * FROM ({TROUBLES}) WHERE k <= 5", "one")
    MergerService().run(context)
    put(context, "troubles", f"SELECT * FROM ({TROUBLES}) WHERE k > 5", "two")
    MergerService().run(context)
    return context


@pytest.fixture
def bars(tmp_path: Path) -> RecordingContext:
    """The dataset `bars`, version 1, of five rows; it may be changed."""
    context = RecordingContext(tmp_path / "home")
    put(context, "bars", "SELECT i AS k, 'a' || i AS s FROM range(5) t(i)", "one")
    MergerService().run(context)
    return context
