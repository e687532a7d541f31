"""Positions compare inside one epoch and nowhere else."""

import pytest

from octokube.state import Position, new_epoch


def test_positions_of_one_epoch_compare_by_version() -> None:
    epoch = new_epoch()
    assert Position(epoch, 3).is_behind(Position(epoch, 4))
    assert not Position(epoch, 4).is_behind(Position(epoch, 4))
    assert not Position(epoch, 5).is_behind(Position(epoch, 4))


def test_positions_of_different_epochs_do_not_compare() -> None:
    with pytest.raises(ValueError, match="different epochs"):
        Position(new_epoch(), 1).is_behind(Position(new_epoch(), 2))


def test_a_position_is_a_value() -> None:
    epoch = new_epoch()
    assert Position(epoch, 1) == Position(epoch, 1)
    assert hash(Position(epoch, 1)) == hash(Position(epoch, 1))
    assert Position(epoch, 1) != Position(new_epoch(), 1)


def test_two_epochs_are_never_equal() -> None:
    assert len({new_epoch() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("epoch", [b"", b"short", bytes(17)])
def test_an_epoch_of_the_wrong_size_is_refused(epoch: bytes) -> None:
    with pytest.raises(ValueError, match="an epoch has 16 bytes"):
        Position(epoch, 1)


def test_a_negative_version_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Position(new_epoch(), -1)
