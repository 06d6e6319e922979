"""One simulated stretch of time: two servers, the faults of their machine and of people, and the promises."""

import asyncio
import math
import random
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from quarterhour.assembly import Pipeline
from quarterhour.errors import HomeInUse
from quarterhour.settings import RunnerSettings, ScheduleSettings, Settings, StageSettings, WatchdogSettings
from quarterhour.workspace import Workspace

from .disk import Disk, SimulatedLog
from .engine import Fate, Plan, SimulatedAttempt
from .machine import Locks, machine_of
from .people import press_a_button
from .promises import PromiseBroken, Promises
from .virtual_loop import VirtualLoop
from .world import Killed, Process, World

HUNG_AFTER_S = 300.0
GRACE_S = 5.0
# What is left of a hung attempt's time after its limit: one look of the watchdog.
_ENDED_WITHIN_S = 65.0
_STARTS_AGAIN_S = (1.0, 60.0)
_ASKS_AGAIN_S = (600.0, 7200.0)


@dataclass(frozen=True, slots=True)
class Rates:
    """Faults a day, on average. 0 is a perfect world."""

    kills: float = 1.0
    kills_in_a_write: float = 1.0
    both_killed: float = 0.1
    clock_jumps: float = 0.1
    suspensions: float = 0.1
    full_disks: float = 0.1
    slow_disks: float = 0.1
    failed_writes: float = 0.1
    buttons: float = 3.0


@dataclass(slots=True)
class Report:
    """What happened, to be printed: faults and how often, runs and marks by their end."""

    seed: int
    days: float
    history: str
    """A digest of all events."""
    marks: int = 0
    counts: dict[str, int] = field(default_factory=dict[str, int])


def simulate(seed: int, start: datetime, days: float, timezone: str, rates: Rates) -> Report:
    """`days` from `start` (aware, UTC). Raises PromiseBroken; the same arguments always go the same way."""
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner, tempfile.TemporaryDirectory() as folder:
        return runner.run(_simulated(seed, start, days, timezone, rates, Path(folder)))


async def _simulated(seed: int, start: datetime, days: float, timezone: str, rates: Rates, folder: Path) -> Report:
    return await Simulation(seed, start, timezone, rates, folder).run(days)


