"""How many bytes may be under way."""

import pytest

from octokube_agent.link.window import ProtocolError, Window


def test_the_window_is_never_exceeded() -> None:
    window = Window(100)
    window.sent(60)
    assert window.has_room(40)
    assert not window.has_room(41)
    window.acknowledged(60)
    assert window.has_room(100)


def test_one_frame_is_always_allowed_however_large() -> None:
    window = Window(100)
    assert window.has_room(5000)
    window.sent(5000)
    assert not window.has_room(1)


def test_an_older_acknowledgement_changes_nothing() -> None:
    window = Window(100)
    window.sent(50)
    assert window.acknowledged(50)
    assert not window.acknowledged(20)
    assert window.unacknowledged_bytes == 0


def test_nonsense_from_the_hub_is_refused() -> None:
    with pytest.raises(ProtocolError, match="window of 0 bytes"):
        Window(0)
    window = Window(100)
    window.sent(5)
    with pytest.raises(ProtocolError, match="only 5 were sent"):
        window.acknowledged(6)
