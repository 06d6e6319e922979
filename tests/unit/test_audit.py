"""The audit chain: whatever is done to the event files, the first line that is not as it was sealed is named."""

import asyncio
import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import command
from pipelines import pipeline, settings_for
from quarterhour.bus import EventBus
from quarterhour.event_log.audit import verify_chain
from quarterhour.event_log.chain import MAX_MARKS, Digest, Seal, first_difference
from quarterhour.event_log.jsonl import JsonlEventLog
from quarterhour.event_log.memory import MemoryEventLog
from quarterhour.events import EventRecord, RunSealed, StageLogged
from quarterhour.lifecycle import Trigger
from quarterhour.settings import EventSettings
from quarterhour.workspace import Workspace


def live(home: Path, *, runs: int, is_cut: bool = False) -> None:
    """A server's life in `home`: some runs, a change of the schedule after each; `is_cut`: killed in the middle of the first."""

    async def go() -> None:
        log = JsonlEventLog(Workspace(home))
        settings = settings_for("Good", "Patient") if is_cut else settings_for("Good")
        async with pipeline(home, settings, log=log) as parts:
            await parts.orchestrator.recover([])
            for _ in range(runs):
                await parts.orchestrator.start(Trigger.API)
                if is_cut:
                    while parts.state.status.stage != "patient":
                        await asyncio.sleep(0.01)
                    shutil.copytree(parts.workspace.events, home / "cut")
                    return
                await parts.orchestrator.wait()
                await parts.state.reschedule(
                    lambda schedule: schedule.model_copy(update={"paused": not schedule.paused}), ""
                )

    asyncio.run(go())
    if is_cut:
        # What a kill in the middle of a run leaves.
        shutil.rmtree(Workspace(home).events)
        (home / "cut").rename(Workspace(home).events)


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of three lives: the second ended in the middle of a run."""
    home = tmp_path_factory.mktemp("audit") / "home"
    live(home, runs=2)
    live(home, runs=1, is_cut=True)
    live(home, runs=2)
    return Workspace(home).events


@dataclass
class Lines:
    """What stands in the files, to be broken."""

    files: dict[str, list[bytes]]

    @classmethod
    def of(cls, folder: Path) -> "Lines":
        return cls({path.name: path.read_bytes().splitlines(keepends=True) for path in sorted(folder.iterdir())})

    def places(self) -> list[tuple[str, int]]:
        """Of all lines but those after the last seal, and that one, for which nothing vouches yet."""
        last = max(seq for lines in self.files.values() for seq, line in map(seq_of, lines) if b'"sealed":{' in line)
        return [
            (name, at) for name, lines in self.files.items() for at, line in enumerate(lines) if seq_of(line)[0] < last
        ]

    def verified(self, tmp: Path):
        for name, lines in self.files.items():
            (tmp / name).write_bytes(b"".join(lines))
        return verify_chain(tmp)


def seq_of(line: bytes) -> tuple[int, bytes]:
    return json.loads(line)["seq"], line


def test_a_log_that_nobody_touched_is_whole(events: Path) -> None:
    audit = verify_chain(events)
    assert audit.finding is None
    assert audit.seals == 5
    assert audit.events + audit.unsealed == sum(len(lines) for lines in Lines.of(events).files.values())
    assert audit.unsealed == 1


def test_a_seal_is_the_hash_of_its_file_so_far(events: Path) -> None:
    """So that a run's file can be checked alone, with `head` and `sha256sum`."""
    for path in events.glob("pipeline_*"):
        *lines, last = path.read_bytes().splitlines(keepends=True)
        told = json.loads(last)["data"]["sealed"]["run"]
        assert told == {"lines": len(lines), "sha256": hashlib.sha256(b"".join(lines)).hexdigest()}


@given(st.data())
def test_a_changed_line_is_named(events: Path, data: st.DataObject) -> None:
    lines = Lines.of(events)
    name, at = data.draw(st.sampled_from(lines.places()))
    line = lines.files[name][at]
    byte = data.draw(st.integers(0, len(line) - 2))
    other = data.draw(st.integers(0, 255).filter(lambda value: value not in (line[byte], 10)))
    lines.files[name][at] = line[:byte] + bytes([other]) + line[byte + 1 :]
    with TemporaryDirectory() as tmp:
        finding = lines.verified(Path(tmp)).finding
    assert finding is not None
    # A line whose own seq was changed is missing, too.
    assert (finding.file, finding.line) == (name, at + 1) or finding.seq == seq_of(line)[0]


@pytest.mark.parametrize("seq", [2, 10**6])
def test_a_line_that_claims_another_place_hides_nothing(events: Path, seq: int, tmp_path: Path) -> None:
    lines = Lines.of(events)
    name, at = lines.places()[10]
    line = lines.files[name][at]
    true_seq = seq_of(line)[0]
    lines.files[name][at] = line.replace(b'"seq":%d,' % true_seq, b'"seq":%d,' % seq)
    finding = lines.verified(tmp_path).finding
    assert finding is not None
    assert (finding.file, finding.line) == (name, at + 1) or finding.seq == true_seq