class Simulation:
    """A world, the servers in it, and what is done to them."""

    def __init__(self, seed: int, start: datetime, timezone: str, rates: Rates, folder: Path) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self._loop = loop
        self.world = World(seed, start)
        self._rates = rates
        self.promises = Promises()
        self.disk = Disk(self.promises.see)
        self._locks = Locks()
        self._workspace = Workspace(folder)
        self._workspace.create()
        # A home's jitter is drawn by its name: the same with the same seed.
        self._workspace.home_id_file.write_text(str(seed))
        self._settings = _settings(timezone, self.world.chance)
        self.serving: tuple[Process, Pipeline] | None = None
        self._drawn = {f"fault: {name}": 0 for name, _, _ in self._kinds()} | {f"attempt {fate}": 0 for fate in Fate}
        self._is_calm = False
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._power = asyncio.Event()
        self._power.set()

    async def run(self, days: float) -> Report:
        servers = [asyncio.create_task(self.server()) for _ in range(2)]
        faults = [asyncio.create_task(self._now_and_then(*fault)) for fault in self._kinds()]
        try:
            await self._through(days * 86400, [*servers, *faults])
            await self._check_calm([*servers, *faults])
        finally:
            for task in [*faults, *servers]:
                task.cancel()
            await asyncio.gather(*faults, *servers, return_exceptions=True)
        marks = len(self.promises.marks)
        counts = {**self._drawn, **self.promises.counts}
        return Report(self.world.seed, days, self.promises.history.hexdigest(), marks, counts)

    async def _through(self, seconds: float, tasks: list["asyncio.Task[None]"]) -> None:
        """Let time pass. Raises what breaks in a task meanwhile."""
        waits = [self.broken, *tasks]
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for each in done:
            each.result()

    async def _check_calm(self, tasks: list["asyncio.Task[None]"]) -> None:
        """Once nothing breaks any more, the next marks run, and each mark of the whole time has its verdict."""
        self._is_calm = True
        self.disk.is_full = False
        self.disk.is_dying_for = self.disk.is_failing_for = None
        self._loop.executor_lag_s = 0.0
        self._power.set()
        await self._through(4 * 3600, tasks)
        if self.serving is None:
            raise PromiseBroken("nobody serves, and nothing hinders it")
        await self.serving[1].scheduler.resume()
        await self._through(4 * 3600, tasks)
        now = self.world.clock.now()
        good = self.promises.counts.get("runs: success", 0)
        await self._through(3600, tasks)
        if self.promises.counts.get("runs: success", 0) < good + 3:
            raise PromiseBroken(f"with nothing wrong, no four runs began after {now}")
        self.promises.check_marks()

    # Servers

    async def server(self) -> None:
        """A server that its system starts again whenever it ends."""
        while True:
            await self._power.wait()
            process = self.world.new_process()
            life = asyncio.create_task(self._life(process))
            process.on_death.append(life.cancel)
            await asyncio.wait([life])
            self._judge(life)
            if self.serving is not None and self.serving[0] is process:
                self.serving = None
            pause_s = _STARTS_AGAIN_S if process.is_dead else _ASKS_AGAIN_S
            process.kill()
            await asyncio.sleep(self.world.chance.uniform(*pause_s))

    async def _life(self, process: Process) -> None:
        world = self.world
        machine = machine_of(
            process, world, self.disk, self._locks, self._workspace, self._draw, self._watch_over(process)
        )
        pipeline = Pipeline(self._settings, self._workspace, machine)
        try:
            async with pipeline.running(f"process {process.number}", is_scheduled=True):
                if self.serving is not None:
                    raise PromiseBroken(f"processes {self.serving[0].number} and {process.number} serve at once")
                self.serving = (process, pipeline)
                assert isinstance(machine.log, SimulatedLog)
                self.promises.check_boot(pipeline.state.status, machine.log.opened_at)
                await asyncio.Event().wait()
        except* HomeInUse:
            self._count("a second server was refused")
        except* Killed:
            pass  # it is dead
        except* OSError:
            # Loudly, and only where its disk failed.
            if process not in self.disk.failed:
                raise

    def _draw(self) -> Plan:
        if self._is_calm:
            return Plan(Fate.WORKS, 2.0)
        plan = Plan.drawn(self.world.chance)
        self._count(f"attempt {plan.fate}")
        return plan

    def _count(self, what: str) -> None:
        self._drawn[what] = self._drawn.get(what, 0) + 1

    def _watch_over(self, process: Process) -> Callable[[SimulatedAttempt], None]:
        """Of each attempt that begins: it ends in time, or its process does."""

        def check_ended(attempt: SimulatedAttempt) -> None:
            if not (attempt.has_ended or process.is_dead or self.broken.done()):
                self.broken.set_exception(PromiseBroken(f"an attempt that {attempt.plan.fate} goes on for ever"))

        def begin(attempt: SimulatedAttempt) -> None:
            longest_s = attempt.plan.lasts_s + 1 if math.isfinite(attempt.plan.lasts_s) else HUNG_AFTER_S
            asyncio.get_running_loop().call_later(longest_s + _ENDED_WITHIN_S, check_ended, attempt)

        return begin

    # Faults

    def _kinds(self) -> list[tuple[str, float, Callable[[], Awaitable[None]]]]:
        rates = self._rates
        return [
            ("SIGKILL at an instant", rates.kills, self.kill),
            ("SIGKILL in a write of the log", rates.kills_in_a_write, self._kill_in_a_write),
            ("power cut", rates.both_killed, self._cut_power),
            ("clock jump", rates.clock_jumps, self._jump),
            ("machine asleep", rates.suspensions, self._suspend),
            ("full disk", rates.full_disks, self._fill_disk),
            ("slow disk", rates.slow_disks, self._slow_disk),
            ("write that fails", rates.failed_writes, self._fail_a_write),
            ("button pressed", rates.buttons, self._press),
        ]

    async def _now_and_then(self, name: str, a_day: float, fault: Callable[[], Awaitable[None]]) -> None:
        while a_day:
            await asyncio.sleep(self.world.chance.expovariate(a_day / 86400))
            if self._is_calm:
                return
            self._count(f"fault: {name}")
            await fault()

    async def kill(self) -> None:
        if self.serving is not None:
            self.serving[0].kill()

    async def _kill_in_a_write(self) -> None:
        if self.serving is not None:
            self.disk.is_dying_for = self.serving[0]
            self.disk.dies_after = self.world.chance.random()

    async def _cut_power(self) -> None:
        self._power.clear()
        await self.kill()
        await asyncio.sleep(self.world.chance.choice([120.0, 3600.0, 86400.0]))
        self._power.set()

    async def _jump(self) -> None:
        self.world.clock.jump(timedelta(seconds=self.world.chance.choice([-7200, -900, -1, 1, 900, 7200])))

    async def _suspend(self) -> None:
        # The monotonic clock stands still meanwhile, as Linux has it.
        self.world.clock.jump(timedelta(seconds=self.world.chance.uniform(60, 40_000)))

    async def _fill_disk(self) -> None:
        self.disk.is_full = True
        await asyncio.sleep(self.world.chance.uniform(1, 3000))
        self.disk.is_full = False

    async def _slow_disk(self) -> None:
        self._loop.executor_lag_s = self.world.chance.choice([0.1, 2.0, 20.0])
        await asyncio.sleep(self.world.chance.uniform(1, 3000))
        self._loop.executor_lag_s = 0.0

    async def _fail_a_write(self) -> None:
        if self.serving is not None:
            self.disk.is_failing_for = self.serving[0]
            self.disk.dies_after = self.world.chance.random()

    async def _press(self) -> None:
        if self.serving is None:
            return
        process, pipeline = self.serving
        pressed = asyncio.create_task(press_a_button(pipeline, self.world.chance))
        process.on_death.append(pressed.cancel)
        await asyncio.wait([pressed])
        self._judge(pressed)

    def _judge(self, task: "asyncio.Task[Any]") -> None:
        """What a task broke by ends the simulation, but for the end of its process."""
        if task.cancelled() or (error := task.exception()) is None or isinstance(error, Killed):
            return
        if not self.broken.done():
            self.broken.set_exception(error)


def _settings(timezone: str, chance: random.Random) -> Settings:
    """Each world has policies of its own, and the events of its beginning tell which."""
    return Settings(
        schedule=ScheduleSettings(
            timezone=timezone,
            catch_up=chance.choice(["none", "latest", "all"]),
            overlap=chance.choice(["skip", "queue", "cancel"]),
            pause_after_failures=chance.choice([0, 2]),
            jitter=chance.choice([0.0, 0.0, 600.0]),
        ),
        runner=RunnerSettings(
            attempts=2,
            backoff=5.0,
            backoff_max=60.0,
            grace=GRACE_S,
            timeout=3600.0,
            on_interrupted=chance.choice(["fail", "resume"]),
        ),
        watchdog=WatchdogSettings(hung_after=HUNG_AFTER_S),
        stages=tuple(StageSettings(name=name, command=("true",)) for name in ("first", "second")),
    )


__all__ = ["UTC", "Rates", "Report", "simulate"]
