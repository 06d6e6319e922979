"""People who press buttons at the wrong time. What they may be told is a documented error, and nothing else."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from quarterhour.assembly import Pipeline
from quarterhour.errors import InvalidTransition, NotResumable, RunInProgress, UnknownRun
from quarterhour.lifecycle import Trigger

_REFUSALS = (RunInProgress, InvalidTransition, NotResumable, UnknownRun)


async def press_a_button(pipeline: Pipeline, chance: random.Random) -> str:
    """One command, whatever the state; the name of what was pressed."""
    buttons: dict[str, tuple[int, Callable[[], Awaitable[object]]]] = {
        "start": (6, lambda: pipeline.orchestrator.start(Trigger.API)),
        "stop": (6, pipeline.orchestrator.stop),
        "reset": (2, pipeline.orchestrator.reset),
        "resume": (2, lambda: _resume(pipeline)),
        "pause": (1, pipeline.scheduler.pause),
        "backfill": (2, lambda: _backfill(pipeline, chance)),
        "stop the backfill": (1, pipeline.backfiller.stop),
        "change": (1, lambda: _change(pipeline, chance)),
        "go on": (12, pipeline.scheduler.resume),
    }
    name = chance.choices(list(buttons), [weight for weight, _ in buttons.values()])[0]
    try:
        await buttons[name][1]()
    except _REFUSALS:
        return f"{name} (refused)"
    return name


async def _change(pipeline: Pipeline, chance: random.Random) -> None:
    """Another zone has the same quarter hours."""
    zone = chance.choice(["Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Paris"])
    await pipeline.scheduler.change(cron="*/15 * * * *", timezone=zone, jitter=chance.choice([0.0, 30.0, 800.0]))


async def _backfill(pipeline: Pipeline, chance: random.Random) -> None:
    """Of some of the last hours' windows."""
    end = pipeline.clock.now()
    start = end - timedelta(hours=chance.randint(1, 8))
    await pipeline.backfiller.start(start, end, with_succeeded=chance.random() < 0.2, keeps_going=chance.random() < 0.5)


async def _resume(pipeline: Pipeline) -> None:
    last = pipeline.state.status.last_run
    if last is None:
        raise NotResumable("there is no run yet")
    await pipeline.orchestrator.resume(Trigger.API, last.run_id)
