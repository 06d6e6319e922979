"""Which reading a column's texts call for: the narrowest that all fit, decided on the whole column, never on one value. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from quarterhour.stages.translator.readings.choice import Choice, with_file_signs
from quarterhour.stages.translator.readings.forms import (
    BIGINT,
    BLANKS,
    BOOLEAN,
    BOOLEANS,
    DOUBLE,
    EPOCH_FIRST,
    EPOCH_LAST,
    EPOCHS,
    EXACT_DIGITS,
    form,
    is_exact_double,
)
from quarterhour.stages.translator.readings.number_texts import COMMA_CURRENCIES, CURRENCIES, PERCENT, NumberFormat
from quarterhour.stages.translator.readings.reading import TEXT, Reading
from quarterhour.stages.translator.readings.time_texts import (
    CLOCK_12,
    CLOCK_24,
    DATE,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    ZONE,
)

ALWAYS_NULL = ("", r"\N", "NULL", "null", "N/A", "n/a", "#N/A", "<NA>")
"""What is no value in a text column too."""
NULL_WHERE_TYPED = ("NA", "-", "None", "none", "NaT")
"""What is no value in a typed column, and in a text column of a file that uses it so elsewhere."""
_NOT_A_NUMBER = ("NaN", "nan")
"""A value in a column of floats, no value in any other typed one."""

_NULLS = frozenset((*ALWAYS_NULL, *NULL_WHERE_TYPED))
_TYPED_NULLS = (*ALWAYS_NULL, *NULL_WHERE_TYPED, *_NOT_A_NUMBER)
_FLOAT_NULLS = (*ALWAYS_NULL, *NULL_WHERE_TYPED)

_INTEGER = form(BIGINT, "").pattern
_FLOAT = form(DOUBLE, "").pattern
_PHONE = re.compile(r"\+\d{7,}", re.ASCII)
_TWO_CAPITALS = re.compile(r"[A-Z]{2}")
_NAMES_A_DATE = re.compile(r"(?i:(?:^|[^a-z])(?:date|day|dt)(?:$|[^a-z]))|Date|date$")
_NAMES_A_MOMENT = re.compile(
    r"(?i:(?:^|[^a-z])(?:time|timestamp|ts|epoch|date|datetime|created|updated|modified|at|utc|unixtime)(?:$|[^a-z]))"
    r"|[a-z](?:At|Time|Timestamp|Date)$|(?i:timestamp|epoch)"
)
_PACKED_DATE = re.compile(r"(?:19|20)\d{6}", re.ASCII)
_MAX_DIGITS = 38
# Numbers that are all written with as many decimals as this are a float's digits rather than a fixed scale.
_MAX_FIXED_SCALE = 9

Unfit = Collection[tuple[str, str]]


def choose(name: str, values: Iterable[str], file_nulls: Collection[str] = (), unfit: Unfit = frozenset()) -> Choice:
    """The narrowest reading that all `values` fit, `unfit` (of type and format) left out.

    `file_nulls` are the tokens that stand for no value elsewhere in the file.
    """
    texts = list(values)
    present = [text for raw in texts if (text := raw.strip(BLANKS)) not in _NULLS]
    if not present:
        return Choice(_text(texts, file_nulls), "no values")
    return _typed(name, present, unfit).with_nulls(texts, file_nulls)


def choose_all(
    columns: Mapping[str, Collection[str]], unfit: Mapping[str, Unfit] | None = None
) -> tuple[dict[str, Choice], frozenset[str]]:
    """The choice for each column of a file, and the file's null tokens, which later calls of `choose` want."""
    unfit = unfit or {}
    choices = {name: choose(name, texts, (), unfit.get(name, ())) for name, texts in columns.items()}
    choices = with_file_signs(choices)
    nulls = file_nulls(columns, choices)
    for name, choice in choices.items():
        if nulls and choice.reading.type == TEXT:
            choices[name] = replace(choice, reading=_text(columns[name], nulls))
    return choices, nulls


