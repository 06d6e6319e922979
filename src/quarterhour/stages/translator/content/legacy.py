"""Which of the encodings before Unicode a text is in: each is read, and the reading that is most like a language wins."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import log

from quarterhour.stages.translator.content.letters import IDEOGRAPHS, PAIRS

# Natural logarithms of rough probabilities, of one character each.
_IN_ANOTHER_LANGUAGE = log(0.12)
_UNSEEN_PAIR = -9.0
_GIVEN_ITS_NEIGHBOUR = 3.0
_UNSEEN_LETTER = -11.0
_CAPITAL_INSIDE_WORD = -6.0
_DIGIT_BESIDE_LETTER = -4.0
_LETTER_ALONE = -5.0
_SCRIPTS_MIXED_IN_WORD = -5.0
_SIGN_IN_PLACE = -3.0
_SIGN_ALONE = -5.5
_SIGN_BESIDE_SIGN = -8.0
_SIGN_OUT_OF_PLACE = -10.0
_OTHER_SIGN = -9.0
_NEVER_IN_A_TABLE = -14.0
_INVALID = -16.0
_KANA = -4.5
_WIDE_SIGN = -8.0
_COMMON_IDEOGRAPH = -9.0
_RARE_IDEOGRAPH = -14.0

# Beyond this, more of the text changes the answer no more.
_ENOUGH_BYTES = 16 * 1024
_CP1252_ONLY = re.compile(rb"[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f]")
_UNDEFINED_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_WORD = re.compile(r"[A-Za-z0-9]*[^\x00-\x7f][A-Za-z0-9\x80-\U0010ffff]*")
# What stands before and after a sign where people write it: a letter, a digit (9) or neither (a space).
_PLACES: dict[str, tuple[str, ...]] = {
    "€£¥": (" 9", "9 ", "  "),
    "¢‰†": ("9 ", "  ", "a "),
    "°": ("9 ", "9a", " a", "  "),
    "ºª": ("9 ", "a ", "9a"),
    "²³": ("a ",),
    "½¼¾": ("9 ", "  ", "9a"),
    "µ": (" a", "9a"),
    "±": (" 9", "99", "  "),
    "×": ("99", "  ", "9 ", " 9"),
    "’": ("aa", "a ", " 9"),
    "‘“„‚«‹": (" a", " 9"),
    "”»›": ("a ", "9 "),
    "–—": ("  ", "99", "9 ", " 9", "aa"),
    "·•": ("  ", " a", "aa"),
    "…": ("a ", "  "),
    "®™©": ("a ", "9 ", "  ", " 9"),
    "§№": (" 9", "  "),
    "¿¡": (" a",),
    "\xa0": ("99", "9a", "a9", "aa", "a ", "9 "),
}
_LETTERS = re.compile("a+")
_SIGN_PLACES = {sign: frozenset(places) for signs, places in _PLACES.items() for sign in signs}


@dataclass(frozen=True, slots=True)
class _Encoding:
    codec: str
    prior: float
    """How much rarer it is than Windows-1252."""
    languages: tuple[str, ...] = ()
    ideographs: str = ""
    common: tuple[int, int] = (0, 0)
    """The first bytes of the common ideographs."""


_WESTERN = ("de", "fr", "es", "pt", "it", "nl", "sv", "da", "no", "fi", "is")
_CENTRAL = ("pl", "cs", "sk", "hu", "hr", "sl", "ro")
_CYRILLIC = ("ru", "uk", "bg")
# The first of two that read a text alike is taken.
_ENCODINGS = (
    _Encoding("cp1252", 0.0, _WESTERN),
    _Encoding("cp1250", -1.0, _CENTRAL),
    _Encoding("cp1251", -1.0, _CYRILLIC),
    _Encoding("cp932", -1.0, (), "ja", (0x88, 0x97)),
    _Encoding("gb18030", -1.0, (), "zh", (0xB0, 0xD7)),
    _Encoding("cp950", -2.0, (), "zh_hant", (0xA4, 0xC6)),
    _Encoding("cp949", -2.0, (), "ko", (0xB0, 0xC8)),
    _Encoding("euc_jp", -3.0, (), "ja", (0xB0, 0xCF)),
    _Encoding("cp1254", -2.0, ("tr",)),
    _Encoding("cp1253", -2.0, ("el",)),
    _Encoding("cp1257", -2.0, ("lt", "lv", "et")),
    _Encoding("iso8859_2", -2.5, _CENTRAL),
    _Encoding("koi8_r", -5.0, ("ru",)),
    _Encoding("cp866", -5.0, ("ru",)),
    _Encoding("mac_roman", -5.0, _WESTERN),
    _Encoding("cp850", -5.0, _WESTERN),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text in the encoding that it resembles most."""

    encoding: str
    likeness: float
    """The mean logarithm of a non-ASCII byte's probability: -3 is a language, below -6 hardly one."""
    ideographs: bool
    """Its characters are of two bytes, which may look like UTF-8 by chance."""


