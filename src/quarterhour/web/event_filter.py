"""Which events a call asks for, by its query; the calls that answer with events share it."""

from typing import Annotated

from fastapi import Depends, Query

from quarterhour.clock import wire_time
from quarterhour.index.question import Question
from quarterhour.web.models import Moment


def _asked(
    run_id: str | None = None,
    stage: str | None = None,
    event: str | None = None,
    level: Annotated[str | None, Query(description="info, warning or error.")] = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Part of the message, or of a text in the data.")
    ] = None,
    start: Annotated[
        Moment | None, Query(alias="from", description="Not before that time; ISO 8601 with a zone.")
    ] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Not after that time; ISO 8601 with a zone.")] = None,
) -> Question:
    times = (wire_time(each) if each else None for each in (start, end))
    return Question(run_id, stage, event, level, q or None, *times)


EventFilter = Annotated[Question, Depends(_asked)]