def file_nulls(columns: Mapping[str, Collection[str]], choices: Mapping[str, Choice]) -> frozenset[str]:
    """The tokens that mean a value in some texts and that a typed column of the file uses for no value."""
    typed = (columns[name] for name, choice in choices.items() if choice.reading.type != TEXT)
    return frozenset(token for texts in typed for token in NULL_WHERE_TYPED if token in texts)


def _text(texts: Collection[str], file_nulls: Collection[str]) -> Reading:
    tokens = [token for token in NULL_WHERE_TYPED if token in file_nulls]
    if tokens:
        others = [text for text in texts if text not in _NULLS]
        codes = sum(1 for text in others if _TWO_CAPITALS.fullmatch(text))
        # Namibia, North America.
        if codes * 2 >= len(others) > 0:
            tokens = [token for token in tokens if token != "NA"]
    return Reading(TEXT, "", (*ALWAYS_NULL, *tokens))


@dataclass(frozen=True, slots=True)
class _Found:
    type: str
    format: str
    reason: str
    notes: tuple[str, ...] = ()
    undecided: tuple[tuple[str, str], ...] = ()

    def with_nulls(self, texts: Collection[str], file_nulls: Collection[str]) -> Choice:
        reading = _text(texts, file_nulls) if self.type == TEXT else _reading(self.type, self.format)
        return Choice(reading, self.reason, self.notes, tuple(_reading(*one) for one in self.undecided))


def _reading(type_name: str, format_name: str) -> Reading:
    return Reading(type_name, format_name, _FLOAT_NULLS if type_name == DOUBLE else _TYPED_NULLS)


def _as_text(reason: str, *notes: str, undecided: tuple[tuple[str, str], ...] = ()) -> _Found:
    return _Found(TEXT, "", reason, notes, undecided)


def _typed(name: str, present: list[str], unfit: Unfit) -> _Found:
    numbers = [text for text in present if text not in _NOT_A_NUMBER]
    if not numbers:
        return _as_text("no values but NaN")
    first = numbers[0]
    if any(c.isdigit() for c in first) or _FLOAT.fullmatch(first):
        found = _numbers(name, present, numbers, unfit)
        found = _times(numbers, unfit) if found is None else found
        return found or _as_text("the values have no type in common")
    return _booleans(numbers, unfit) or _times(numbers, unfit) or _decorated(numbers, unfit) or _as_text("words")


def _fit(type_name: str, format_name: str, texts: Collection[str], unfit: Unfit) -> bool:
    if (type_name, format_name) in unfit:
        return False
    found = form(type_name, format_name)
    return all(map(found.pattern.fullmatch, texts)) and all(map(found.exact, texts))


def _booleans(texts: list[str], unfit: Unfit) -> _Found | None:
    if len(texts) > 6:
        return None
    for name, (true, false) in BOOLEANS.items():
        both = {text.lower() for text in texts} == {true, false}
        if (both or name in ("true/false", "yes/no")) and _fit(
            BOOLEAN, "" if name == "true/false" else name, texts, unfit
        ):
            return _Found(BOOLEAN, "" if name == "true/false" else name, f"all values are {true} or {false}")
    return None


def _numbers(name: str, present: list[str], numbers: list[str], unfit: Unfit) -> _Found | None:
    if all(map(_INTEGER.fullmatch, present)):
        return _integers(name, present, unfit)
    if all(map(_FLOAT.fullmatch, present)):
        type_name = _type_of(present, NumberFormat(), unfit)
        if type_name:
            reason = "numbers with a point" if type_name == DOUBLE else "numbers of a fixed scale, or of many digits"
            return _Found(type_name, "", reason)
        return _as_text("numbers with more digits than a number type holds")
    return _decorated(numbers, unfit)


