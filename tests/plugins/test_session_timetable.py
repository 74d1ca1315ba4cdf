from datetime import UTC, datetime, timedelta

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction

import session_timetable
from session_timetable import SessionTimetable

ANY_TIME = TimeRestriction(earliest=None, latest=None, catchup=False)


def at(text: str) -> pendulum.DateTime:
    return pendulum.instance(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> "Clock":
    clock = Clock()
    monkeypatch.setattr(session_timetable, "now", lambda: clock.at)
    return clock


class Clock:
    at = at("2026-11-23T12:00:00")


def following(
    timetable: SessionTimetable, last: DataInterval | None, restriction: TimeRestriction = ANY_TIME
) -> tuple[datetime, datetime, datetime]:
    info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
    assert info is not None
    assert info.data_interval is not None
    return info.run_after, info.data_interval.start, info.data_interval.end


def test_the_run_of_a_session_starts_before_its_pre_market_and_stands_for_the_day_with_its_sweep(clock: Clock) -> None:
    clock.at = at("2026-11-20T22:00:00")
    last = DataInterval(at("2026-11-19T09:00:00"), at("2026-11-20T01:20:00"))
    assert following(SessionTimetable(), last) == (
        at("2026-11-20T08:55:00"),
        at("2026-11-20T09:00:00"),
        at("2026-11-21T01:20:00"),
    )


def test_an_early_close_shortens_the_interval(clock: Clock) -> None:
    clock.at = at("2026-11-27T00:00:00")
    _, start, end = following(SessionTimetable(), None)
    # 13:00 close in New York, post-market until 17:00, then the sweep.
    assert (start, end) == (at("2026-11-27T09:00:00"), at("2026-11-27T22:20:00"))


@pytest.mark.parametrize(
    ("last_day", "next_day"),
    [
        ("2026-11-25", "2026-11-27"),  # Thanksgiving
        ("2026-11-27", "2026-11-30"),  # a weekend
        ("2026-12-24", "2026-12-28"),  # Christmas on a Friday, then a weekend
    ],
)
def test_holidays_and_weekends_have_no_run(clock: Clock, last_day: str, next_day: str) -> None:
    clock.at = at(f"{last_day}T23:30:00")
    last = DataInterval(at(f"{last_day}T09:00:00"), at(f"{last_day}T23:00:00"))
    assert following(SessionTimetable(), last)[1].date().isoformat() == next_day


def test_the_clock_change_moves_the_run_in_utc(clock: Clock) -> None:
    clock.at = at("2026-03-06T23:00:00")
    before = DataInterval(at("2026-03-06T09:00:00"), at("2026-03-07T01:20:00"))
    _, start, end = following(SessionTimetable(), before)
    assert (start, end) == (at("2026-03-09T08:00:00"), at("2026-03-10T00:20:00"))
    clock.at = at("2026-10-30T23:00:00")
    after = DataInterval(at("2026-10-30T08:00:00"), at("2026-10-31T00:20:00"))
    assert following(SessionTimetable(), after)[1:] == (at("2026-11-02T09:00:00"), at("2026-11-03T01:20:00"))


def test_started_in_the_middle_of_a_session_it_runs_that_one(clock: Clock) -> None:
    clock.at = at("2026-11-20T15:00:00")
    assert following(SessionTimetable(), None)[0] == at("2026-11-20T08:55:00")


def test_sessions_missed_while_the_scheduler_was_down_are_left_out(clock: Clock) -> None:
    clock.at = at("2026-11-20T15:00:00")
    last = DataInterval(at("2026-11-09T09:00:00"), at("2026-11-10T01:20:00"))
    assert following(SessionTimetable(), last)[1] == at("2026-11-20T09:00:00")


def test_at_the_end_the_newest_missed_session_is_made_up_for(clock: Clock) -> None:
    clock.at = at("2026-11-20T15:00:00")
    last = DataInterval(at("2026-11-09T09:00:00"), at("2026-11-10T01:20:00"))
    assert following(SessionTimetable(runs_at="end"), last) == (
        at("2026-11-20T01:20:00"),
        at("2026-11-19T09:00:00"),
        at("2026-11-20T01:20:00"),
    )


def test_with_catch_up_every_session_since_the_start_date_runs(clock: Clock) -> None:
    every = TimeRestriction(earliest=at("2026-11-16T00:00:00"), latest=None, catchup=True)
    _, start, end = following(SessionTimetable(), None, every)
    days = [start.date().isoformat()]
    for _ in range(4):
        _, start, end = following(
            SessionTimetable(), DataInterval(pendulum.instance(start), pendulum.instance(end)), every
        )
        days.append(start.date().isoformat())
    assert days == ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"]


def test_nothing_is_scheduled_after_the_end_date(clock: Clock) -> None:
    ended = TimeRestriction(earliest=None, latest=at("2026-11-20T00:00:00"), catchup=False)
    assert SessionTimetable().next_dagrun_info(last_automated_data_interval=None, restriction=ended) is None


def test_round_the_clock_days_follow_each_other_although_each_one_s_sweep_reaches_into_the_next(clock: Clock) -> None:
    clock.at = at("2026-11-21T10:00:00")
    days = SessionTimetable("24/7")
    last = DataInterval(at("2026-11-20T00:00:00"), at("2026-11-21T00:20:00"))
    assert following(days, last)[1:] == (at("2026-11-21T00:00:00"), at("2026-11-22T00:20:00"))


def test_another_sweep_delay_does_not_run_a_session_twice(clock: Clock) -> None:
    clock.at = at("2026-11-21T00:50:00")
    last = DataInterval(at("2026-11-20T09:00:00"), at("2026-11-21T01:05:00"))
    assert following(SessionTimetable(sweep_min=30), last)[1] == at("2026-11-23T09:00:00")


@pytest.mark.parametrize(
    ("moment", "day"), [("2026-11-20T15:00:00", "2026-11-20"), ("2026-11-22T15:00:00", "2026-11-20")]
)
def test_a_manual_run_stands_for_the_current_session_or_the_last(moment: str, day: str) -> None:
    interval = SessionTimetable().infer_manual_data_interval(run_after=at(moment))
    assert interval.start.date().isoformat() == day


def test_an_unknown_calendar_schedules_nothing_and_does_not_stop_the_scheduler() -> None:
    assert SessionTimetable("XMOON").next_dagrun_info(last_automated_data_interval=None, restriction=ANY_TIME) is None


def test_it_survives_serialisation() -> None:
    timetable = SessionTimetable("24/7", runs_at="end", lead_min=1, sweep_min=2)
    copy = SessionTimetable.deserialize(timetable.serialize())
    assert (copy.serialize(), copy.summary) == (timetable.serialize(), "24/7 session end")
    assert timedelta(minutes=copy.lead_min) == timedelta(minutes=1)
