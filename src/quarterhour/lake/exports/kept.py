"""Made exports, kept for a while so that a download can go on where it broke off. Bounded by age and by size."""

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from quarterhour.files import fsync_folder
from quarterhour.settings.exports import DownloadSettings

# A file that was found or made this moment is about to be opened; once it is open, its removal harms nobody.
_JUST_USED_S = 10.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A file whose name says its key and its content's SHA-256. Its time of access is when it was last used."""

    path: Path

    @property
    def digest(self) -> str:
        return self.path.stem.partition("-")[2]


class KeptExports:
    """The kept files of one folder. Several processes may use it at once."""

    def __init__(self, folder: Path, settings: DownloadSettings) -> None:
        self._folder = folder
        self._settings = settings

    def find(self, key: str, digest: str | None = None) -> Kept | None:
        """A file of this key, with this content where `digest` is given; it counts as used now."""
        found = [Kept(path) for path in self._folder.glob(f"{key}-*")]
        for kept in sorted(found, key=lambda one: one.digest != digest):
            if digest in (None, kept.digest) and _touch(kept.path):
                return kept
        return None

    def keep(self, key: str, made: Path) -> Kept:
        """Take a whole file in, durably, and remove what is too old or too much."""
        with made.open("rb+") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        kept = Kept(self._folder / f"{key}-{digest}{made.suffix}")
        _touch(made)
        made.replace(kept.path)
        fsync_folder(self._folder)
        self.tidy()
        return kept

    def tidy(self) -> None:
        now_s = time.time()
        total = 0
        for used_s, size, path in sorted(self._files(), reverse=True):
            total += size
            is_too_much = total > self._settings.keep_bytes or now_s - used_s > self._settings.keep
            if is_too_much and now_s - used_s > _JUST_USED_S and _remove(path):
                total -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            try:
                told = path.stat()
            except FileNotFoundError:
                continue  # Another process removed it.
            found.append((told.st_atime, told.st_size, path))
        return found


def _touch(path: Path) -> bool:
    """Note that it is used now; False where it is gone."""
    try:
        os.utime(path, (time.time(), path.stat().st_mtime))
    except FileNotFoundError:
        return False
    return True


def _remove(path: Path) -> bool:
    """False where it cannot be: Windows removes no file that is being read."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        return False
    return True
