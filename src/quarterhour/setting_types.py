"""What the settings of several parts are made of: a section, a limit of what may be rejected, one of memory, a time zone."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

DATASET_NAME = r"^[a-z][a-z0-9_]{0,62}$"

_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*(%|MB|GB)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def check_timezone(name: str) -> str:
    """Raises ValueError where `name` is not in the IANA database."""
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone: give an IANA name, such as 'Europe/Paris' or 'UTC'")
    return name


Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """A table of quarterhour.toml: frozen, and without keys that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class RejectLimit:
    """How many records of a dataset a run may put aside: a share of those read, or a number. At 100% there is no limit."""

    amount: Decimal
    is_share: bool

    @classmethod
    def parse(cls, value: object) -> "RejectLimit":
        """Raises ValueError where `value` is neither a number of records nor a share such as '0.1%'."""
        if isinstance(value, RejectLimit):
            return value
        text = str(value).strip()
        if not isinstance(value, bool | float):
            if share := _PERCENT.fullmatch(text):
                amount = Decimal(share.group(1))
                if amount <= 100:
                    return cls(amount, is_share=True)
            elif text.isascii() and text.isdecimal():
                return cls(Decimal(text), is_share=False)
        raise ValueError(
            f"{value!r} is no limit: give a share from '0%' to '100%', such as '0.1%', or a number of records"
        )

    @property
    def is_none(self) -> bool:
        return self.is_share and self.amount == 100

    def is_exceeded(self, rejected: int, records: int) -> bool:
        """Whether `rejected` of `records` are too many. Exact: no rounding decides."""
        return rejected * 100 > self.amount * records if self.is_share else rejected > self.amount

    def __str__(self) -> str:
        return f"{self.amount}%" if self.is_share else str(self.amount)


MaxRejected = Annotated[RejectLimit, BeforeValidator(RejectLimit.parse), PlainSerializer(str, return_type=str)]


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """How much memory something may hold: a share of the machine's, or so many MB or GB."""

    text: str

    @classmethod
    def parse(cls, value: object) -> "MemoryLimit":
        """Raises ValueError where `value` is neither a size nor a share."""
        if isinstance(value, MemoryLimit):
            return value
        text = str(value).strip()
        found = _MEMORY.fullmatch(text)
        if found is None or not 0 < float(found[1]) <= (100 if found[2] == "%" else float("inf")):
            raise ValueError(
                f"{value!r} is no limit of memory: give a share such as '80%', or a size such as '2GB' or '500MB'"
            )
        return cls(text)

    def bytes_of(self, machine: int) -> int:
        """The limit on a machine with so much memory."""
        found = _MEMORY.fullmatch(self.text)
        assert found is not None
        unit = {"%": machine / 100, "MB": 1e6, "GB": 1e9}[found[2]]
        return int(float(found[1]) * unit)

    def __str__(self) -> str:
        return self.text


Memory = Annotated[MemoryLimit, BeforeValidator(MemoryLimit.parse), PlainSerializer(str, return_type=str)]