def resembles(cells: Sequence[bytes]) -> Reading:
    """`cells` hold bytes beyond ASCII."""
    sample = _thinned(cells)
    scores = [(_score(each, sample), each) for each in _ENCODINGS]
    (best, high_bytes), encoding = max(scores, key=lambda scored: scored[0][0])
    codec = encoding.codec
    if codec == "cp1252" and not _CP1252_ONLY.search(sample) and _UNDEFINED_IN_CP1252.search(sample):
        codec = "latin-1"
    return Reading(codec, best / max(1, high_bytes), bool(encoding.ideographs))


def _thinned(cells: Sequence[bytes]) -> bytes:
    step = sum(map(len, cells)) // _ENOUGH_BYTES + 1
    return b"\n".join(cells[::step])


def _score(encoding: _Encoding, sample: bytes) -> tuple[float, int]:
    """The logarithm of how likely the sample is in the encoding, and about how many non-ASCII bytes it has."""
    text = sample.decode(encoding.codec, "surrogateescape")
    words = set(_WORD.findall(text))
    signs, letters, digits = _split(words)
    if encoding.ideographs:
        language = _as_ideographs(encoding, letters)
    else:
        language = _as_alphabet(encoding, letters) + digits * _DIGIT_BESIDE_LETTER
    characters = sum(len(word) - sum(map(str.isascii, word)) for word in words)
    return encoding.prior + signs + language, characters * (2 if encoding.ideographs else 1)


def _split(words: Iterable[str]) -> tuple[float, list[str], int]:
    """What the signs cost, the runs of letters between them and the digits, and how often a letter touches a digit."""
    cost = 0.0
    digits = 0
    runs: list[str] = []
    for word in words:
        kinds = "".join(map(_kind, word))
        if "s" not in kinds and "9" not in kinds:
            runs.append(word)
            continue
        runs += (word[run.start() : run.end()] for run in _LETTERS.finditer(kinds))
        for place, (kind, character) in enumerate(zip(kinds, word, strict=True)):
            if kind == "s":
                cost += _sign(character, (kinds[place - 1] if place else " ") + (kinds + " ")[place + 1])
            elif kind == "9":
                beside = word[max(0, place - 1) : place + 2]
                digits += any(_kind(other) == "a" and not other.isascii() for other in beside)
    return cost, [run for run in runs if not run.isascii()], digits


def _kind(character: str) -> str:
    if character.isalpha() and character not in _SIGN_PLACES:
        return "a"
    return "9" if "0" <= character <= "9" else "s"


@cache
def _sign(character: str, beside: str) -> float:
    if places := _SIGN_PLACES.get(character):
        if beside in places:
            return _SIGN_IN_PLACE
        return _SIGN_OUT_OF_PLACE if "a" in beside else _SIGN_BESIDE_SIGN if "s" in beside else _SIGN_ALONE
    if "\udc80" <= character <= "\udcff":
        return _INVALID
    if "\u3000" <= character <= "\u30ff" or "\uff00" <= character <= "\uffef":
        return _WIDE_SIGN
    if unicodedata.category(character) in ("Cc", "Co", "Cn", "Sk", "Lm", "Mn") or "\u2500" <= character <= "\u259f":
        return _NEVER_IN_A_TABLE
    return _OTHER_SIGN - (2.0 if beside == "aa" else 0.0)


