"""Exports to a real S3 store (SeaweedFS, on loopback): whole or not at all, and told where they cannot be."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import obstore
import polars
import pytest
from obstore.store import S3Store
from pending_inputs import put
from stage_context import RecordingContext

from quarterhour.errors import StageCancelled
from quarterhour.lake.exports import destinations
from quarterhour.settings import Settings
from quarterhour.stages.exporter import ExporterService
from quarterhour.stages.merger import MergerService

pytestmark = pytest.mark.slow

_WEED = Path(sys.executable).parent / "weed"
_KEYS = {"AWS_ACCESS_KEY_ID": "reporter", "AWS_SECRET_ACCESS_KEY": "only-for-tests", "AWS_REGION": "us-east-1"}
_READY_S = 60.0


@dataclass(frozen=True)
class Bucket:
    endpoint: str

    def names(self) -> list[str]:
        return sorted(entry["path"] for page in obstore.list(self._store()) for entry in page)

    def read(self, name: str) -> bytes:
        return bytes(obstore.get(self._store(), name).bytes())

    def media_type(self, name: str) -> str:
        return str(obstore.get(self._store(), name).attributes["Content-Type"])

    def _store(self) -> S3Store:
        return S3Store("reports", endpoint=self.endpoint, client_options={"allow_http": True})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """A store of its own on free ports, ended by its process id."""
    folder = tmp_path_factory.mktemp("weed")
    identity = {"accessKey": _KEYS["AWS_ACCESS_KEY_ID"], "secretKey": _KEYS["AWS_SECRET_ACCESS_KEY"]}
    rights = [{"name": "reporter", "credentials": [identity], "actions": ["Admin", "Read", "Write", "List"]}]
    (folder / "s3.json").write_text(json.dumps({"identities": rights}))
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
    ports = dict(zip((*names, "s3.port", "s3.port.grpc"), _free_ports(8), strict=True))
    options = [f"-{name}={port}" for name, port in ports.items()]
    fixed = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-volume.max=8", "-master.volumeSizeLimitMB=64"]
    command = [str(_WEED), "server", f"-dir={folder}", f"-s3.config={folder / 's3.json'}", *fixed, *options]
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(f"http://127.0.0.1:{ports['s3.port']}", process)
        httpx.post(f"http://127.0.0.1:{ports['filer.port']}/buckets/reports/").raise_for_status()
        yield Bucket(f"http://127.0.0.1:{ports['s3.port']}")
    finally:
        # It takes half a minute to leave by itself.
        process.kill()
        process.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(address).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the store did not start")


@pytest.fixture
def context(tmp_path: Path, store: Bucket, monkeypatch: pytest.MonkeyPatch) -> RecordingContext:
    for name, value in (_KEYS | {"AWS_ENDPOINT_URL": store.endpoint}).items():
        monkeypatch.setenv(name, value)
    context = RecordingContext(tmp_path / "home")
    # Texts that do not compress: the file takes several parts.
    put(
        context,
        "bars",
        "SELECT i AS k, sha256(i::VARCHAR) || sha256((-i)::VARCHAR) AS s FROM range(160000) t(i)",
        "one",
    )
    MergerService().run(context)
    return context


def run(context: RecordingContext, to: str) -> dict[str, int]:
    context.lines.clear()
    entries = [{"name": "all", "dataset": "bars", "to": to, "file": "day/v{version}.{format}"}]
    context.settings = Settings(exports=entries)  # pyright: ignore[reportArgumentType]
    return ExporterService().run(context).data


def test_an_export_of_several_parts_is_there_whole(context: RecordingContext, store: Bucket) -> None:
    assert (run(context, "s3://reports/bars")["written"], context.errors()) == (1, [])
    [(_, msg, data)] = context.lines
    assert msg.endswith("→ s3://reports/bars/day/v1.parquet")
    content = store.read("bars/day/v1.parquet")
    assert (data["size"], len(content) > 8 * 2**20) == (len(content), True)
    assert polars.read_parquet(content)["k"].to_list() == list(range(160_000))
    assert store.media_type("bars/day/v1.parquet") == "application/vnd.apache.parquet"
    assert run(context, "s3://reports/bars")["unchanged"] == 1
    assert list(context.workspace.scratch.iterdir()) == []


def test_a_stop_in_the_middle_of_an_upload_leaves_no_object(context: RecordingContext, store: Bucket) -> None:
    class StoppedAtFirstPart(RecordingContext):
        def progress(self, done: int, total: int, **data: object) -> None:
            self.cancelled = "bytes" in data

    stopped = StoppedAtFirstPart(context.workspace.home)
    with pytest.raises(StageCancelled):
        run(stopped, "s3://reports/stopped")
    assert [name for name in store.names() if name.startswith("stopped")] == []
    assert run(context, "s3://reports/stopped")["written"] == 1


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "SignatureDoesNotMatch"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "error sending request"),
    ],
)
def test_a_store_that_refuses_or_is_not_there_is_told_and_tried_again(
    context: RecordingContext, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setattr(destinations, "_RETRY_S", 1)
    with monkeypatch.context() as changed:
        changed.setenv(variable, value)
        assert run(context, "s3://reports/refused")["failed"] == 1
    [error] = context.errors()
    assert error.startswith(
        "export all: not written, and tried again at the next run: s3://reports/refused/day/v1.parquet: "
    )
    assert told in error
    assert "Debug source" not in error
    assert run(context, "s3://reports/refused")["written"] == 1
