"""How numbers are written: separators, signs and units; which texts are one, and the plain number of it, in SQL too. Pure."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

# Those whose countries write a decimal comma, and the others.
COMMA_CURRENCIES = (
    "€",
    "EUR",
    "R$",
    "BRL",
    "zł",
    "PLN",
    "kr",
    "kr.",
    "SEK",
    "NOK",
    "DKK",
    "Kč",
    "CZK",
    "Ft",
    "HUF",
    "₽",
    "RUB",
)
_POINT_CURRENCIES = ("$", "£", "¥", "₹", "₩", "₪", "USD", "GBP", "CHF", "JPY", "CNY", "INR", "CAD", "AUD")
CURRENCIES = (*COMMA_CURRENCIES, *_POINT_CURRENCIES)
PERCENT = "%"

_SPACES = " \u00a0\u202f\u2009"
_APOSTROPHES = "'’"
_GAP = f"[{_SPACES}]?"
_NAME = re.compile(
    rf"(?P<open>\()?(?:(?P<before>{'|'.join(map(re.escape, CURRENCIES))}) ?)?"
    r"(?:1(?P<group>[,.' ]?)234(?P<decimal>[.,])56|(?P<indian>12,34,567\.89))"
    rf"(?: ?(?P<after>%|{'|'.join(map(re.escape, CURRENCIES))}))?(?P<trailing>-)?(?(open)\))"
)


@dataclass(frozen=True)
class NumberFormat:
    """A way to write numbers. Its name is the number 1234.56 (or 1234567.89 the Indian way) written so."""

    decimal: str = "."
    group: str = ""
    indian: bool = False
    unit: str = ""
    unit_first: bool = False
    negative: str = "-1"
    """How a number below nought is marked: "-1", "1-" or "(1)"."""

    @property
    def name(self) -> str:
        number = "12,34,567.89" if self.indian else f"1{self.group}234{self.decimal}56"
        if self.unit == PERCENT:
            number += PERCENT
        elif self.unit and self.unit_first:
            number = f"{self.unit}{' ' if self.unit.isalpha() else ''}{number}"
        elif self.unit:
            number = f"{number} {self.unit}"
        number = {"-1": number, "1-": f"{number}-", "(1)": f"({number})"}[self.negative]
        return "" if number == "1234.56" else number

    @cached_property
    def body(self) -> str:
        """The pattern of the digits with their separators."""
        whole = [r"0|[1-9]\d*"]
        group = _class_of(self.group)
        if self.indian:
            whole.insert(0, r"[1-9]\d?(?:,\d{2})*,\d{3}")
        elif group:
            whole.insert(0, rf"[1-9]\d{{0,2}}(?:{group}\d{{3}})+")
        point = re.escape(self.decimal)
        return rf"(?:(?:{'|'.join(whole)})(?:{point}\d*)?|{point}\d+)"

    @cached_property
    def pattern(self) -> str:
        unit = re.escape(self.unit)
        marks = {"-1": rf"[+-]?{_GAP}", "1-": r"\+?", "(1)": rf"[+-]?{_GAP}"}[self.negative]
        if not self.unit:
            number = rf"{marks if self.negative == '1-' else '[+-]?'}{self.body}"
        elif self.unit_first:
            number = rf"(?:{marks}{unit}{_GAP}|{unit}{_GAP}{marks}){self.body}"
        else:
            number = rf"[+-]?{self.body}{_GAP}{unit}"
        if self.negative == "1-":
            return rf"{number}{_GAP}-?"
        if self.negative == "(1)":
            inside = rf"{unit}{_GAP}{self.body}" if self.unit_first else rf"{self.body}{_GAP}{unit}"
            inside = inside if self.unit else self.body
            return rf"{number}|\({_GAP}{inside}{_GAP}\)"
        return number

    def plain_sql(self, text: str) -> str:
        """SQL: the number as a plain one, with `.` and a leading `-`; a percentage as its hundredth part. `text` matches."""
        sql = text
        removed = [*_characters(self.group), *_characters("(" if self.negative == "(1)" else "")]
        if self.unit or self.negative != "-1":
            removed += [c for c in _SPACES if c not in removed]
        removed += [self.unit] if self.unit else []
        for character in removed:
            sql = f"replace({sql}, {_literal(character)}, '')"
        if self.decimal == ",":
            sql = f"replace({sql}, ',', '.')"
        if self.negative == "1-":
            sql = f"CASE WHEN ends_with({sql}, '-') THEN '-' || rtrim({sql}, '-') ELSE {sql} END"
        if self.negative == "(1)":
            sql = f"CASE WHEN ends_with({sql}, ')') THEN '-' || rtrim({sql}, ')') ELSE {sql} END"
        return f"(({sql}) || 'e-2')" if self.unit == PERCENT else f"({sql})"

    @cached_property
    def _plain_characters(self) -> dict[int, str]:
        removed = dict.fromkeys(_characters(self.group) + _SPACES + "(", "")
        return str.maketrans(removed | ({",": "."} if self.decimal == "," else {}))

    def plain(self, text: str) -> str:
        """What `plain_sql` gives, for a text that matches."""
        text = text.replace(self.unit, "").translate(self._plain_characters)
        if text.endswith(("-", ")")):
            text = "-" + text[:-1]
        return text + "e-2" if self.unit == PERCENT else text


def _characters(group: str) -> str:
    return {" ": _SPACES, "'": _APOSTROPHES}.get(group, group)


def _class_of(group: str) -> str:
    return f"[{_characters(group)}]" if group else ""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@lru_cache(maxsize=256)
def number_format(name: str) -> NumberFormat | None:
    """The format of that name; None where the name is none."""
    match = _NAME.fullmatch(name or "1234.56")
    if not match or (match["before"] and match["after"]) or (match["open"] and match["trailing"]):
        return None
    indian = match["indian"] is not None
    found = NumberFormat(
        decimal="." if indian else match["decimal"],
        group="," if indian else match["group"],
        indian=indian,
        unit=match["before"] or match["after"] or "",
        unit_first=match["before"] is not None,
        negative="(1)" if match["open"] else "1-" if match["trailing"] else "-1",
    )
    return None if found.group == found.decimal else found
