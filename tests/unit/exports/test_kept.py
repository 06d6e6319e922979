"""Made exports are kept under what they are of, and removed by age and by size."""

import os
import time
from pathlib import Path

import pytest
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.lake.exports.kept import KeptExports
from quarterhour.lake.exports.making import check_export, make_export
from quarterhour.lake.exports.request import ExportRequest
from quarterhour.settings.exports import DownloadSettings
from quarterhour.stages.merger import MergerService


def keep(kept: KeptExports, folder: Path, key: str, content: bytes, used_ago_s: float = 0) -> Path:
    made = folder / "made.csv"
    made.write_bytes(content)
    path = kept.keep(key, made).path
    os.utime(path, (time.time() - used_ago_s, time.time() - used_ago_s))
    return path


def store(tmp_path: Path, **change: float) -> KeptExports:
    folder = tmp_path / "kept"
    folder.mkdir()
    return KeptExports(folder, DownloadSettings(**change))  # pyright: ignore[reportArgumentType]


def test_what_was_used_longest_ago_goes_first_and_use_counts(tmp_path: Path) -> None:
    kept = store(tmp_path, keep_bytes=25)
    old = keep(kept, tmp_path, "a", b"0123456789", used_ago_s=300)
    older = keep(kept, tmp_path, "b", b"0123456789", used_ago_s=400)
    assert kept.find("b") is not None
    new = keep(kept, tmp_path, "c", b"0123456789")
    assert [path.exists() for path in (old, older, new)] == [False, True, True]


def test_what_is_too_old_goes_whatever_the_size(tmp_path: Path) -> None:
    kept = store(tmp_path, keep=60)
    path = keep(kept, tmp_path, "a", b"x", used_ago_s=61)
    young = keep(kept, tmp_path, "b", b"x", used_ago_s=59)
    kept.tidy()
    assert (path.exists(), young.exists()) == (False, True)


def test_a_file_that_was_just_found_is_not_removed_before_it_is_opened(tmp_path: Path) -> None:
    kept = store(tmp_path, keep_bytes=0, keep=0)
    path = keep(kept, tmp_path, "a", b"x")
    kept.tidy()
    assert path.exists()


def test_another_content_of_the_same_key_is_another_file(tmp_path: Path) -> None:
    kept = store(tmp_path)
    first, second = keep(kept, tmp_path, "a", b"1"), keep(kept, tmp_path, "a", b"2")
    found = kept.find("a", first.stem.partition("-")[2])
    assert found is not None
    assert (found.path, first == second, kept.find("a", "0" * 64)) == (first, False, None)


def test_the_same_export_is_made_once_and_another_version_is_another(bars: RecordingContext) -> None:
    def made(where: str = "", resumes: bool = False, digest: str | None = None) -> Path:
        request = ExportRequest("bars", "csv", where=where)
        return make_export(bars.workspace, bars.settings, request, digest, resumes).path

    request = ExportRequest("bars", "csv")
    assert check_export(bars.workspace, bars.settings, request).size is None
    first = made()
    told = first.stat()
    assert (made(), first.stat().st_ino) == (first, told.st_ino)
    assert check_export(bars.workspace, bars.settings, request).size == told.st_size
    put(bars, "bars", "SELECT 7::BIGINT AS k, 'b' AS s", "two")
    MergerService().run(bars)
    assert made() != first
    assert made("k >= 0") != made()
    # One that looks at the clock may hold other rows now, unless somebody goes on with it.
    clock = "k < 3 AND now() > '2020-01-01'"
    begun = made(clock)
    inode = begun.stat().st_ino
    assert made(clock, resumes=True).stat().st_ino == inode
    assert made(clock, digest=begun.stem.partition("-")[2]).stat().st_ino == inode
    assert made(clock).stat().st_ino != inode
    assert list(bars.workspace.scratch.iterdir()) == []


def test_a_table_made_anew_at_the_same_version_is_another(bars: RecordingContext) -> None:
    import shutil

    request = ExportRequest("bars", "csv")
    first = make_export(bars.workspace, bars.settings, request)
    shutil.rmtree(bars.workspace.table("bars"))
    with bars.lake.ledger() as ledger:
        assert ledger.pending() == []
    put(bars, "bars", "SELECT 9::BIGINT AS k, 'z' AS s", "three")
    MergerService().run(bars)
    second = make_export(bars.workspace, bars.settings, request)
    assert (second.name, second.path != first.path) == (first.name, True)


@pytest.mark.parametrize("content", [b"", b"x" * 100])
def test_the_digest_is_that_of_the_content(tmp_path: Path, content: bytes) -> None:
    from hashlib import sha256

    kept = store(tmp_path)
    path = keep(kept, tmp_path, "a", content)
    assert path.stem.partition("-")[2] == sha256(content).hexdigest()
