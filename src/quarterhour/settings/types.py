"""What the settings of several parts are made of: a section, limits of rejected records, memory and disk, a time zone."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

DATASET_NAME = r"^[a-z][a-z0-9_]{0,62}$"

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(%|MB|GB)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def check_timezone(name: str) -> str:
    """Raises ValueError where `name` is not in the IANA database."""
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone: give an IANA name, such as 'Europe/Paris' or 'UTC'")
    return name


Seconds = Annotated[float, Field(gt=0)]

SECRET = "secret"
"""Marks a setting whose value no event tells: `Annotated[str, SECRET, Field(…)]`."""


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


def _bytes(text: str, whole: int) -> int:
    """'80%' of so many bytes, or '500MB', as bytes."""
    found = _AMOUNT.fullmatch(text)
    assert found is not None
    return int(float(found[1]) * {"%": whole / 100, "MB": 1e6, "GB": 1e9}[found[2]])


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
        found = _AMOUNT.fullmatch(text)
        if found is None or not 0 < float(found[1]) <= (100 if found[2] == "%" else float("inf")):
            raise ValueError(
                f"{value!r} is no limit of memory: give a share such as '80%', or a size such as '2GB' or '500MB'"
            )
        return cls(text)

    def bytes_of(self, machine: int) -> int:
        """The limit on a machine with so much memory."""
        return _bytes(self.text, machine)

    def __str__(self) -> str:
        return self.text


Memory = Annotated[MemoryLimit, BeforeValidator(MemoryLimit.parse), PlainSerializer(str, return_type=str)]


@dataclass(frozen=True, slots=True)
class FreeSpace:
    """How much of a disk must be free: a share of it, or so many MB or GB; of several the least counts."""

    text: str

    @classmethod
    def parse(cls, value: object) -> "FreeSpace":
        """Raises ValueError where `value` is neither a size nor a share, nor several with commas between."""
        if isinstance(value, FreeSpace):
            return value
        found = [_AMOUNT.fullmatch(part.strip()) for part in str(value).split(",")]
        if any(each is None or (each[2] == "%" and float(each[1]) > 100) for each in found):
            raise ValueError(
                f"{value!r} is no free space: give a share such as '1%', a size such as '500MB', or both as '1%, 500MB', "
                "of which the least counts; '0MB' asks for none"
            )
        return cls(str(value).strip())

    def bytes_of(self, disk: int) -> int:
        """What must be free on a disk of so many bytes."""
        return min(_bytes(part.strip(), disk) for part in self.text.split(","))

    def __str__(self) -> str:
        return self.text


FreeDisk = Annotated[FreeSpace, BeforeValidator(FreeSpace.parse), PlainSerializer(str, return_type=str)]
