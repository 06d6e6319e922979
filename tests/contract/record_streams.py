"""Records tests/contract/streams anew, from runs of the real pipeline: python tests/contract/record_streams.py"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipelines import pipeline, settings_for
from quarterhour.configuration import tell
from quarterhour.events import EventRecord
from quarterhour.lifecycle import Trigger, fold

STREAMS = Path(__file__).parent / "streams"


async def record(name: str, stages: tuple[str, ...], stop_after_s: float | None = None) -> None:
    with tempfile.TemporaryDirectory() as home:
        async with pipeline(Path(home), settings_for(*stages)) as parts:
            await parts.scheduler.load(is_enabled=True)
            await parts.orchestrator.start(Trigger.API)
            if stop_after_s is not None:
                await asyncio.sleep(stop_after_s)
                await parts.orchestrator.stop()
            await parts.orchestrator.wait()
            records = parts.log.read(0, 10_000)
    write(name, records)


async def record_idle() -> None:
    """Two starts of a server, the second with other settings, and a schedule that is changed."""
    with tempfile.TemporaryDirectory() as home:
        settings = settings_for("Good")
        async with pipeline(Path(home), settings) as parts:
            for lease in (60.0, 30.0):
                started = settings.model_copy(update={"lock": settings.lock.model_copy(update={"lease": lease})})
                await tell(started, "a home", parts.state.status.configuration, parts.bus, parts.clock)
                await parts.scheduler.load(is_enabled=True)
                await parts.scheduler.change(cron="0 3 * * *", timezone="Europe/Paris")
            records = parts.log.read(0, 10_000)
    write("idle", records)


def write(name: str, records: list[EventRecord]) -> None:
    (STREAMS / f"{name}.jsonl").write_bytes(b"".join(record.line + b"\n" for record in records))
    status = fold(records).model_dump(mode="json")
    (STREAMS / f"{name}.status.json").write_text(json.dumps(status, indent=1) + "\n")


async def main() -> None:
    await record_idle()
    await record("success", ("Good", "Passing"))
    await record("failed", ("Good", "Bad", "Passing"))
    await record("stopped", ("Good", "Patient"), stop_after_s=0.4)


if __name__ == "__main__":
    asyncio.run(main())
