"""What was detected of a file and why, for people, and a `[[datasets]]` block that says the same and is ready to paste."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from quarterhour.lake.duck import identifier, literal
from quarterhour.settings import Settings
from quarterhour.settings.datasets import DatasetSettings
from quarterhour.stages.translator.batch import TranslateReport
from quarterhour.stages.translator.readings.reading import TEXT

_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space", ":": "colon", "": "none: one column"}
_TYPES = {
    "VARCHAR": "text",
    "BIGINT": "integer",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
_LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Explanation:
    """A file's report in words, and as settings."""

    lines: tuple[str, ...]
    """What was detected and why, one fact a line."""
    toml: str
    """The dataset's block, comments included."""

    def __str__(self) -> str:
        """Both as one text that is TOML."""
        return "\n".join((*(f"# {line}" for line in self.lines), self.toml))


def friendly_type(type_name: str) -> str:
    """DuckDB's type as a contract spells it."""
    return _TYPES.get(type_name, type_name.lower())


def explain(report: TranslateReport, settings: Settings) -> Explanation:
    """Of a file that was translated: its Parquet file is looked into for columns without nulls."""
    full = _full_columns(Path(report.output)) if report.output else frozenset[str]()
    configured = settings.dataset(report.dataset)
    block = "\n".join(_block(report, settings, configured, full)) + "\n"
    return Explanation(tuple(map(_comment, _detected(report))), block)


def _full_columns(output: Path) -> frozenset[str]:
    """The columns in which every row has a value; none where there are no rows."""
    relation = f"read_parquet({literal(output.as_posix())})"
    with duckdb.connect() as connection:
        names = [row[0] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()]
        counts = ", ".join(f"count({identifier(name)})" for name in names)
        rows, *found = connection.execute(f"SELECT count(*), {counts} FROM {relation}").fetchall()[0]
    return frozenset(name for name, count in zip(names, found, strict=True) if count == rows > 0)


def _detected(report: TranslateReport) -> Iterator[str]:
    dialect = report.dialect or {}
    delimiter, quote, escape = dialect.get("delimiter", ""), dialect.get("quote", ""), dialect.get("escape", "")
    yield f"encoding   {report.encoding}"
    yield f"delimiter  {_NAMES.get(delimiter, repr(delimiter))}"
    yield f"quote      {quote or 'none'}" + (f", escaped by {escape}" if quote and escape != quote else "")
    yield f"header     {'yes' if report.header else 'none: the columns are numbered'}"
    yield (
        f"records    {report.records}: {report.rows} rows ({report.repaired} of them mended), "
        f"{report.quarantined} put aside"
    )
    for line in report.lines[:_LINES_SHOWN]:
        yield f"no record  line {line['line']}, {line['kind']}: {line['text'].strip()!r}"
    for table in report.tables:
        yield f"table      line {table['line']}: {', '.join(table['columns'])}"
    for column in report.columns:
        yield f"column     {column['name']!r} {_typed(column)}: {report.reasons.get(column['name'], '')}"
    for note in report.notes:
        yield f"note       {note}"


def _typed(column: dict[str, str]) -> str:
    form = f" written {column['format']}" if column["format"] else ""
    return f"is {friendly_type(column['type'])}{form}"


def _block(
    report: TranslateReport, settings: Settings, configured: DatasetSettings | None, full: frozenset[str]
) -> Iterator[str]:
    yield "[[datasets]]"
    yield f"name = {_text(report.dataset)}"
    yield f"files = {_text(configured.files if configured else f'{report.dataset}/*')}"
    keys = ", ".join(map(_text, configured.keys if configured else ()))
    yield f"keys = [{keys}]  # columns that name a row: a later row with the same ones takes its place"
    limit = str(settings.max_rejected_of(report.dataset))
    yield f'max_rejected = {_text(limit)}  # or such as "0.1%", or a number of records: above it the run fails'
    yield f'ragged = {_text(configured.ragged if configured else "repair")}  # or "quarantine", or "pad"'
    for column in report.columns:
        yield from _column(column, report.reasons.get(column["name"], ""), column["name"] in full)


def _column(column: dict[str, str], reason: str, is_full: bool) -> Iterator[str]:
    yield ""
    yield "[[datasets.columns]]"
    yield f"name = {_text(column['name'])}"
    why = f"  # {_comment(reason)}" if reason else ""
    if column["type"] == TEXT and not is_full:
        # Text that is pinned has no other null than the empty text.
        yield f'# type = "text" would keep NA, null and the like as texts{why}'
    else:
        yield f"type = {_text(friendly_type(column['type']))}{why}"
    if column["format"]:
        yield f"format = {_text(column['format'])}"
    if is_full:
        yield "required = true"


def _text(value: str) -> str:
    """A TOML basic string: as JSON's, but for the one control that JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(value: str) -> str:
    """On one line, without the controls that TOML refuses in a comment."""
    return "".join(c if c.isprintable() else " " for c in value)