def _integers(name: str, texts: list[str], unfit: Unfit) -> _Found:
    if all(map(_PHONE.fullmatch, texts)):
        return _as_text("telephone numbers", "all values begin with + and have 7 digits or more: kept as text")
    if _NAMES_A_DATE.search(name) and all(map(_PACKED_DATE.fullmatch, texts)) and _fit(DATE, "%Y%m%d", texts, unfit):
        return _Found(DATE, "%Y%m%d", "dates of eight digits in a column whose name says so")
    notes: tuple[str, ...] = ()
    if _NAMES_A_MOMENT.search(name):
        numbers = list(map(int, texts))
        low, high = min(numbers), max(numbers)
        for epoch, scale in EPOCHS.items():
            if low >= EPOCH_FIRST * scale and high <= EPOCH_LAST * scale:
                if _fit(TIMESTAMPTZ, epoch, texts, unfit):
                    return _Found(TIMESTAMPTZ, epoch, f"moments since 1970 ({epoch}) in a column whose name says so")
                notes = ("nanoseconds since 1970 that microseconds cannot hold: kept as integers",)
    if _fit(BIGINT, "", texts, unfit):
        return _Found(BIGINT, "", "integers", notes)
    if _fit(f"DECIMAL({_MAX_DIGITS},0)", "", texts, unfit):
        return _Found(f"DECIMAL({_MAX_DIGITS},0)", "", "integers of up to 38 digits")
    return _as_text("integers that no number type holds")


def _type_of(plain: list[str], numbers: NumberFormat, unfit: Unfit) -> str | None:
    """DECIMAL or DOUBLE for texts of numbers written plainly; None where they fit neither."""
    written = " ".join(plain)
    not_decimal = any(letter in written for letter in "eEnN")
    short = not not_decimal and max(map(len, plain)) <= EXACT_DIGITS
    doubles = numbers.unit == "" and (DOUBLE, numbers.name) not in unfit and (short or all(map(is_exact_double, plain)))
    if not_decimal:
        return DOUBLE if doubles else None
    scales = [len(text.partition(".")[2]) for text in plain]
    scale = max(scales)
    ends_in_0 = any(s == scale and text[-1] == "0" for s, text in zip(scales, plain, strict=True))
    one_scale = scale <= _MAX_FIXED_SCALE and min(filter(None, scales), default=0) == scale
    fixed = scale >= 2 and (ends_in_0 or one_scale)
    if fixed or numbers.unit or numbers.negative != "-1" or not doubles:
        wholes = max(len(text.partition(".")[0].lstrip("+-0")) for text in plain)
        if numbers.unit == PERCENT:
            scale, wholes = scale + 2, max(wholes - 2, 0)
        elif numbers.unit:
            scale = max(scale, 2)
        for precision in (18, _MAX_DIGITS):
            type_name = f"DECIMAL({precision},{scale})"
            if wholes + scale <= precision and (type_name, numbers.name) not in unfit:
                return type_name
    return DOUBLE if doubles else None


_UNIT = "|".join(map(re.escape, CURRENCIES))
_GAP = "[ \u00a0\u202f\u2009]?"
_DECORATED = re.compile(
    rf"(?P<open>\()?{_GAP}[+-]?{_GAP}(?P<before>{_UNIT})?{_GAP}[+-]?(?P<body>[0-9.,'’ \u00a0\u202f\u2009]*[0-9][.,]?)"
    rf"{_GAP}(?P<after>%|{_UNIT})?{_GAP}(?P<trailing>-)?{_GAP}(?(open)\))"
)
_SEPARATORS = (
    NumberFormat(decimal=",", group="."),
    NumberFormat(group=","),
    NumberFormat(group=" "),
    NumberFormat(decimal=",", group=" "),
    NumberFormat(group="'"),
    NumberFormat(decimal=",", group="'"),
    NumberFormat(group=",", indian=True),
)
_BODIES = {
    separators: re.compile(separators.body, re.ASCII)
    for separators in (NumberFormat(), NumberFormat(decimal=","), *_SEPARATORS)
}
_UNGROUPED = re.compile(r"\d{4,}", re.ASCII)
_GROUPED_BY_POINT = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})*", re.ASCII)
_SMALL = re.compile(r"\d{1,3}", re.ASCII)


