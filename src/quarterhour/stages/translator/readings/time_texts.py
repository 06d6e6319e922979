"""How dates and times are written: strptime's notation as a pattern, as DuckDB's formats, and as a check of the calendar. Pure.

Seconds and their fraction may always be missing where a format has `%S`, and in a format with a date so may the whole time.
"""

import re
from calendar import monthrange
from dataclasses import dataclass

DATE = "DATE"
TIMESTAMP = "TIMESTAMP"
TIMESTAMPTZ = "TIMESTAMP WITH TIME ZONE"
TIME = "TIME"

CLOCK_24 = "%H:%M:%S"
CLOCK_12 = "%I:%M:%S %p"
ZONE = "%z"

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_FRACTION = r"\d{1,6}0{0,3}"
_CLOCK_24 = rf"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]{_FRACTION})?)?"
_CLOCK_12 = r"(?:0?[1-9]|1[0-2]):[0-5]\d(?::[0-5]\d)? ?(?i:[ap]m)"
# ISO 8601 has a midnight at the end of the day; it is the next day's first instant.
_MIDNIGHT = r"24:00(?::00(?:[.,]0{1,9})?)?"
_OFFSET = r"Z|UTC|GMT|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?"
_REGION = r"[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_+-]+){1,2}"
ZONE_PATTERN = rf" ?(?:{_OFFSET})| {_REGION}"

_TOKENS = {
    "%d": r"(?P<d>0[1-9]|[12]\d|3[01]|[1-9])",
    "%m": r"(?P<m>0[1-9]|1[0-2]|[1-9])",
    "%Y": r"(?P<Y>[1-9]\d{3})",
    "%y": r"(?P<y>\d{2})",
    "%b": rf"(?P<b>(?i:{'|'.join(name[:3] for name in _MONTHS)}))",
    "%B": rf"(?P<b>(?i:{'|'.join(_MONTHS)}))",
}
# Without separators each part has all its digits.
_PACKED = {"%d": r"(?P<d>0[1-9]|[12]\d|3[01])", "%m": r"(?P<m>0[1-9]|1[0-2])"}
_LATE_DAY = re.compile(r"29|3[01]")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A date's format, a clock's, or both, and whether a zone follows."""

    date: str
    clock: str = ""
    zone: bool = False

    @property
    def name(self) -> str:
        return f"{self.date}{' ' if self.date and self.clock else ''}{self.clock}{ZONE if self.zone else ''}"

    @property
    def pattern(self) -> str:
        clock = _CLOCK_12 if self.clock == CLOCK_12 else _CLOCK_24
        if not self.date:
            return clock
        date = date_pattern(self.date)
        if not self.clock:
            return date
        if self.zone:
            return rf"{date} {clock}(?:{ZONE_PATTERN})"
        return rf"{date}(?: {clock})?"

    @property
    def strptime(self) -> list[str]:
        """DuckDB's formats of the local time, the likeliest first."""
        clocks = ["%I:%M:%S %p", "%I:%M %p"] if self.clock == CLOCK_12 else [CLOCK_24, "%H:%M", "%H:%M:%S.%f"]
        if not self.date:
            return clocks
        with_clock = [f"{self.date} {clock}" for clock in clocks] if self.clock else []
        return [*with_clock, self.date] if not self.zone else with_clock


def date_pattern(date: str) -> str:
    packed = date == "%Y%m%d"
    parts = re.split(r"(%[a-zA-Z])", date)
    return "".join((_PACKED if packed else {}).get(p) or _TOKENS.get(p) or re.escape(p) for p in parts)


ISO_DATE = (
    r"(?P<Y>[1-9]\d{3}|0[1-9]\d{2}|00[1-9]\d|000[1-9])-(?P<m>0[1-9]|1[0-2]|[1-9])-(?P<d>0[1-9]|[12]\d|3[01]|[1-9])"
)
ISO_CLOCK = rf"(?:{_CLOCK_24}|{_MIDNIGHT})"
ISO = {
    DATE: ISO_DATE,
    TIMESTAMP: rf"{ISO_DATE}(?:[ T]{ISO_CLOCK})?",
    TIMESTAMPTZ: rf"{ISO_DATE}[ T]{ISO_CLOCK}(?:{ZONE_PATTERN})",
    TIME: _CLOCK_24,
}


def time_format(name: str) -> TimeFormat | None:
    """The format of that name; None where quarterhour does not know it."""
    zone = name.endswith((ZONE, "%Z"))
    rest = name[:-2].rstrip() if zone else name
    date, clock = rest, ""
    at = min((i for i in (rest.find("%H"), rest.find("%I")) if i >= 0), default=-1)
    if at >= 0:
        date, written = rest[:at].rstrip(), rest[at:]
        clock = CLOCK_12 if written.startswith("%I") else CLOCK_24
        if written not in ("%H:%M", CLOCK_24, "%H:%M:%S.%f", "%I:%M %p", CLOCK_12):
            return None
    tokens = set(re.findall(r"%.", date))
    year, month = tokens & {"%Y", "%y"}, tokens & {"%m", "%b", "%B"}
    if date and not (len(year) == len(month) == 1 and tokens - year - month == {"%d"}):
        return None
    if (zone and not (date and clock)) or not (date or clock):
        return None
    return TimeFormat(date, clock, zone)


def canonical_time(name: str) -> str:
    """The name as quarterhour writes it: "" for ISO 8601, seconds where they may stand."""
    spaced = name.replace("T%H", " %H")
    spaced = spaced.removesuffix("Z") + ZONE if spaced.endswith("%SZ") else spaced
    found = time_format(spaced) if spaced else None
    if found is None:
        return name
    iso = found.date == "%Y-%m-%d" or not found.date
    return "" if iso and found.clock != CLOCK_12 else found.name


def in_calendar(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the day of a text that matches is in its month."""
    if not _LATE_DAY.search(text):
        return True
    match = pattern.fullmatch(text)
    if match is None:
        return False
    day = int(match["d"])
    if day <= 28:
        return True
    parts = match.groupdict()
    year = int(parts["Y"]) if parts.get("Y") else century(int(parts["y"]))
    month = int(parts["m"]) if parts.get("m") else month_number(parts["b"])
    return day <= monthrange(year, month)[1]


def century(year: int) -> int:
    """The year that two digits stand for, as POSIX and DuckDB have it."""
    return year + (1900 if year >= 69 else 2000)


def month_number(name: str) -> int:
    return next(i for i, month in enumerate(_MONTHS, 1) if month.startswith(name.lower()))
