"""What is configured of the schedule: its marks, what starts runs beside them, and what becomes of a mark."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Literal, Self

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator, model_validator

from quarterhour.marks import next_marks
from quarterhour.settings.types import Seconds, Section, check_timezone

_ANY_TIME = datetime(2025, 1, 1, tzinfo=UTC)
_MARKS_LOOKED_AT = 100
# By the name that cronsim gives a field: which one it is, and what may stand in it.
_CRON_FIELDS = {
    "minute": (0, "minutes are 0 to 59"),
    "hour": (1, "hours are 0 to 23"),
    "day-of-month": (2, "days are 1 to 31, L for the last, as far as a month has them"),
    "month": (3, "months are 1 to 12, or JAN to DEC"),
    "day-of-week": (4, "days are 0 to 7 (0 and 7: Sunday), or SUN to SAT"),
}


def check_cron(text: str) -> str:
    """Raises ValueError, which names the field, where `text` is not five-field cron."""
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(
            f"{text!r} is not cron: it has {len(fields)} of the five fields minute, hour, day, month, day of the week; "
            "write '*/15 * * * *' for each quarter of an hour"
        )
    try:
        # The date is a placeholder: only the text is checked.
        CronSim(text, _ANY_TIME)
    except CronSimError as error:
        raise ValueError(f"{text!r} is not cron: {_wrong_field(str(error), fields)}") from error
    return text


def _wrong_field(said: str, fields: list[str]) -> str:
    name = said.removeprefix("Bad ")
    if name not in _CRON_FIELDS:
        return said
    place, allowed = _CRON_FIELDS[name]
    return f"field {place + 1}, the {name}, is {fields[place]!r}: {allowed}, with * , - / between"


def check_jitter(jitter_s: float, cron: str, timezone: str) -> float:
    """Raises ValueError where a run could be put off beyond the next mark."""
    if jitter_s < 0:
        raise ValueError(f"jitter is {jitter_s:g} s: give 0 or more")
    if jitter_s > 0:
        ahead = next_marks(cron, timezone, _ANY_TIME, _MARKS_LOOKED_AT)
        shortest_s = min((later - mark).total_seconds() for mark, later in pairwise(ahead))
        if jitter_s > shortest_s:
            raise ValueError(
                f"jitter is {jitter_s:g} s, more than the {shortest_s:g} s between two marks of {cron!r}: make it less"
            )
    return jitter_s


class ScheduleSettings(Section):
    trigger: Annotated[
        Literal["clock", "arrival", "both"],
        Field(description="What starts runs: the marks of the clock, files that arrive in data/raw, or both."),
    ] = "clock"
    quiet: Annotated[
        Seconds,
        Field(description="Seconds without a change in data/raw before arrivals start a run; at least inputs.settle."),
    ] = 5.0
    cron: Annotated[str, Field(description="Five-field cron text of the marks.")] = "*/15 * * * *"
    timezone: Annotated[str, Field(description="IANA zone in which the cron text is read.")] = "UTC"
    jitter: Annotated[
        float,
        Field(description="Seconds up to which a run starts after its mark, drawn for each mark and home; 0 is none."),
    ] = 0.0
    catch_up: Annotated[
        Literal["none", "latest", "all"],
        Field(description="Which of the marks that were missed (no server, machine asleep) are run afterwards."),
    ] = "latest"
    overlap: Annotated[
        Literal["skip", "queue", "cancel"],
        Field(description="What a mark does during a run: it is skipped, waits for the run's end, or stops the run."),
    ] = "skip"
    pause_after_failures: Annotated[
        int, Field(ge=0, description="Failed runs in a row after which the schedule holds back; 0 is never.")
    ] = 0
    cool_down: Annotated[
        Seconds, Field(description="Seconds after the last failure until the schedule tries one run again.")
    ] = 3600.0

    @property
    def has_marks(self) -> bool:
        return self.trigger != "arrival"

    _cron = field_validator("cron")(check_cron)
    _timezone = field_validator("timezone")(check_timezone)

    @model_validator(mode="after")
    def _jitter_fits(self) -> Self:
        check_jitter(self.jitter, self.cron, self.timezone)
        return self
