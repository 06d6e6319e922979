"""A record that is no row never makes up for one that was not counted: quotes gone astray can mislead the count."""

from pathlib import Path

import polars as pl
import pytest

from quarterhour.lake.quarantine import read_quarantine
from quarterhour.settings import Settings
from quarterhour.stages.translator.batch import translate_paths

# Found by the fuzzer: the line feed inside row five's stray quotes hides a record from the count, and `4` is not written
# as 9.78, 0.56 and the others of its column are.
_STRAY = '::4:::::A":1"\n::9.78:::::e":1"\n::0.56::::::""\n::4.38::::::\n::::::::0"\n::4.04::::::"\n"\n'
_WITH_AN_EMPTY_ONE = _STRAY.replace("::4:::::A", "::4.00:::::A") + "::::::::\n"


@pytest.mark.parametrize("text", [_STRAY, _WITH_AN_EMPTY_ONE], ids=["a misfit", "an empty record"])
def test_every_record_is_in_one_place(tmp_path: Path, text: str) -> None:
    raw = tmp_path / "stray.csv"
    raw.write_text(text)
    [report] = translate_paths([raw], tmp_path / "out", "auto", Settings())
    assert report.error is None
    table = pl.read_parquet(report.output)
    aside_file = tmp_path / "out" / "stray.csv.quarantine.jsonl"
    aside = [record for record in read_quarantine(aside_file) if record.mended is None] if aside_file.exists() else []
    numbers = sorted([*table["_record"], *(record.record for record in aside)])
    assert numbers == list(range(1, report.records + 1))
    values = [*(row for row in table["column_3"].cast(pl.String) if row), *(record.raw for record in aside)]
    for number in ("4.38", "9.78", "0.56", "4.04"):
        assert any(number in value for value in values), number
    assert any(value in ("4.00", "4") or "::4" in value for value in values), "the first record is lost"