def _as_alphabet(encoding: _Encoding, words: list[str]) -> float:
    pairs: Counter[str] = Counter()
    cost = 0.0
    for word in words:
        if not word.isupper():
            inside = sum(a.islower() and b.isupper() and not b.isascii() for a, b in pairwise(word))
            cost += inside * _CAPITAL_INSIDE_WORD
        mixed = sum(a.isascii() != b.isascii() and _scripts_differ(a, b) for a, b in pairwise(word))
        cost += mixed * _SCRIPTS_MIXED_IN_WORD + (_LETTER_ALONE if len(word) == 1 else 0.0)
        lower = f" {word.lower()} "
        pairs.update(map("".join, pairwise(lower)))
    best = max(_in_language(pairs, language, encoding.languages) for language in encoding.languages)
    return best + cost


def _scripts_differ(a: str, b: str) -> bool:
    return max(a, b) >= "\u0370"


def _in_language(pairs: Mapping[str, int], language: str, others: tuple[str, ...]) -> float:
    known, shared = _pair_logs(language), _shared_logs(others)
    total = 0.0
    for pair, count in pairs.items():
        letters = (pair[0] > "\x7f") + (pair[1] > "\x7f")
        if not letters:
            continue
        value = known.get(pair)
        if value is None:
            letter = max(pair)
            own = _UNSEEN_PAIR if letter in known else _UNSEEN_LETTER
            other = shared.get(pair, _UNSEEN_PAIR if letter in shared else _UNSEEN_LETTER)
            value = max(own, other + _IN_ANOTHER_LANGUAGE)
        total += count * letters / 2 * (value + _GIVEN_ITS_NEIGHBOUR)
    return total


@cache
def _pair_logs(language: str) -> dict[str, float]:
    """Of pairs, and of each letter in them by itself."""
    text = PAIRS[language]
    pairs = _logs_by_rank((text[place : place + 2] for place in range(0, len(text), 2)), 4)
    return pairs | dict.fromkeys(map(max, pairs), _UNSEEN_PAIR)


@cache
def _shared_logs(languages: tuple[str, ...]) -> dict[str, float]:
    """The highest of what the languages say."""
    shared: dict[str, float] = {}
    for language in languages:
        for pair, value in _pair_logs(language).items():
            shared[pair] = max(value, shared.get(pair, value))
    return shared


def _logs_by_rank(items: Iterable[str], offset: int, share: float = 0.95) -> dict[str, float]:
    """Zipf's law: the n-th most frequent is about n times as rare as the first."""
    ranked = list(dict.fromkeys(items))
    whole = sum(1 / (rank + offset) for rank in range(len(ranked)))
    return {item: log(share / whole / (rank + offset)) for rank, item in enumerate(ranked)}


def _as_ideographs(encoding: _Encoding, words: list[str]) -> float:
    frequent = _logs_by_rank_of(encoding.ideographs)
    common = _common_ideographs(encoding.codec, *encoding.common)
    total = 0.0
    for character, count in Counter("".join(words)).items():
        if character.isascii():
            continue
        if character in frequent:
            total += count * frequent[character]
        elif encoding.ideographs == "ja" and ("\u3041" <= character <= "\u30ff" or "\uff66" <= character <= "\uff9f"):
            total += count * _KANA
        else:
            total += count * (_COMMON_IDEOGRAPH if character in common else _RARE_IDEOGRAPH)
    mixed = sum(a.isascii() != b.isascii() for word in words for a, b in pairwise(word))
    alone = sum(len(word) == 1 and word >= "\uff66" for word in words)  # A half-width kana is a byte, as a letter is.
    return total + mixed * _SCRIPTS_MIXED_IN_WORD + alone * _LETTER_ALONE


@cache
def _logs_by_rank_of(ideographs: str) -> dict[str, float]:
    return _logs_by_rank(IDEOGRAPHS[ideographs], 10, 0.6)


@cache
def _common_ideographs(codec: str, first: int, last: int) -> frozenset[str]:
    return frozenset(
        bytes((lead, trail)).decode(codec, "ignore") for lead in range(first, last + 1) for trail in range(0x40, 0xFF)
    )
