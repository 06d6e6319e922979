"""What was chosen for a column and why, and how a choice that its own texts leave open is settled. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from quarterhour.stages.translator.readings.forms import BIGINT, DOUBLE, decimal_shape
from quarterhour.stages.translator.readings.number_texts import number_format
from quarterhour.stages.translator.readings.reading import Reading


@dataclass(frozen=True, slots=True)
class Choice:
    """The reading of a column and why. Where the texts leave it open, it is text, and `undecided` names what it may be."""

    reading: Reading
    reason: str
    notes: tuple[str, ...] = ()
    undecided: tuple[Reading, ...] = ()


def with_file_signs(choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """The choices, numbers whose comma may mean two things read with the file's one decimal sign."""
    signs = {sign for choice in choices.values() if (sign := _decimal_sign(choice.reading))}
    if len(signs) != 1:
        return dict(choices)
    return {name: _with_sign(choice, signs) for name, choice in choices.items()}


def _with_sign(choice: Choice, signs: Collection[str]) -> Choice:
    numbers = [(one, number_format(one.format)) for one in choice.undecided]
    fitting = [one for one, numbers_of in numbers if numbers_of and numbers_of.decimal in signs]
    if len(fitting) != 1:
        return choice
    return Choice(fitting[0], f"{choice.reason}: read as the file's other numbers")


def _decimal_sign(reading: Reading) -> str:
    """The decimal sign that a column's texts show; empty where they show none."""
    shape = decimal_shape(reading.type)
    numbers = number_format(reading.format) if shape or reading.type in (BIGINT, DOUBLE) else None
    if numbers is None:
        return ""
    if reading.type == BIGINT or (shape is not None and shape[1] == 0):
        return {",": ".", ".": ","}.get(numbers.group, "")
    return numbers.decimal


def settled(choice: Choice, earlier: Reading) -> Choice:
    """The choice, an open one decided as the dataset's earlier files were read."""
    same = (reading for reading in choice.undecided if (reading.type, reading.format) == (earlier.type, earlier.format))
    for reading in same:
        return Choice(reading, f"{choice.reason}: read as earlier files of the dataset", choice.notes)
    return choice