def _decorated(texts: list[str], unfit: Unfit) -> _Found | None:
    """Numbers with separators, units, or signs behind or around them."""
    matches = [m for text in texts if (m := _DECORATED.fullmatch(text))]
    if len(matches) < len(texts):
        return None
    bodies = [m["body"] for m in matches]
    units = {(m["before"] or m["after"] or "", m["before"] is not None) for m in matches}
    if len(units) > 1:
        names = sorted({unit or "none" for unit, _ in units})
        return _as_text(
            "numbers with different signs",
            f"the sign is not the same in all values ({', '.join(names)}): kept as text",
        )
    (unit, unit_first) = units.pop()
    negatives = {"(1)" for m in matches if m["open"]} | {"1-" for m in matches if m["trailing"]}
    if len(negatives) > 1:
        return None
    negative = negatives.pop() if negatives else "-1"
    found = [
        replace(separators, unit=unit, unit_first=unit_first, negative=negative)
        for separators in _money_separators(bodies, unit)
    ]
    readings = [(type_name, n.name) for n in found if (type_name := _decorated_type(n, texts, unfit))]
    readings = [reading for reading in readings if _fit(*reading, texts, unfit)]
    if not readings:
        return None
    if len(readings) > 1:
        note = f"'{bodies[0]}' may have a decimal comma or a thousands separator, and no value decides: kept as text"
        return _as_text("numbers with a comma that may mean two things", note, undecided=tuple(readings))
    (chosen,) = readings
    if found[0].group == " " and _one_length(texts):
        return _as_text(
            "digits in groups", "all values have the same number of digits in groups, as codes have: kept as text"
        )
    return _Found(*chosen, f"numbers written as {chosen[1]}" if chosen[1] else "numbers")


def _one_length(texts: list[str]) -> bool:
    return len(texts) > 1 and len(set(map(len, texts))) == 1 and not any(c in "+-.," for text in texts for c in text)


def _decorated_type(numbers: NumberFormat, texts: list[str], unfit: Unfit) -> str | None:
    plain = [numbers.plain(text).removesuffix("e-2") for text in texts]
    if not numbers.unit and all(map(_INTEGER.fullmatch, plain)):
        return BIGINT if _fit(BIGINT, numbers.name, texts, unfit) else f"DECIMAL({_MAX_DIGITS},0)"
    return _type_of(plain, numbers, unfit)


def _separators(bodies: list[str]) -> list[NumberFormat]:
    """The ways to read the digits; two where nothing decides."""

    def holds(separators: NumberFormat) -> bool:
        return all(map(_BODIES[separators].fullmatch, bodies))

    if holds(NumberFormat()):
        return [NumberFormat()]
    comma, thousands = NumberFormat(decimal=","), NumberFormat(group=",")
    if holds(comma):
        # Each value with a comma has three digits behind it, where the thousands hold too.
        if not holds(thousands) or any(map(_UNGROUPED.fullmatch, bodies)):
            return [comma]
        return [thousands] if any(map(_SMALL.fullmatch, bodies)) else [thousands, comma]
    return [one for one in _SEPARATORS if holds(one)][:1]


def _money_separators(bodies: list[str], unit: str) -> list[NumberFormat]:
    """The same for amounts: three digits behind their sign are thousands where the currency's decimal sign is the other one."""
    found = _separators(bodies)
    if unit in COMMA_CURRENCIES and found == [NumberFormat()] and all(map(_GROUPED_BY_POINT.fullmatch, bodies)):
        has_point = any("." in body for body in bodies)
        points = NumberFormat(decimal=",", group=".")
        return found if not has_point else [points] if any(map(_SMALL.fullmatch, bodies)) else [points, *found]
    return found if unit in ("", PERCENT, *COMMA_CURRENCIES) else found[:1]


