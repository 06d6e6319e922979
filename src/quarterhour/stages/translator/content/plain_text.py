"""From a raw file to plain UTF-8 texts: unpacked, told apart from what is no text at all, recoded."""

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from quarterhour.lake.arrivals import reading
from quarterhour.stages.translator.content.compression import Unpacked, compression_of, unpack
from quarterhour.stages.translator.content.encoding import detect_encoding, recode
from quarterhour.stages.translator.content.unreadable import ContentUnreadable

__all__ = ["SAMPLE_BYTES", "ContentUnreadable", "PlainText", "PlainTexts", "plain_text", "plain_texts"]

SAMPLE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class PlainText:
    """A text in UTF-8 without byte order mark; its line ends are those of the raw file.

    Bytes that are invalid in the file's own encoding are invalid here too, so that their records can be put aside.
    """

    path: Path
    """The raw file itself where it is such a text already, else a scratch copy."""
    encoding: str
    """The encoding that the raw text had."""
    size: int
    compression: str = ""
    """gzip, zstd, xz, bzip2, zip or nothing: how the raw file was packed."""
    member: str = ""
    """The name in a zip archive."""


@dataclass(frozen=True, slots=True)
class PlainTexts:
    """All texts of a raw file, at least one."""

    texts: tuple[PlainText, ...]
    skipped: tuple[str, ...] = ()
    """The members of an archive that hold no text: the name and why, for people."""


@contextmanager
def plain_texts(raw: Path, scratch: Path, name: str, check: Callable[[], None]) -> Generator[PlainTexts]:
    """A block in which the raw file's texts can be read. Copies are in `scratch`, begin with `name`, and go at its end.

    Raises ContentUnreadable, and FileUnreadable where the file changes meanwhile. `check` may raise to cancel.
    """
    with ExitStack() as stack:
        stack.enter_context(reading(raw))
        yield _Preparation(raw, scratch, name, check, stack).texts()


@contextmanager
def plain_text(raw: Path, scratch: Path, name: str, check: Callable[[], None]) -> Generator[PlainText]:
    """As `plain_texts`, where only one text is expected."""
    with plain_texts(raw, scratch, name, check) as found:
        if len(found.texts) != 1:
            raise ContentUnreadable(f"the zip archive holds {len(found.texts)} files, not one: unpack it")
        yield found.texts[0]


@dataclass(frozen=True, slots=True)
class _Preparation:
    raw: Path
    scratch: Path
    name: str
    check: Callable[[], None]
    stack: ExitStack

    def texts(self) -> PlainTexts:
        packed = compression_of(self.raw)
        if not packed:
            return PlainTexts((self._text(self.raw, "", ""),))
        numbers = count()
        with closing(
            unpack(self.raw, packed, lambda: self._passing(f"{self.name}.{next(numbers)}.unpacked"), self.check)
        ) as contents:
            if packed == "zip":
                return self._members(contents)
            return PlainTexts(tuple(self._text(content.path, packed, "") for content in contents))

    def _members(self, contents: Iterable[Unpacked]) -> PlainTexts:
        texts: list[PlainText] = []
        skipped: list[str] = []
        for content in contents:
            try:
                texts.append(self._member(content))
            except ContentUnreadable as error:
                content.path.unlink()
                skipped.append(f"{content.member}: {error.message}")
        if not texts:
            raise ContentUnreadable(f"the zip archive holds no text: {'; '.join(skipped)}")
        return PlainTexts(tuple(texts), tuple(skipped))

    def _member(self, content: Unpacked) -> PlainText:
        if content.refusal:
            raise ContentUnreadable(content.refusal)
        if not content.path.stat().st_size:
            raise ContentUnreadable("it is empty")
        return self._text(content.path, "zip", content.member)

    def _text(self, path: Path, packed: str, member: str) -> PlainText:
        encoding = detect_encoding(path, self.check)
        plain = path
        if not encoding.is_plain:
            plain = self._passing(f"{path.name if packed else self.name}.utf8")
            recode(path, plain, encoding, self.check)
            if packed:
                path.unlink()
        return PlainText(plain, encoding.codec, plain.stat().st_size, packed, member)

    def _passing(self, name: str) -> Path:
        """A file that is gone at the block's end."""
        path = self.scratch / name
        self.stack.callback(path.unlink, missing_ok=True)
        return path
