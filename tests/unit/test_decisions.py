"""What the schedule does at any moment, as a function of time and state: each mark has one verdict."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterhour.clock import wire_time
from quarterhour.decisions import (
    ON_TIME_S,
    Breaker,
    Pass,
    Skip,
    Start,
    WaitForChange,
    WaitForIdle,
    WaitUntil,
    breaker_of,
    decide,
    judged_anew,
    next_due,
)
from quarterhour.jitter import Delay, drawn
from quarterhour.lifecycle import Reason, Run, RunState, Schedule, Trigger
from quarterhour.marks import marks_between
from quarterhour.settings import ScheduleSettings
from quarterhour.slots import SlotReason

NOON = datetime(2025, 12, 5, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def schedule(judged: datetime = NOON, **more: object) -> Schedule:
    return Schedule.model_validate({"judged_until": wire_time(judged), **more})


def run(state: RunState, reason: Reason | None = None) -> Run:
    return Run(
        run_id="r",
        state=state,
        reason=reason,
        trigger=Trigger.SCHEDULE,
        started_at=wire_time(NOON),
        ended_at=wire_time(NOON),
        stages=(),
    )


@pytest.mark.parametrize(
    ("policy", "is_running", "now", "expected"),
    [
        ({}, False, at(7), WaitUntil(at(15))),
        ({}, False, at(15), Start(at(15))),
        ({}, False, at(15.5), Start(at(15))),
        ({}, True, at(15), Skip(at(15), SlotReason.RUNNING)),
        ({"overlap": "queue"}, True, at(15), WaitForIdle(at(15))),
        ({"overlap": "cancel"}, True, at(15), WaitForIdle(at(15), is_cancelled=True)),
        ({}, False, at(20), Start(at(15), is_caught_up=True)),
        ({"catch_up": "none"}, False, at(20), Pass(at(15), at(15), 1, SlotReason.DOWN)),
        ({}, False, at(50), Pass(at(15), at(30), 2, SlotReason.DOWN)),
        ({"catch_up": "none"}, False, at(50), Pass(at(15), at(45), 3, SlotReason.DOWN)),
        ({"catch_up": "none"}, False, at(45), Pass(at(15), at(30), 2, SlotReason.DOWN)),
        ({"catch_up": "all"}, False, at(50), Start(at(15), is_caught_up=True)),
        ({"catch_up": "all"}, True, at(50), WaitForIdle(at(15))),
        ({}, False, at(-120), WaitUntil(at(15))),
    ],
)
def test_what_is_done_at_a_moment(policy: dict[str, object], is_running: bool, now: datetime, expected: object) -> None:
    """The last line: a clock that was set back by two hours strikes no mark again."""
    settings_ = ScheduleSettings.model_validate(policy)
    assert decide(schedule(), settings_, now, is_running=is_running, away=SlotReason.DOWN) == expected


def half_of(jitter_minutes: float) -> Delay:
    return lambda _: timedelta(minutes=jitter_minutes / 2)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(7), WaitUntil(at(20))),
        (at(15), WaitUntil(at(20))),
        (at(20), Start(at(15))),
        (at(20.9), Start(at(15))),
        (at(22), Start(at(15), is_caught_up=True)),
        # The last of three is not due yet.
        (at(46), Pass(at(15), at(15), 1, SlotReason.DOWN)),
    ],
)
def test_a_mark_with_jitter_is_due_later(now: datetime, expected: object) -> None:
    jittered = schedule(jitter=600)
    found = decide(jittered, ScheduleSettings(), now, is_running=False, away=SlotReason.DOWN, delay=half_of(10))
    assert found == expected
    assert next_due(jittered, at(17), half_of(10)) == at(20)


def test_marks_keep_their_order_whatever_was_drawn() -> None:
    """A change of the clock can bring marks closer than the jitter."""

    def delay(mark: datetime) -> timedelta:
        return timedelta(minutes=16 if mark == at(15) else 0)

    jittered = schedule(jitter=960)
    assert decide(jittered, ScheduleSettings(), at(30.5), is_running=False, delay=delay) == WaitUntil(at(31))
    assert decide(jittered, ScheduleSettings(), at(31), is_running=False, delay=delay) == Pass(
        at(15), at(15), 1, SlotReason.ASLEEP
    )


def test_jitter_is_drawn_by_home_and_mark_alone() -> None:
    drawn_s = [drawn("home", at(15 * number), 600).total_seconds() for number in range(1000)]
    assert drawn_s == [drawn("home", at(15 * number), 600).total_seconds() for number in range(1000)]
    assert drawn_s[0] != drawn("another", NOON, 600).total_seconds()
    assert min(drawn_s) < 6
    assert 594 < max(drawn_s) <= 600
    assert 280 < sum(drawn_s) / 1000 < 320


def test_a_paused_schedule_waits_for_a_person() -> None:
    assert decide(schedule(paused=True), ScheduleSettings(), at(50), is_running=False) == WaitForChange()


def test_a_mark_that_waited_for_a_run_is_run_and_those_before_it_were_skipped() -> None:
    policy = ScheduleSettings(overlap="queue", catch_up="none")
    first = decide(schedule(), policy, at(50), is_running=False, away=SlotReason.RUNNING)
    assert first == Pass(at(15), at(30), 2, SlotReason.RUNNING)
    then = decide(schedule(at(30)), policy, at(50), is_running=False, away=SlotReason.RUNNING)
    assert then == Start(at(45))


class Model:
    """A schedule that lives through what is drawn for it, and the verdicts that its marks were given."""

    def __init__(self, policy: ScheduleSettings) -> None:
        self.policy = policy
        self.schedule = schedule()
        self.now = NOON
        self.is_running = False
        self.away = SlotReason.ASLEEP
        self.verdicts: dict[datetime, str] = {}

    def judge(self, mark: datetime, verdict: str) -> None:
        assert mark not in self.verdicts, f"{mark}: {self.verdicts.get(mark)} and {verdict}"
        assert self.now >= mark
        self.verdicts[mark] = verdict
        self.schedule = self.schedule.judged(wire_time(mark))

    def settle(self) -> None:
        """Do what is decided until there is only to wait."""
        while True:
            decision = decide(self.schedule, self.policy, self.now, is_running=self.is_running, away=self.away)  # pyright: ignore
            match decision:
                case WaitUntil() | WaitForChange():
                    self.away = SlotReason.ASLEEP
                    return
                case WaitForIdle(_, is_cancelled):
                    if not is_cancelled:
                        self.away = SlotReason.RUNNING if self.policy.catch_up != "all" else SlotReason.ASLEEP
                        return
                    self.is_running = False
                    self.away = SlotReason.RUNNING
                case Start(mark, is_caught_up):
                    assert not self.is_running
                    assert (
                        is_caught_up
                        or self.away is SlotReason.RUNNING
                        or (self.now - mark).total_seconds() <= ON_TIME_S
                    )
                    self.judge(mark, "started")
                    self.is_running = True
                    self.away = SlotReason.ASLEEP
                case Skip(mark, reason):
                    self.judge(mark, reason)
                case Pass(first, last, count, reason):
                    before = first - timedelta(seconds=1)
                    found = list(marks_between(self.schedule.cron, self.schedule.timezone, before, last))
                    assert len(found) == count
                    for mark in found:
                        self.judge(mark, reason)


@settings(max_examples=150)
@given(
    catch_up=st.sampled_from(["none", "latest", "all"]),
    overlap=st.sampled_from(["skip", "queue", "cancel"]),
    steps=st.lists(
        st.tuples(st.sampled_from(["pass", "jump", "end"]), st.integers(-8000, 20000)), min_size=1, max_size=25
    ),
)
def test_each_mark_has_exactly_one_verdict(catch_up: str, overlap: str, steps: list[tuple[str, int]]) -> None:
    """Through runs that go on, clocks set back and forward by hours, machines that sleep."""
    policy = ScheduleSettings.model_validate({"catch_up": catch_up, "overlap": overlap})
    model = Model(policy)
    for kind, seconds in steps:
        if kind == "end":
            model.is_running = False
        else:
            model.now += timedelta(seconds=abs(seconds) if kind == "pass" else seconds)
        model.settle()
    for _ in range(1000):
        if not model.is_running:
            break
        model.is_running = False
        model.settle()
    judged = datetime.fromisoformat(model.schedule.judged_until or "")
    assert sorted(model.verdicts) == list(marks_between("*/15 * * * *", "UTC", NOON, judged))
    assert judged >= model.now - timedelta(minutes=15)


BROKEN = ScheduleSettings(pause_after_failures=3, cool_down=3600)


def failed(times: int, when: datetime = NOON) -> Schedule:
    return schedule(failures=times, failed_at=wire_time(when))


def test_the_breaker_opens_after_failures_in_a_row_and_tries_one_run_after_the_cool_down() -> None:
    """P4: no deadlock in which only a run could heal what forbids runs."""
    assert breaker_of(failed(2), BROKEN, at(1)) is Breaker.CLOSED
    assert decide(failed(3), BROKEN, at(15), is_running=False) == Skip(at(15), SlotReason.BREAKER)
    assert breaker_of(failed(3), BROKEN, at(60)) is Breaker.PROBING
    hour = failed(3).model_copy(update={"judged_until": wire_time(at(45))})
    assert decide(hour, BROKEN, at(60), is_running=False) == Start(at(60))
    again = hour.after_run(run(RunState.FAILED, Reason.CRASHED).model_copy(update={"ended_at": wire_time(at(61))}))
    assert breaker_of(again, BROKEN, at(75)) is Breaker.OPEN
    assert breaker_of(again.after_run(run(RunState.SUCCESS)), BROKEN, at(75)) is Breaker.CLOSED


@given(failures=st.integers(0, 1000), minutes=st.integers(-10_000, 10_000))
def test_no_state_holds_the_schedule_back_for_ever(failures: int, minutes: int) -> None:
    """P4. Also where the clock was set back since."""
    assert breaker_of(failed(failures, at(minutes)), BROKEN, max(at(minutes), NOON) + timedelta(hours=1)) in (
        Breaker.CLOSED,
        Breaker.PROBING,
    )
    assert breaker_of(failed(failures, at(1)), BROKEN, at(0)) is not Breaker.OPEN


@pytest.mark.parametrize(
    ("state", "reason", "failures"),
    [
        (RunState.FAILED, Reason.STAGE_ERROR, 3),
        (RunState.FAILED, Reason.TIMED_OUT, 3),
        (RunState.FAILED, Reason.INTERRUPTED, 2),
        (RunState.STOPPED, None, 2),
        (RunState.SUCCESS, None, 0),
    ],
)
def test_failures_count_by_their_reason(state: RunState, reason: Reason | None, failures: int) -> None:
    """P5: never by words in a message; what a person stopped, or a restart cut short, says nothing."""
    ended = run(state, reason).model_copy(update={"message": "timeout lock memory error"})
    assert failed(2).after_run(ended).failures == failures


def test_a_schedule_set_anew_after_a_clock_was_wrong_by_years_begins_now() -> None:
    assert judged_anew(schedule(at(60 * 24 * 365)), NOON) == NOON
    assert judged_anew(schedule(at(120)), NOON) == at(120)
