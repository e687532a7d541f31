"""The snapshot's check sum notices every way in which a snapshot can be torn or mixed."""

import binascii
import random

from hypothesis import given
from hypothesis import strategies as st

from octokube.state import Key, SnapshotDigest

TEXTS = st.text(alphabet=st.characters(exclude_characters="\n", codec="utf-8"), max_size=8)
ENTRIES = st.lists(st.tuples(st.builds(Key, TEXTS, TEXTS, TEXTS, TEXTS), TEXTS), unique=True, max_size=12)


def digest_of(entries: list[tuple[Key, str]]) -> tuple[int, int]:
    digest = SnapshotDigest()
    for key, resource_version in entries:
        digest.add(key, resource_version)
    return digest.item_count, digest.value


def test_the_value_is_the_one_the_contract_describes() -> None:
    entries = [
        (Key("pods", "payments", "api-1", "uid-1"), "101"),
        (Key("nodes", "", "worker-ü", "uid-2"), "102"),
    ]
    first = binascii.crc32(b"pods\npayments\napi-1\nuid-1\n101")
    second = binascii.crc32("nodes\n\nworker-ü\nuid-2\n102".encode())
    assert digest_of(entries) == (2, (first + second) % 2**32 * 2**32 + (first ^ second))


def test_nothing_sums_to_zero() -> None:
    assert digest_of([]) == (0, 0)


@given(ENTRIES, st.randoms())
def test_the_order_of_entries_does_not_matter(entries: list[tuple[Key, str]], chance: random.Random) -> None:
    shuffled = list(entries)
    chance.shuffle(shuffled)
    assert digest_of(shuffled) == digest_of(entries)


@given(ENTRIES.filter(bool), st.data())
def test_a_lost_or_a_repeated_entry_is_noticed(entries: list[tuple[Key, str]], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(entries) - 1))
    assert digest_of(entries[:index] + entries[index + 1 :]) != digest_of(entries)
    assert digest_of([*entries, entries[index]]) != digest_of(entries)


def test_an_entry_repeated_in_place_of_a_lost_one_is_noticed() -> None:
    """The count alone would not see it, and a pair of equals cancels out of an exclusive or."""
    one, two, three = ((Key("pods", "", name, name), "1") for name in "abc")
    assert digest_of([one, two, two]) != digest_of([one, two, three])
    assert digest_of([one, one]) != digest_of([two, two])


def test_versions_swapped_between_two_objects_are_noticed() -> None:
    a, b = Key("pods", "payments", "a", "uid-a"), Key("pods", "payments", "b", "uid-b")
    assert digest_of([(a, "1"), (b, "2")]) != digest_of([(a, "2"), (b, "1")])


def test_a_field_that_moves_to_its_neighbour_is_noticed() -> None:
    assert digest_of([(Key("pods", "ab", "c", "u"), "1")]) != digest_of([(Key("pods", "a", "bc", "u"), "1")])
