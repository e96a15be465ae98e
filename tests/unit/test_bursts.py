"""What is remembered about the requests of a message: their last seconds, and no more."""

from datetime import timedelta
from uuid import UUID, uuid4

from tests.conftest import MONDAY
from tracking_service.bursts import Burst, RecentRequests

OFFER, UNSUBSCRIBE = "https://company.test/offer", "unsubscribe"


def after(seconds: float) -> dict:
    return {"at": MONDAY + timedelta(seconds=seconds)}


def test_distinct_links_of_one_message_add_up_and_pixels_are_no_links() -> None:
    recent, message = RecentRequests(), uuid4()
    assert recent.note(message, **after(0), method="GET", link=None) == Burst(0, 1)
    assert recent.note(message, **after(1), method="GET", link=OFFER) == Burst(1, 2)
    assert recent.note(message, **after(2), method="GET", link=OFFER) == Burst(1, 3)
    assert recent.note(message, **after(3), method="GET", link=UNSUBSCRIBE) == Burst(2, 4, link_gap_seconds=1.0)
    assert recent.note(uuid4(), **after(3), method="GET", link=OFFER) == Burst(1, 1)


def test_a_head_counts_against_the_same_link_within_the_window_only() -> None:
    recent, message = RecentRequests(window_seconds=10), uuid4()
    recent.note(message, **after(0), method="HEAD", link=OFFER)
    assert not recent.note(message, **after(1), method="GET", link=UNSUBSCRIBE).head_before
    assert recent.note(message, **after(10), method="GET", link=OFFER).head_before
    assert recent.note(message, **after(10.5), method="GET", link=OFFER) == Burst(2, 3, link_gap_seconds=9.0)


def test_the_link_that_no_person_sees_marks_the_whole_burst() -> None:
    recent, message = RecentRequests(), uuid4()
    assert recent.note(message, **after(0), method="GET", link="honeypot", honeypot=True).honeypot
    assert recent.note(message, **after(1), method="GET", link=OFFER).honeypot
    assert not recent.note(message, **after(30), method="GET", link=OFFER).honeypot


def test_memory_is_bounded_by_messages_and_by_time() -> None:
    recent = RecentRequests(messages_kept=4)
    messages = [UUID(int=number) for number in range(5)]
    for message in messages:
        for _ in range(100):
            recent.note(message, **after(0), method="GET", link=None)
    assert recent.note(messages[0], **after(1), method="GET", link=None).requests == 1
    assert recent.note(messages[4], **after(1), method="GET", link=None).requests == 17
    assert len(recent._young) + len(recent._old) <= 4
    recent.note(uuid4(), **after(60), method="GET", link=None)
    assert len(recent._young) + len(recent._old) == 1


def test_what_was_remembered_outlives_a_change_of_generation_within_the_window() -> None:
    recent, message = RecentRequests(window_seconds=10), uuid4()
    recent.note(uuid4(), **after(0), method="GET", link=None)
    recent.note(message, **after(9), method="HEAD", link=OFFER)
    assert recent.note(message, **after(11), method="GET", link=OFFER) == Burst(1, 2, None, head_before=True)
    assert recent.note(message, **after(20), method="GET", link=None) == Burst(1, 2)
    assert recent.note(message, **after(45), method="GET", link=None) == Burst(0, 1)
