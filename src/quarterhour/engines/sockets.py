"""Where multiprocessing has the sockets by which it reaches its processes: in the home, where a later start can remove them."""

import multiprocessing.process
import os
import shutil
import socket
import tempfile
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import structlog

from quarterhour.identity import process_mark

_log = structlog.get_logger()
# Of the 104 to 108 bytes that systems give a socket's path.
_MOST_BYTES = 100
# multiprocessing's own are as long: `listener-` and eight characters.
_SOCKET_NAME = "listener-12345678"


def keep_sockets_in(scratch: Path) -> None:
    """Have those of this process in a scratch folder of its own; where that cannot be, they stay where the system has them.

    Nothing is changed once multiprocessing has chosen its folder.
    """
    # The one place where multiprocessing looks before it makes a folder (multiprocessing.util.get_temp_dir).
    config: dict[str, Any] = vars(multiprocessing.process.current_process())["_config"]
    if config.get("tempdir") is not None:
        return
    folder = Path(tempfile.mkdtemp(prefix=f"mp-{process_mark()}-", dir=scratch))
    if reason := _unfit(folder / _SOCKET_NAME):
        folder.rmdir()
        _log.warning("worker_sockets_elsewhere", folder=tempfile.gettempdir(), reason=reason)
        return
    # At the very end: what is still reached by a socket goes first.
    Finalize(None, shutil.rmtree, args=(folder, True), exitpriority=-100)
    config["tempdir"] = str(folder)


def _unfit(path: Path) -> str | None:
    """Why there can be no socket at `path`."""
    if (length := len(os.fsencode(path))) > _MOST_BYTES:
        return f"{path} has {length} bytes, and a socket's path must not have more than {_MOST_BYTES}"
    try:
        with socket.socket(socket.AF_UNIX) as trial:
            trial.bind(str(path))
        path.unlink()
    except OSError as error:
        return f"{path}: {error.strerror}"
    return None
