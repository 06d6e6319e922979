"""The files of the built dashboard: compressed when it was built, and kept by the browser for as long as it likes."""

import os
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, PathLike, StaticFiles
from starlette.types import Scope

# Smallest first: the build puts these beside each asset.
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
# Not what the machine says: on Windows any program may have named scripts plain text, which no browser runs.
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# Its content's hash is in its name: under the same name there is never another content.
_HASHED = "assets"
_KEPT = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Static files, each as the smallest of its encodings that the client takes."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        asked = Headers(scope=scope)
        plain = Path(os.fsdecode(full_path))
        encoding = next(
            (name for name in _taken(asked) if plain.with_name(plain.name + _ENCODINGS[name]).exists()), None
        )
        headers = {"vary": "Accept-Encoding"}
        if plain.parent.name == _HASHED:
            headers["cache-control"] = _KEPT
        path = plain
        if encoding is not None:
            headers["content-encoding"] = encoding
            path = plain.with_name(plain.name + _ENCODINGS[encoding])
            stat_result = path.stat()
        answer = FileResponse(
            path,
            status_code=status_code,
            headers=headers,
            media_type=_TYPES.get(plain.suffix),
            stat_result=stat_result,
        )
        return NotModifiedResponse(answer.headers) if self.is_not_modified(answer.headers, asked) else answer


def _taken(asked: Headers) -> list[str]:
    """The encodings that the client takes: RFC 9110, 12.5.3; what has `q=0` is refused."""
    weights: dict[str, bool] = {}
    for part in asked.get("accept-encoding", "").split(","):
        name, _, weight = part.partition(";")
        quality = weight.replace(" ", "").removeprefix("q=")
        weights[name.strip().lower()] = quality.strip("0.") != "" or quality == ""
    return [name for name in _ENCODINGS if weights.get(name, False)]
