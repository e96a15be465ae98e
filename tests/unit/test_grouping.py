"""Tests that share one costly rehearsal or server run in one worker; a runner that ignores the groups starts it many times over."""

import pytest


@pytest.mark.xdist_group("a group")
def test_the_runner_knows_the_group_of_a_test(request: pytest.FixtureRequest):
    if not hasattr(request.config, "workerinput"):
        pytest.skip("no workers: everything runs in one process")
    assert request.node.nodeid.endswith("@a group")
