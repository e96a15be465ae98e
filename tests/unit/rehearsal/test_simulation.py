"""The order of a simulation does not depend on threads or insertion, and its clock never stands for two acts."""

import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadgen_assets.rehearsal.simulation import Simulation, SimulationError
from tests.conftest import MONDAY
from tracking_service.clock import FileClock

HOUR = timedelta(hours=1)
plans = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 10**6)), max_size=30, unique_by=lambda plan: plan[1])


def history(plan: list[tuple[int, int]]) -> list[tuple[str, datetime]]:
    with TemporaryDirectory() as folder:
        clock = FileClock.create(Path(folder) / "clock", MONDAY)
        simulation, seen = Simulation(clock), []
        for seconds, number in plan:
            name = f"event {number:07d}"
            simulation.at(MONDAY + timedelta(seconds=seconds), name, lambda n=name: seen.append((n, clock.now())))
        simulation.run_until(MONDAY + HOUR)
        assert clock.now() == MONDAY + HOUR
    return seen


@given(plans, st.randoms())
def test_the_order_of_insertion_changes_nothing(plan, random):
    shuffled = list(plan)
    random.shuffle(shuffled)
    assert history(plan) == history(shuffled)


@given(plans)
def test_every_act_has_a_moment_of_its_own_and_time_never_goes_back(plan):
    seen = history(plan)
    moments = [moment for _, moment in seen]
    assert len(seen) == len(plan)
    assert moments == sorted(set(moments))
    planned = {f"event {number:07d}": MONDAY + timedelta(seconds=seconds) for seconds, number in plan}
    assert all(timedelta(0) <= moment - planned[name] < timedelta(milliseconds=1) for name, moment in seen)


def test_actions_that_schedule_others_are_followed_up_in_order(clock):
    simulation, seen = Simulation(clock), []

    def first() -> None:
        seen.append("first")
        simulation.after(timedelta(0), "second", lambda: seen.append("second"))
        simulation.at(MONDAY - HOUR, "overdue", lambda: seen.append("overdue"))

    simulation.after(HOUR, "first", first)
    simulation.after(2 * HOUR, "third", lambda: seen.append("third"))
    simulation.run_until(MONDAY + 3 * HOUR)
    assert seen == ["first", "overdue", "second", "third"]
    assert simulation.next_moment is None


def test_what_lies_behind_the_horizon_waits(clock):
    simulation, seen = Simulation(clock), []
    simulation.after(2 * HOUR, "later", lambda: seen.append(clock.now()))
    simulation.run_until(MONDAY + HOUR)
    assert seen == []
    simulation.run_until(MONDAY + 2 * HOUR)
    assert seen == [MONDAY + 2 * HOUR]


def test_threads_may_schedule_while_an_action_runs_and_ties_are_broken_by_name(clock):
    simulation, seen = Simulation(clock), []

    def server(name: str) -> None:
        simulation.after(HOUR, name, lambda: seen.append(name))

    def action() -> None:
        threads = [threading.Thread(target=server, args=(name,)) for name in ("c", "a", "d", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    simulation.after(HOUR, "start", action)
    simulation.run_until(MONDAY + 2 * HOUR)
    assert seen == ["a", "b", "c", "d"]


def test_an_action_that_raises_is_named_at_the_end_and_stops_nobody_else(clock):
    simulation, seen = Simulation(clock), []

    def fail() -> None:
        raise ValueError("the door was locked")

    simulation.after(HOUR, "visit of the baker", fail)
    simulation.after(2 * HOUR, "visit of the smith", lambda: seen.append("smith"))
    with pytest.raises(SimulationError, match="visit of the baker: ValueError: the door was locked"):
        simulation.run_until(MONDAY + 3 * HOUR)
    assert seen == ["smith"]
    simulation.run_until(MONDAY + 4 * HOUR)  # told once, not again


def test_a_moment_without_a_time_zone_is_refused(clock):
    with pytest.raises(ValueError, match="'naive' has no time zone"):
        Simulation(clock).at(datetime(2026, 3, 2), "naive", lambda: None)  # noqa: DTZ001


def test_in_real_time_the_clock_follows_the_wall_and_stops_when_told(clock):
    simulation, stop, seen = Simulation(clock), threading.Event(), []
    simulation.after(timedelta(seconds=0.2), "soon", lambda: seen.append(clock.now()))
    simulation.after(timedelta(seconds=0.3), "stop", stop.set)
    simulation.after(HOUR, "never", lambda: seen.append(None))
    began = time.monotonic()
    simulation.run_in_real_time(stop)
    wall = time.monotonic() - began
    assert seen == [MONDAY + timedelta(seconds=0.2)]
    assert 0.2 < wall < 3
    assert timedelta(seconds=0.25) < clock.now() - MONDAY <= timedelta(seconds=wall)


def test_nothing_more_happens_once_it_is_stopped(tmp_path: Path) -> None:
    stop, seen, begin = threading.Event(), [], MONDAY
    simulation = Simulation(FileClock.create(tmp_path / "clock", begin))
    simulation.after(timedelta(minutes=1), "stops it", lambda: (seen.append("first"), stop.set()))
    simulation.after(timedelta(minutes=2), "comes later", lambda: seen.append("second"))
    simulation.run_until(begin + timedelta(hours=1), stop)
    assert (seen, simulation.clock.now()) == (["first"], begin + timedelta(minutes=1))
    simulation.run_until(begin + timedelta(hours=1))
    assert (seen, simulation.clock.now()) == (["first", "second"], begin + timedelta(hours=1))