@given(st.data())
def test_a_missing_line_is_named(events: Path, data: st.DataObject) -> None:
    lines = Lines.of(events)
    name, at = data.draw(st.sampled_from(lines.places()))
    seq, _ = seq_of(lines.files[name].pop(at))
    with TemporaryDirectory() as tmp:
        finding = lines.verified(Path(tmp)).finding
    assert finding is not None
    assert (finding.seq, finding.what.partition(",")[0]) == (seq, f"event {seq} is missing")


@given(st.data())
def test_a_line_that_was_put_in_is_named(events: Path, data: st.DataObject) -> None:
    lines = Lines.of(events)
    (name, at), (source, number) = (data.draw(st.sampled_from(lines.places())) for _ in range(2))
    lines.files[name].insert(at, lines.files[source][number])
    with TemporaryDirectory() as tmp:
        assert lines.verified(Path(tmp)).finding is not None


@pytest.mark.parametrize("kind", ["pipeline_*", "system_*"])
def test_a_missing_file_is_noticed(events: Path, kind: str, tmp_path: Path) -> None:
    shutil.copytree(events, tmp_path / "copy")
    gone = min((tmp_path / "copy").glob(kind))
    first_seq, _ = seq_of(gone.read_bytes().splitlines()[0])
    gone.unlink()
    finding = verify_chain(tmp_path / "copy").finding
    assert finding is not None
    assert finding.seq == first_seq
    assert "missing" in finding.what


def test_the_command_names_the_line_and_keeps_a_head(events: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    copy = Workspace(home).events
    shutil.copytree(events, copy)
    whole = json.loads(command(home, "audit", "verify", "--json").stdout)
    assert (whole["finding"], whole["seals"]) == (None, 5)
    live(home, runs=1)
    assert command(home, "audit", "verify", "--known", whole["head"]).exit_code == 0
    unknown = command(home, "audit", "verify", "--known", "0" * 64)
    assert unknown.exit_code == 1
    assert "is not in the chain" in unknown.stdout
    changed = min(copy.glob("pipeline_*"), key=lambda path: seq_of(path.read_bytes().splitlines()[0])[0])
    text = changed.read_text()
    changed.write_text(text.replace("started by the api", "started by the cli", 1))
    number, line = next((at, line) for at, line in enumerate(text.splitlines(), 1) if "started by the api" in line)
    found = command(home, "audit", "verify")
    assert found.exit_code == 1
    assert found.stdout.startswith(
        f"{changed.name}, line {number} (event {json.loads(line)['seq']}): changed, or put in, since it was sealed"
    )


def test_an_event_that_a_failing_disk_did_not_take_is_in_no_seal() -> None:
    now = datetime.now(UTC)

    class Failing(MemoryEventLog):
        """Fails once, while the next event waits already."""

        meanwhile: Callable[[], None] | None = None

        def append(self, records: Sequence[EventRecord]) -> None:
            if (tell := self.meanwhile) is not None:
                self.meanwhile = None
                tell()
                raise OSError(errno.EIO, "input/output error")
            super().append(records)

    async def go() -> MemoryEventLog:
        log, loop = Failing(), asyncio.get_running_loop()
        bus = EventBus(log, EventSettings())

        async def seal() -> None:
            bus.publish(RunSealed(at=now, run_id="one", stage="pipeline", msg=""))

        log.meanwhile = lambda: asyncio.run_coroutine_threadsafe(seal(), loop).result(30)
        bus.publish(StageLogged(at=now, run_id=None, stage="good", msg="lost"))
        with pytest.raises(OSError, match="input/output"):
            await bus.run()
        return log

    (seal,) = asyncio.run(go()).read(0, 10)
    assert Seal.model_validate(seal.data["sealed"]).since.lines == 0


def test_a_stage_that_speaks_of_seals_makes_none(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    workspace.create()
    log = JsonlEventLog(workspace)
    log.open()
    said = StageLogged(at=datetime.now(UTC), run_id="one", stage="good", msg="", data={"sealed": "a bag"})
    log.append([said.to_record(1)])
    log.close()
    audit = verify_chain(workspace.events)
    assert (audit.finding, audit.seals, audit.unsealed) == (None, 0, 1)


def test_a_long_run_has_a_short_seal_that_still_names_where() -> None:
    lines = [b"%d" % number for number in range(20 * MAX_MARKS)]
    digest = Digest()
    for line in lines:
        digest.add(line)
    told = digest.told()
    assert len(told.model_dump_json()) < 10_000
    assert first_difference(told, lines) is None
    first, last = first_difference(told, [*lines[:7000], b"x", *lines[7001:]]) or (0, 0)
    assert first <= 7001 <= last <= first + 40
    assert first_difference(told, lines[:-1]) is not None
    assert first_difference(told, [*lines, b"x"]) is not None
