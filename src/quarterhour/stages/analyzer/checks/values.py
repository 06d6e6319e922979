"""Values of checks as SQL of a column's type: what a range or a list says is compared exactly, never rounded to fit. Pure."""

import re
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation, localcontext
from typing import Literal

from quarterhour.lake.duck import literal
from quarterhour.settings.checks import Bound

Side = Literal["least", "greatest"]

_SCALE = re.compile(r"DECIMAL\(\d+,(\d+)\)")
_MOST_DIGITS = 38
_LARGEST_BIGINT = 2**63 - 1


class Unjudgeable(Exception):
    """The check cannot be made on this data; the message says why. What cannot be judged has not passed."""


def bound_sql(column: str, storage: str, bound: Bound, side: Side) -> str:
    """`bound` for a comparison with a column of type `storage`. Raises Unjudgeable where the two do not compare."""
    match storage:
        case "DOUBLE":
            return _double(column, storage, bound)
        case "DATE" | "TIMESTAMP" | "TIMESTAMP WITH TIME ZONE":
            return _moment(column, storage, bound)
        case "VARCHAR":
            return _text(column, storage, bound)
        case "INTEGER" | "BIGINT":
            return _exact(column, storage, bound, 0, side)
        case _ if scale := _SCALE.fullmatch(storage):
            return _exact(column, storage, bound, int(scale.group(1)), side)
        case _:
            raise Unjudgeable(f"column {column!r} is {storage}, which has no order that a range could be of")


def allowed_sql(column: str, storage: str, value: Bound) -> str | None:
    """`value` for a list of what a column may hold; None where the type cannot hold it, so that no row can have it."""
    if storage == "BOOLEAN":
        if not isinstance(value, bool):
            raise _of_two_kinds(column, storage, value)
        return str(value).lower()
    if storage == "VARCHAR":
        return literal(str(value).lower() if isinstance(value, bool) else _plain(value))
    if storage.startswith(("INTEGER", "BIGINT", "DECIMAL")):
        exact = [bound_sql(column, storage, value, side) for side in ("least", "greatest")]
        return exact[0] if exact[0] == exact[1] else None
    return bound_sql(column, storage, value, "least")


def _plain(value: Bound) -> str:
    match value:
        case datetime():
            return value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _of_two_kinds(column: str, storage: str, value: Bound) -> Unjudgeable:
    return Unjudgeable(f"column {column!r} is {storage}: it does not compare with {_plain(value)!r}")


def _double(column: str, storage: str, value: Bound) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _of_two_kinds(column, storage, value)
    try:
        return f"{literal(repr(float(value)))}::DOUBLE"
    except (ValueError, OverflowError) as error:
        raise _of_two_kinds(column, storage, value) from error


def _exact(column: str, storage: str, value: Bound, scale: int, side: Side) -> str:
    """The nearest number of so many decimals that says the same of the column's values."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _of_two_kinds(column, storage, value)
    try:
        with localcontext(prec=2 * _MOST_DIGITS):
            number = Decimal(str(value))
            if not number.is_finite():
                raise _of_two_kinds(column, storage, value)
            rounded = number.quantize(Decimal(1).scaleb(-scale), ROUND_CEILING if side == "least" else ROUND_FLOOR)
    except InvalidOperation as error:
        raise _of_two_kinds(column, storage, value) from error
    if len(rounded.as_tuple().digits) > _MOST_DIGITS:
        raise Unjudgeable(f"column {column!r} is {storage}, which can hold no number as large as {value}")
    if scale == 0 and abs(rounded) <= _LARGEST_BIGINT:
        return f"{rounded:f}"
    return f"{literal(f'{rounded:f}')}::DECIMAL({_MOST_DIGITS},{scale})"


def _moment(column: str, storage: str, value: Bound) -> str:
    """A moment without a zone is in UTC, on either side."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise _of_two_kinds(column, storage, value) from error
    if not isinstance(value, date):
        raise _of_two_kinds(column, storage, value)
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    kind = "TIMESTAMP" if storage == "DATE" else storage
    return f"{literal(moment.isoformat(' ') + ('+00' if 'ZONE' in storage else ''))}::{kind}"


def _text(column: str, storage: str, value: Bound) -> str:
    """Texts compare by their code points. Times of day are kept as texts, which compare alike."""
    if not isinstance(value, str | time):
        raise _of_two_kinds(column, storage, value)
    return literal(_plain(value))
