"""Finds names that tell patterns apart: one for every combination of them that a name can match."""

import string
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from octokube_hub.policy import globs

# What names of Kubernetes objects and of clusters are made of. Letters first: they read best.
_LEGAL = string.ascii_lowercase[23:] + string.ascii_lowercase[:23] + string.digits + "-.:_" + string.ascii_uppercase
_STATES = 4_000
"""Combinations of positions in the patterns that are followed. A few dozen patterns in use need a few hundred."""
ANY = "any"
"""A name that hardly any pattern means, so that ``*`` is shown by a name like any other."""


@dataclass(frozen=True, slots=True)
class Examples:
    """``names`` match the patterns in all the ways that names can. ``is_complete`` false: in some of the ways."""

    names: tuple[str, ...]
    is_complete: bool


@lru_cache(maxsize=4096)
def find_examples(patterns: frozenset[str]) -> Examples:
    """One name for every set of patterns that is exactly the set that some name matches.

    Literal patterns are examples themselves. Guarantee, when complete: for every name of legal characters that matches
    any of the patterns, there is an example that matches exactly the same ones. The empty name is none.
    """
    literals = sorted(pattern for pattern in patterns if globs.is_literal(pattern))
    others = sorted(pattern for pattern in patterns if not globs.is_literal(pattern))
    found: dict[frozenset[str], str] = {}
    is_complete = True
    readable = (name for name in (ANY, *(_read_easily(pattern) for pattern in others)) if name not in patterns)
    for name in chain(readable, _walk(others, frozenset(literals)) if others else ()):
        if name is None:
            is_complete = False
        else:
            matching = frozenset(pattern for pattern in others if globs.is_match(name, pattern))
            if matching:
                found.setdefault(matching, name)
    return Examples((*literals, *found.values()), is_complete)


def _walk(patterns: list[str], literals: frozenset[str]) -> Iterator[str | None]:
    """The shortest name for each combination of positions in all patterns at once; None when there are too many.

    Names that are literals are walked through and not told, each at a state of its own.
    """
    alphabet = _alphabet(patterns, literals)
    machines = [_Machine(pattern, alphabet) for pattern in patterns]
    prefixes = frozenset(name[:length] for name in literals for length in range(len(name) + 1))
    start = (tuple(machine.start for machine in machines), "" if prefixes else None)
    seen = {start}
    waiting: deque[tuple[tuple[tuple[int, ...], str | None], str]] = deque([(start, "")])
    while waiting:
        (positions, prefix), name = waiting.popleft()
        for character in alphabet:
            longer = name + character
            on = longer if prefix is not None and longer in prefixes else None
            state = (
                tuple(machine.step(at, character) for machine, at in zip(machines, positions, strict=True)),
                on,
            )
            if state in seen or (on is None and not any(state[0])):
                continue  # what no pattern can match any more is what ANY stands for
            if len(seen) >= _STATES:
                yield None
                return
            seen.add(state)
            waiting.append((state, longer))
            if longer not in literals:
                yield longer


class _Machine:
    """Follows all ways through one pattern at once: bit n stands for "everything up to piece n is matched"."""

    def __init__(self, pattern: str, alphabet: str) -> None:
        pieces = tuple(globs.tokens(pattern))
        self._stars = sum(1 << index for index, piece in enumerate(pieces) if piece == "*")
        self._hits = {
            character: sum(
                1 << index
                for index, piece in enumerate(pieces)
                if piece != "*"
                and (piece == character or ((len(piece) > 1 or piece == "?") and globs.is_match(character, piece)))
            )
            for character in alphabet
        }
        self.start = self._pass_stars(1)

    def step(self, at: int, character: str) -> int:
        return self._pass_stars((at & self._hits[character]) << 1 | at & self._stars)

    def _pass_stars(self, at: int) -> int:
        while (further := at | (at & self._stars) << 1) != at:
            at = further
        return at


def _alphabet(patterns: Iterable[str], literals: Iterable[str]) -> str:
    """One character for each way in which characters are told apart."""
    pieces = sorted({piece for pattern in patterns for piece in globs.tokens(pattern)} - {"*", "?"})
    named = "".join(sorted({character for name in (*patterns, *literals) for character in name} - set("*?[]!")))
    chosen: dict[tuple[object, ...], str] = {}
    known = set("".join(literals))
    for character in dict.fromkeys(_LEGAL + named):
        told = tuple(piece == character or (len(piece) > 1 and globs.is_match(character, piece)) for piece in pieces)
        chosen.setdefault((told, character if character in known else ""), character)
    return "".join(chosen.values())


def _read_easily(pattern: str) -> str:
    """The pattern with its specials filled in, the way a person would."""
    parts = []
    for piece in globs.tokens(pattern):
        if piece in ("*", "?"):
            parts.append("x")
        elif len(piece) > 1:
            parts.append(next((character for character in _LEGAL if globs.is_match(character, piece)), ""))
        else:
            parts.append(piece)
    return "".join(parts)
