"""Formulas in text: what a spreadsheet would compute, or run, when it opens a file that somebody else's text is in. Pure.

The rule is OWASP's, https://owasp.org/www-community/attacks/CSV_Injection: each text is quoted, and one that begins with a
character that may begin a formula gets a single quote before it; the null character is of OWASP's ASVS 1.2.10, and the full-width
signs are those that spreadsheets of East Asian languages take for the narrow ones. Numbers are left alone: they are no text.
"""

from quarterhour.lake.duck import literal

FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
_NULL = "\0"
_QUOTE = "'"


def begins_formula(text: str) -> bool:
    return text.startswith((*FORMULA_STARTS, _NULL))


def neutralised(text: str) -> str:
    return _QUOTE + text if begins_formula(text) else text


def neutralised_sql(column: str) -> str:
    """The same of a SQL expression that gives text."""
    starts = f"{literal(FORMULA_STARTS)} || chr(0)"
    is_formula = f"{column} <> {literal('')} AND contains({starts}, {column}[1])"
    return f"CASE WHEN {is_formula} THEN {literal(_QUOTE)} || {column} ELSE {column} END"
