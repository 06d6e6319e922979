"""Where scheduled exports go: a folder, or an S3 bucket. What is there is always a whole file."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from quarterhour.files import replacing
from quarterhour.lake.exports.request import MEDIA_TYPES, ExportError
from quarterhour.lake.scratch import own_scratch
from quarterhour.settings.exports import S3_SCHEME, ExportSettings
from quarterhour.workspace import Workspace

_PART_BYTES = 8 * 2**20
_PARTS_AT_ONCE = 4
# An S3 store that does not answer must not hold up the run until the watchdog takes it for hung.
_CONNECT_S = 10
_REQUEST_S = 60
_RETRY_S = 60

Report = Callable[[int], None]
"""Is told the bytes sent so far, from time to time; may raise to leave off."""


class Destination(Protocol):
    def place(self, name: str) -> str:
        """The file's address as people know it."""
        ...

    def receiving(self, name: str, report: Report) -> AbstractContextManager[Path]:
        """A path to write to; at the block's good end its content stands at `place`, and before that nothing of it."""
        ...


def destination_of(export: ExportSettings, workspace: Workspace) -> Destination:
    if export.to.startswith(S3_SCHEME):
        return _S3(export, workspace)
    return _Folder(export, workspace)


class _Folder:
    def __init__(self, export: ExportSettings, workspace: Workspace) -> None:
        self._export = export
        given = Path(export.to).expanduser()
        self._is_ours = not given.is_absolute()
        self._folder = workspace.home / given

    def place(self, name: str) -> str:
        return str(self._folder / name)

    @contextmanager
    def receiving(self, name: str, report: Report) -> Generator[Path]:
        del report  # The file is written where it stands in the end.
        if not self._is_ours and not self._folder.is_dir():
            # Made here, it could hide that a disk is not there.
            raise ExportError(f"{self._folder}: there is no such folder: make it, or mount its disk")
        # One name for each export, so that what a kill left is written over.
        with replacing(self._folder / name, self._folder / f".{self._export.name}.tmp") as temporary:
            yield temporary.resolve()


class _S3:
    def __init__(self, export: ExportSettings, workspace: Workspace) -> None:
        self._export = export
        self._workspace = workspace

    def place(self, name: str) -> str:
        return f"{self._export.to.rstrip('/')}/{name}"

    @contextmanager
    def receiving(self, name: str, report: Report) -> Generator[Path]:
        with own_scratch(self._workspace.scratch, "export") as folder:
            made = folder / f"made.{self._export.format}"
            yield made
            self._upload(made, name, report)

    def _upload(self, made: Path, name: str, report: Report) -> None:
        """An object is there whole or not at all: S3 shows it once its last part is in."""
        import obstore
        from obstore.exceptions import BaseError
        from obstore.store import S3Store

        try:
            store = S3Store.from_url(
                self._export.to,
                client_options={
                    # An address without TLS was chosen by whoever gave it.
                    "allow_http": os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://"),
                    "connect_timeout": timedelta(seconds=_CONNECT_S),
                    "timeout": timedelta(seconds=_REQUEST_S),
                },
                retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=_RETRY_S)},
            )
            obstore.put(
                store,
                name,
                made.read_bytes() if made.stat().st_size <= _PART_BYTES else _parts(made, report),
                attributes={"Content-Type": MEDIA_TYPES[self._export.format]},
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )
        except (BaseError, FileNotFoundError) as error:
            # The rest are its own structures.
            told = str(error).partition("\n\nDebug source")[0]
            raise ExportError(f"{self.place(name)}: not uploaded: {told}") from error


def _parts(made: Path, report: Report) -> Iterator[bytes]:
    sent = 0
    with made.open("rb") as file:
        while part := file.read(_PART_BYTES):
            yield part
            sent += len(part)
            report(sent)
