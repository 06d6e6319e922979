"""A file's columns: how each is read, by its texts, by what the dataset has, and by its contract. They only widen. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from quarterhour.lake.column_types import describe
from quarterhour.lake.translated import KnownColumn
from quarterhour.settings.datasets import ColumnSettings, DatasetSettings
from quarterhour.stages.translator.content.plain_text import ContentUnreadable
from quarterhour.stages.translator.readings.choice import Choice
from quarterhour.stages.translator.readings.choosing import choose, choose_all
from quarterhour.stages.translator.readings.printed import PrintedTable
from quarterhour.stages.translator.readings.reading import BLANKS, TEXT, Reading, UnknownReading, widen
from quarterhour.stages.translator.readings.time_texts import TIMESTAMP, TIMESTAMPTZ

_SHOWN_TEXT = 60


class SchemaChanged(ContentUnreadable):
    """A file's columns do not fit its dataset's, whatever a safe step could widen."""


@dataclass(frozen=True, slots=True)
class Misfits:
    """Texts of a column that its reading does not take: some of them with their counts, and how many there are in all."""

    texts: Mapping[str, int]
    count: int


class FileColumns:
    """The readings of one file's columns, by name."""

    def __init__(
        self,
        names: Sequence[str],
        rows: Sequence[Sequence[str]],
        known: Mapping[str, KnownColumn],
        contract: DatasetSettings | None,
        misfit_share: float,
    ) -> None:
        """`rows` are the first records' cells. Raises SchemaChanged, ContentUnreadable for a contract that cannot hold."""
        self.names = tuple(names)
        self.notes: list[str] = []
        self.reasons: dict[str, str] = {}
        # Letter case aside: a header that changed only its case names the same column.
        self._known = {name.lower(): column for name, column in known.items()}
        self._known_names = {name: column.type for name, column in known.items()}
        self._pinned = {name: found for name in names if contract and (found := contract.column(name))}
        self._misfit_share = misfit_share
        self._unfit: dict[str, set[tuple[str, str]]] = {name: set() for name in names}
        self._texts = {name: Counter(row[place] for row in rows) for place, name in enumerate(names)}
        self._rows = len(rows)
        choices, self._nulls = choose_all(self._texts)
        self.readings: dict[str, Reading] = {}
        for name in self.names:
            self._settle(name, choices[name])
        self._seen_nulls = frozenset(
            ("", "NA", *(null for name in names for null in self.readings[name].nulls if null in self._texts[name]))
        )

    def again(self, names: Sequence[str]) -> "FileColumns":
        """The same readings for another file with the same columns, of which no text was seen yet."""
        columns = FileColumns(names, [], {}, None, self._misfit_share)
        columns._seen_nulls = self._seen_nulls
        columns.readings, columns.reasons, columns._pinned = dict(self.readings), dict(self.reasons), self._pinned
        columns.printed = self.printed
        return columns

    def pinned(self, name: str) -> ColumnSettings | None:
        return self._pinned.get(name)

    def types(self, *, as_text: bool = False) -> tuple[str, ...]:
        """The columns' types in the table to be made, in order."""
        return tuple(TEXT if as_text else self._made_type(name) for name in self.names)

    def _made_type(self, name: str) -> str:
        """A time of a zone that the contract names is an instant."""
        reading, pinned = self.readings[name], self._pinned.get(name)
        return TIMESTAMPTZ if pinned and pinned.time_zone and reading.type == TIMESTAMP else reading.type

    def usual(self, name: str) -> Reading:
        """The column's reading, for a first try: of the tokens for no value only those that the file was seen to have."""
        reading = self.readings[name]
        seen = tuple(null for null in reading.nulls if null in self._seen_nulls)
        return reading if reading.type == TEXT else replace(reading, nulls=seen)

    @cached_property
    def printed(self) -> PrintedTable | None:
        """How the columns are read so that the engine's reader makes integers itself; None where that cannot be proven."""
        if any(column.time_zone for column in self._pinned.values()):
            return None
        return PrintedTable.of(self.readings, self._texts)

    def is_plainly_written(self, name: str) -> bool:
        """Whether the texts that were seen are values in their type's plain form, or empty: no token for no value, no blanks."""
        reading = self.readings[name]
        nulls = set(reading.nulls) - {""}
        return not reading.format and not any(text in nulls or text != text.strip(BLANKS) for text in self._texts[name])

    def learn(self, misfits: Mapping[str, Misfits], rows: int) -> bool:
        """Widen the columns whose readings do not take all texts of the file's `rows`. Whether any could."""
        self._rows = rows
        before = dict(self.readings)
        for name, found in misfits.items():
            reading = self.readings[name]
            if all(text in self._texts[name] or reading.holds(text) for text in found.texts):
                # The engine refuses what the pattern takes.
                self._unfit[name].add((reading.type, reading.format))
            # Their true number counts, of which a part is at hand.
            self._texts[name].update(found.texts)
            if rest := found.count - sum(found.texts.values()):
                self._texts[name][next(iter(found.texts))] += rest
            self._settle(name, choose(name, self._texts[name], self._nulls, self._unfit[name]))
            self._note_widening(name, before[name], self.readings[name], found.texts)
        return self.readings != before

    def _note_widening(self, name: str, before: Reading, after: Reading, texts: Collection[str]) -> None:
        if (before.type, before.format) == (after.type, after.format):
            return
        example = next(iter(texts))[:_SHOWN_TEXT]
        self.notes.append(
            f"column {name!r} is {_shown(after)}, not {_shown(before)} as its first rows are: it holds {example!r}"
        )

    def _settle(self, name: str, choice: Choice) -> None:
        self.reasons[name] = choice.reason
        for note in choice.notes:
            if (text := f"column {name!r}: {note}") not in self.notes:
                self.notes.append(text)
        pinned, known = self._pinned.get(name), self._known.get(name.lower())
        if pinned is not None and pinned.type is not None:
            self.readings[name] = self._of_contract(pinned, choice)
            self.reasons[name] = "the contract says so"
        elif known is not None:
            self.readings[name] = self._of_dataset(name, known, choice)
            self.reasons[name] = f"the dataset has {known.type}; {choice.reason}"
        else:
            self.readings[name] = choice.reading

    def _of_contract(self, pinned: ColumnSettings, choice: Choice) -> Reading:
        type_name = {"HUGEINT": "DECIMAL(38,0)"}.get(pinned.type or "", pinned.type or "")
        if pinned.time_zone and type_name == "TIMESTAMP WITH TIME ZONE" and choice.reading.type != type_name:
            type_name = "TIMESTAMP"
        nulls = _typed_nulls(choice)
        if pinned.format is not None:
            try:
                return Reading.of(type_name, pinned.format, nulls)
            except UnknownReading as error:
                raise ContentUnreadable(f"the contract of column {pinned.name!r}: {error}") from error
        fitting = [choice.reading, *choice.undecided]
        return next((wide for found in fitting if (wide := _as_type(type_name, found))), Reading(type_name, "", nulls))

    def _of_dataset(self, name: str, known: KnownColumn, choice: Choice) -> Reading:
        for found in (*(u for u in choice.undecided if u.format == known.format), choice.reading):
            if (found.type != TEXT or known.type == TEXT) and (wide := widen(known.type, found)) is not None:
                return wide
        if not any(text.strip() for text in self._texts[name]) or choice.reason == "no values":
            return Reading(known.type, known.format, _typed_nulls(choice))
        return self._with_misfits(name, known, choice)

    def _with_misfits(self, name: str, known: KnownColumn, choice: Choice) -> Reading:
        """The dataset's own reading where few texts do not fit it: their records are put aside. Raises SchemaChanged."""
        formats = dict.fromkeys((known.format, ""))
        readings = [reading for form in formats if (reading := _reading(known.type, form, _typed_nulls(choice)))]
        texts = self._texts[name]

        def misfits(reading: Reading) -> int:
            return sum(count for text, count in texts.items() if not reading.holds(text))

        best = min(readings, key=misfits)
        if misfits(best) <= max(self._misfit_share * max(self._rows, 1), 0):
            return best
        example = next(text for text in texts if not best.holds(text))[:_SHOWN_TEXT]
        raise SchemaChanged(
            f"column {name!r} is {known.type} in the dataset, and here it is {choice.reading.type}, such as {example!r}: "
            f"nothing of the file is taken. The dataset has: {describe(self._known_names)}. The file has: "
            f"{', '.join(f'{n} {self._found(n)}' for n in self.names)}. Correct the file, pin the column's type in [[datasets]], "
            "or drop the file as another dataset"
        )

    def _found(self, name: str) -> str:
        return choose(name, self._texts[name], self._nulls, self._unfit[name]).reading.type


def _shown(reading: Reading) -> str:
    return f"{reading.type} ({reading.format})" if reading.format else reading.type


def _typed_nulls(choice: Choice) -> tuple[str, ...]:
    return choice.reading.nulls if choice.reading.type != TEXT else choose("", ["1"]).reading.nulls


def _reading(type_name: str, form: str, nulls: tuple[str, ...]) -> Reading | None:
    try:
        return Reading.of(type_name, form, nulls)
    except UnknownReading:
        return None


def _as_type(type_name: str, found: Reading) -> Reading | None:
    """The texts read as found, as values of the type; None where there is no such reading."""
    if type_name == TEXT:
        return Reading(TEXT, "", ("",))
    return _reading(type_name, found.format, found.nulls) if found.type != TEXT else None
