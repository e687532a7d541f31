"""Matches names against the shell patterns of policy rows."""

import re
from collections.abc import Iterator
from functools import lru_cache

_SPECIAL = frozenset("*?[")


def is_literal(pattern: str) -> bool:
    """True when a pattern can match itself only."""
    return not _SPECIAL.intersection(pattern)


def is_everything(pattern: str) -> bool:
    """True when a pattern matches every name there is, the empty one included."""
    return pattern != "" and not pattern.strip("*")


def find_fault(pattern: str) -> str | None:
    """Says why a pattern is malformed, or None when it is well formed."""
    if not pattern:
        return "it is empty; write * to mean any"
    index = 0
    while (index := pattern.find("[", index)) != -1:
        end = _class_end(pattern, index)
        if end == -1:
            return f"the [ in {pattern!r} is never closed; add the ]"
        for start, stop in class_ranges(pattern[index + 1 : end].removeprefix("!")):
            if start > stop:
                return f"the range {start}-{stop} in {pattern!r} runs backwards; write {stop}-{start}"
        index = end + 1
    return None


def to_expression(pattern: str) -> str:
    """The regular expression of one pattern, to be matched against a whole name.

    ``*`` is any run of characters, ``?`` exactly one, ``[abc]``, ``[a-z]`` and ``[!a-z]`` one of (or none of) a class.
    Case counts. There are no separators: ``*`` passes dots, dashes and slashes.
    """
    parts: list[str] = [""]  # what stands between stars
    index = 0
    while index < len(pattern):
        character = pattern[index]
        if character == "*":
            if parts[-1] or len(parts) == 1:  # a run of stars is one star
                parts.append("")
        elif character == "?":
            parts[-1] += "."
        elif character == "[" and (end := _class_end(pattern, index)) != -1:
            members = pattern[index + 1 : end]
            negation = "^" if members.startswith("!") else ""
            ranges = (
                f"{re.escape(start)}-{re.escape(stop)}" for start, stop in class_ranges(members.removeprefix("!"))
            )
            parts[-1] += f"[{negation}{''.join(ranges)}]"
            index = end
        else:
            parts[-1] += re.escape(character)
        index += 1
    first, *others = parts
    if not others:
        return first
    # Each star but the last takes the shortest run and never comes back to it, so that no pattern backtracks for long.
    return first + "".join(f"(?>.*?{part})" for part in others[:-1]) + f".*{others[-1]}"


def tokens(pattern: str) -> Iterator[str]:
    """The pattern piece by piece: ``*``, ``?``, a class with its brackets, or a character that means itself."""
    index = 0
    while index < len(pattern):
        end = _class_end(pattern, index) if pattern[index] == "[" else -1
        stop = index + 1 if end == -1 else end + 1
        yield pattern[index:stop]
        index = stop


@lru_cache(maxsize=16_384)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The compiled form of one pattern; use ``fullmatch``. The 16,384 patterns used last are kept."""
    return re.compile(to_expression(pattern), re.DOTALL)


def is_match(name: str, pattern: str) -> bool:
    """True when a whole name matches a pattern. The empty pattern matches nothing."""
    if not pattern:
        return False
    if is_literal(pattern):
        return name == pattern
    return compile_pattern(pattern).fullmatch(name) is not None


def is_covering(wide: str, narrow: str) -> bool:
    """True when ``wide`` surely matches everything that ``narrow`` does. May say no to a cover it cannot see."""
    return wide == narrow or is_everything(wide) or (is_literal(narrow) and is_match(narrow, wide))


def class_ranges(text: str) -> Iterator[tuple[str, str]]:
    """The ranges of a class, first and last character; a single character is a range of one."""
    index = 0
    while index < len(text):
        step = 3 if text[index + 1 : index + 2] == "-" and index + 2 < len(text) else 1
        yield text[index], text[index + step - 1]
        index += step


def _class_end(pattern: str, start: int) -> int:
    first = start + 1
    if pattern[first : first + 1] == "!":
        first += 1
    return pattern.find("]", first + 1)  # a ] right after the [ is a member, as in every shell
