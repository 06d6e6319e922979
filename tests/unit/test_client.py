"""`quarterhour.client`: each operation of the API is a method of both clients, and does what it says to a real server."""

import asyncio
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from commands import command
from quarterhour.client import AsyncClient, Client, ServerRefused
from quarterhour.lifecycle import RunState
from quarterhour.web.app import make_app
from serving import Server, serving

DOCUMENT = make_app(None).openapi()
OPERATIONS = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]
RENAMED = {"from": "start", "to": "end"}
# The clients' own affair: they keep no answers, and go on with `since`.
NOT_GIVEN = {"if-none-match", "last-event-id"}
ROOT = Path(__file__).parents[2]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("-", "_")


def documented_parameters(operation: dict[str, Any]) -> set[str]:
    query = {each["name"] for each in operation.get("parameters", [])} - NOT_GIVEN
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    kinds = [kind["$ref"] for kind in (body, *body.get("anyOf", ())) if "$ref" in kind]
    fields = {
        field for kind in kinds for field in DOCUMENT["components"]["schemas"][kind.rpartition("/")[2]]["properties"]
    }
    times = query | fields if "from" in query | fields else set[str]()
    return {RENAMED[each] if each in RENAMED and each in times else snake(each) for each in query | fields}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation["operationId"])
@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_each_operation_is_a_method_with_the_same_parameters(client: type, operation: dict[str, Any]) -> None:
    method = getattr(client, snake(operation["operationId"]))
    assert set(inspect.signature(method).parameters) - {"self"} == documented_parameters(operation)
    assert method.__doc__


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("client") / "home", "--no-schedule") as running:
        yield running


@pytest.mark.slow
def test_a_run_by_each_client(server: Server) -> None:
    with Client(server.api) as client:
        run = client.start_run(stages=["translator"], idempotency_key="one")
        assert client.start_run(stages=["translator"], idempotency_key="one").run_id == run.run_id
        assert client.wait_for_run(run.run_id).state is RunState.SUCCESS
        past = client.list_events(limit=1000).items
        streamed = client.stream_events(since=0)
        assert [next(streamed) for _ in past] == past
        with pytest.raises(ServerRefused, match="no run has the id 'a b'") as refused:
            client.get_run("a b")
        assert (refused.value.status, refused.value.title) == (404, "Not Found")
        assert client.get_backfill() is None
        noon = datetime(2025, 12, 5, 12, tzinfo=UTC)
        planned = client.start_backfill(noon, end=noon + timedelta(minutes=45), dry_run=True)
        assert (planned.state, planned.windows) == (None, 3)

    async def go() -> None:
        async with AsyncClient(server.api) as client:
            assert (await client.get_run(run.run_id)).state is RunState.SUCCESS
            async for event in client.stream_events(since=0, stage="translator"):
                assert event.run_id == run.run_id
                break
            with pytest.raises(ServerRefused) as refused:
                await client.restore_dataset("none", 3)
            assert refused.value.status == 404

    asyncio.run(go())


@pytest.mark.slow
def test_the_command_line_follows_events_and_starts_runs_through_the_server(server: Server) -> None:
    ended = command(server.home, "run", "--stage", "translator", "--json")
    assert ended.exit_code == 0, ended.output
    run_id = json.loads(ended.stdout)["run_id"]
    # In a process of its own: it ends only when it is told to.
    following = [
        sys.executable,
        "-m",
        "quarterhour",
        "events",
        "--follow",
        "--run",
        run_id,
        "--json",
        "--home",
        str(server.home),
    ]
    with subprocess.Popen(following, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["run_id"] == run_id
        finally:
            process.kill()


@pytest.mark.slow
def test_the_example_of_the_docs_runs(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "docs/client.md").read_text(), re.DOTALL)
    exec(example.replace("http://localhost:8000", server.api), {})
    assert "success" in capsys.readouterr().out