# By the first value with its numbers as 9 and its words as a.
_DATES = {
    "9/9/9": ("%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d"),
    "9-9-9": ("", "%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d"),
    "9.9.9": ("%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y"),
    "9-a-9": ("%d-%b-%Y", "%d-%B-%Y", "%d-%b-%y", "%Y-%b-%d"),
    "9/a/9": ("%d/%b/%Y",),
    "9 a 9": ("%d %b %Y", "%d %B %Y", "%d %b %y"),
    "9. a 9": ("%d. %B %Y", "%d. %b %Y"),
    "a 9, 9": ("%b %d, %Y", "%B %d, %Y"),
    "a 9 9": ("%b %d %Y", "%B %d %Y"),
    "9a9": ("%d%b%Y", "%d%b%y"),
    "9年9月9日": ("%Y年%m月%d日",),
}
_WORD, _NUMBER = re.compile(r"[A-Za-z]+"), re.compile(r"\d+")
_FINE_FRACTION = re.compile(r":\d\d[.,]\d{7,}")


def _times(texts: list[str], unfit: Unfit) -> _Found | None:
    shape = _NUMBER.sub("9", _WORD.sub("a", texts[0]))
    dates = next((formats for start, formats in _DATES.items() if shape.startswith(start)), ())
    if not dates:
        return _clocks(texts, unfit) if shape.startswith("9:9") else None
    for type_name, clocks in (
        (DATE, ("",)),
        (TIMESTAMP, (f" {CLOCK_24}", f" {CLOCK_12}")),
        (TIMESTAMPTZ, (f" {CLOCK_24}{ZONE}", f" {CLOCK_12}{ZONE}")),
    ):
        names = [date + clock if date else "" for date in dates for clock in clocks if date or clock == clocks[0]]
        fitting = [(type_name, name) for name in names if _fit(type_name, name, texts, unfit)]
        if fitting:
            return _ordered(texts, fitting)
    if any(map(_FINE_FRACTION.search, texts)):
        return _as_text("times", "times finer than a microsecond, which no merged table can hold: kept as text")
    zoned = (TIMESTAMPTZ, "")
    if dates[0] == "" and all(any(form(t, "").fits(text) for t, _ in (zoned, (TIMESTAMP, ""))) for text in texts):
        return _as_text("times", "some times have a zone and some have none: kept as text")
    return None


def _ordered(texts: list[str], fitting: list[tuple[str, str]]) -> _Found:
    """The one order of day, month and year, or text where two fit."""
    orders = {name.replace("%B", "%b"): (type_name, name) for type_name, name in reversed(fitting)}
    if len(orders) > 1 and not _may_begin_with_year(texts):
        orders = {name: found for name, found in orders.items() if not name.startswith("%y")} or orders
    found = sorted(orders.values(), key=fitting.index)
    if len(found) > 1:
        names = " and ".join(name for _, name in found)
        return _as_text(
            "dates whose order of day and month is open",
            f"all values fit {names}: kept as text",
            undecided=tuple(found),
        )
    type_name, name = found[0]
    notes = ("two-digit years: 69 to 99 are of 19xx, 00 to 68 of 20xx",) if "%y" in name else ()
    return _Found(
        type_name, name, f"all values are written {name}" if name else "all values are written as ISO 8601 says", notes
    )


def _may_begin_with_year(texts: list[str]) -> bool:
    """A year changes less often than a day."""
    parts = [_NUMBER.findall(text) for text in texts]
    return len({part[0] for part in parts}) < len({part[2] for part in parts})


def _clocks(texts: list[str], unfit: Unfit) -> _Found | None:
    for name in ("", CLOCK_12):
        if _fit(TIME, name, texts, unfit):
            return _Found(TIME, name, "times of day")
    return None
