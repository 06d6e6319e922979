"""What is configured of runs and attempts: their times, their memory, their watchdog, their lock."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from quarterhour.settings.types import SECRET, FreeDisk, FreeSpace, Memory, MemoryLimit, Seconds, Section


class RunnerSettings(Section):
    timeout: Annotated[Seconds, Field(description="Seconds that one attempt of a stage may take.")] = 6 * 3600.0
    attempts: Annotated[int, Field(ge=1, description="Attempts a stage has, for errors that can pass.")] = 3
    backoff: Annotated[
        Seconds, Field(description="Seconds before the first retry; doubles with each, with jitter.")
    ] = 1.0
    backoff_max: Seconds = 60.0
    grace: Annotated[Seconds, Field(description="Seconds between asking a worker to stop and ending it.")] = 5.0
    run_timeout: Annotated[Seconds, Field(description="Seconds that a run may take; then it is ended as failed.")] = (
        24 * 3600.0
    )
    must_finish_within: Annotated[
        Seconds,
        Field(
            description="Seconds within which a run should end: a warning at 80 %, an error after it; the run goes on."
        ),
    ] = 24 * 3600.0
    memory_limit: Annotated[
        Memory,
        Field(description="Memory that an attempt may hold with all it starts: a share of the machine's, or a size."),
    ] = MemoryLimit.parse("80%")
    on_interrupted: Annotated[
        Literal["fail", "resume"],
        Field(description="What a start does with a run that the server's end cut short, beside closing it as failed."),
    ] = "fail"

    @model_validator(mode="after")
    def _attempts_fit_in_the_run(self) -> Self:
        for key in ("timeout", "must_finish_within"):
            value = getattr(self, key)
            if key in self.model_fields_set and value > self.run_timeout:
                raise ValueError(f"{key} is {value:g} s, more than run_timeout, {self.run_timeout:g} s")
        return self


class WatchdogSettings(Section):
    hung_after: Annotated[Seconds, Field(description="Seconds without a report after which a worker is hung.")] = 300.0
    beat_every: Annotated[Seconds, Field(description="Seconds between two beats of a worker.")] = 1.0
    heartbeat_every: Annotated[
        float, Field(ge=10, description="Seconds between two heartbeat events while a run goes on.")
    ] = 10.0
    lag_limit: Annotated[
        Seconds, Field(description="Seconds without an answer of the event loop after which it counts as blocked.")
    ] = 1.0
    overdue_after: Annotated[
        Seconds, Field(description="Seconds after which a mark at which nothing was done is overdue.")
    ] = 30.0
    server_memory: Annotated[
        Memory, Field(description="Memory above which the server itself, without its workers, counts as too large.")
    ] = MemoryLimit.parse("1GB")
    ping_url: Annotated[
        str,
        SECRET,
        Field(pattern=r"^(https?://.+)?$", description="Address of a dead man's switch, called while all is well."),
    ] = ""
    ping_every: Annotated[Seconds, Field(description="Seconds between two calls of the dead man's switch.")] = 60.0
    min_free: Annotated[
        FreeDisk,
        Field(
            description="Free space on the home's disk below which no run begins: a share, a size, or the least of both."
        ),
    ] = FreeSpace.parse("1%, 500MB")

    @model_validator(mode="after")
    def _beats_fit(self) -> Self:
        if self.hung_after < 3 * self.beat_every:
            raise ValueError(
                f"hung_after is {self.hung_after:g} s, less than three times beat_every, {self.beat_every:g} s: "
                "one late beat would look like a hang"
            )
        return self


class LockSettings(Section):
    kind: Annotated[
        Literal["auto", "kernel", "lease"],
        Field(
            description="Locks of the system, or leases; auto takes leases where other machines may have the folder."
        ),
    ] = "auto"
    lease: Annotated[
        Seconds, Field(description="Seconds that a holder on another machine must stand still to count as dead.")
    ] = 60.0
