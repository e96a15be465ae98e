"""Hits that count in a minute: bounded for each network and each link, and forgotten afterwards."""

from tracking_service.hit_limits import HitLimits


def test_a_network_and_a_link_have_their_own_limits_for_a_minute() -> None:
    now = [0.0]
    limits = HitLimits(per_network=5, per_link=2, seconds=lambda: now[0])
    assert [limits.allows("192.0.2.0/24", "one") for _ in range(3)] == [True, True, False]
    assert [limits.allows("192.0.2.0/24", f"link {number}") for number in range(4)] == [True, True, True, False]
    assert limits.allows("198.51.100.0/24", "another")
    now[0] = 59.9
    assert not limits.allows("192.0.2.0/24", "one")
    now[0] = 60.0
    assert limits.allows("192.0.2.0/24", "one")


def test_memory_is_bounded_within_a_minute() -> None:
    limits = HitLimits(per_network=10**9, per_link=1, seconds=lambda: 0.0)
    assert all(limits.allows(None, number) for number in range(50_000))
    assert len(limits._links) <= 4_001
