"""What is sent back is read as it was meant, or refused before it is sent."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterhour.errors import InvalidQuery
from quarterhour.lake.arrivals import fingerprint
from quarterhour.lake.translated import KnownColumn
from quarterhour.stages.translator.engine import connect
from quarterhour.stages.translator.mending.mended_csv import count_records, written_anew
from quarterhour.stages.translator.structure.header import column_names
from quarterhour.stages.translator.structure.layout import Layout
from quarterhour.stages.translator.structure.records import Dialect
from quarterhour.stages.translator.translate import Order, translate


@settings(max_examples=25)
@given(st.data())
def test_mended_values_reach_the_table_to_the_last_character_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    characters = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")
    names = data.draw(st.lists(st.text(characters, min_size=1, max_size=8), min_size=2, max_size=5))
    texts = st.text(characters, max_size=12)
    rows = data.draw(st.lists(st.lists(texts, min_size=len(names), max_size=len(names)), min_size=1, max_size=4))
    known = column_names(names)
    layout = Layout(Dialect(), known, True, 0, 1)
    content = written_anew(rows, layout)
    try:
        count = count_records(content, layout, known)
    except InvalidQuery:
        return
    assert count == len(rows)
    path = tmp_path_factory.mktemp("mended") / "x.csv"
    path.write_bytes(content)
    order = Order(
        raw=path,
        file=path.name,
        fingerprint=fingerprint(path),
        output=path.with_suffix(".parquet"),
        quarantine=path.with_suffix(".jsonl"),
        scratch=path.parent,
        types="text",
    )
    with connect(str(path.parent)) as connection:
        translate(order, connection, lambda: {name: KnownColumn("VARCHAR") for name in known})
    read = duckdb.execute(f"SELECT * EXCLUDE (_file, _record) FROM '{order.output}' ORDER BY _record").fetchall()
    assert read == [tuple(row) for row in rows]


def test_a_record_that_says_what_the_header_says_is_refused() -> None:
    """The Translator would take it for the header once more, and a row would be lost that the sender was told of."""
    layout = Layout(Dialect(), ("carrier", "origin"), True, 0, 1)
    for rows in ([["carrier", "origin"]], [["UA", "EWR"], ["carrier", "origin"]]):
        line = len(rows) + 1
        told = f"line {line} would be read as the header once more, not as a record: "
        with pytest.raises(InvalidQuery, match=told):
            count_records(written_anew(rows, layout), layout, layout.names)
    assert count_records(written_anew([["UA", "origin"]], layout), layout, layout.names) == 1
