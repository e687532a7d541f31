"""Turns a policy directory into a PolicySet, or into everything that is wrong with it."""

import re
from collections.abc import Mapping
from pathlib import Path

from octokube_hub.policy import sources
from octokube_hub.policy.lint import find_warnings
from octokube_hub.policy.memberships import Memberships
from octokube_hub.policy.model import MODEL_FILE, check_model
from octokube_hub.policy.policyset import PolicySet
from octokube_hub.policy.problems import PolicyError, Problem
from octokube_hub.policy.rulefile import RuleReader
from octokube_hub.policy.windowfile import NamedWindow, read_windows

# What a reviewer sees as another line, or in another order, and a program as one line: a deny could hide in a comment.
_MISLEADING = re.compile(r"\r(?!\n)|[\0\v\f\x1c-\x1e\x85\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


def load_policy(directory: Path) -> PolicySet:
    """Reads, validates and compiles the whole directory. Raises PolicyError with every error at once.

    No file at all is a valid set: nobody is allowed anything.
    """
    found = sources.read_sources(directory)
    return build_policy(found, commit=sources.find_commit(directory, found))


def build_policy(found: sources.Sources, *, commit: str | None = None) -> PolicySet:
    """The same for files that have been read already."""
    problems: list[Problem] = []
    texts = {name: text for name in found.files if (text := _decode(name, found.files[name], problems)) is not None}
    if MODEL_FILE in texts:
        problems.extend(check_model(texts[MODEL_FILE]))
    windows: Mapping[str, NamedWindow] = {}
    if sources.WINDOWS_FILE in texts:
        windows, window_problems = read_windows(sources.WINDOWS_FILE, texts[sources.WINDOWS_FILE])
        problems.extend(window_problems)
    reader = RuleReader(windows)
    for name in sources.RULE_FILES:
        if name in texts:
            reader.read(name, texts[name])
    problems.extend(reader.problems)
    rows, memberships = tuple(reader.rows), tuple(reader.memberships)
    problems.extend(Memberships(memberships).find_cycles())
    if problems:
        raise PolicyError(tuple(problems))
    return PolicySet(
        revision=found.revision,
        commit=commit,
        rows=rows,
        memberships=memberships,
        windows={name: named.window for name, named in windows.items()},
        warnings=find_warnings(found.unknown, rows, memberships, windows, reader.used_windows),
        files=found.files,
    )


def find_torn(former: Mapping[str, bytes], found: Mapping[str, bytes]) -> tuple[Problem, ...]:
    """The files that are what they were up to the middle of a line: cut off by a full disk, say, or a crash.

    The rest of such a line may well be valid, and mean more than the whole did: a membership without its window, or in
    a team whose name is shorter. What ends with a whole line can't be told from an edit.
    """
    problems = []
    for name, content in found.items():
        rest = former.get(name, b"")[len(content) :]
        is_within_line = bool(rest) and not rest.startswith((b"\n", b"\r")) and not content.endswith(b"\n")
        if content and is_within_line and former[name].startswith(content):
            line = content.count(b"\n") + 1
            message = "it is cut off in the middle of this line; save it anew, or end the line with a newline if not"
            problems.append(Problem(name, line, message))
    return tuple(problems)


def _decode(name: str, content: bytes, problems: list[Problem]) -> str | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problems.append(Problem(name, line, "this is not UTF-8; save the file as UTF-8"))
        return None
    stray = _MISLEADING.search(text)
    if stray is None:
        return text
    line = text.count("\n", 0, stray.start()) + 1
    character = stray.group()
    if character == "\0":
        message = "a NUL character stands here, as after a torn write; save the file anew"
    elif character == "\r":
        message = "a carriage return stands here without a line feed; save the file with LF or CRLF at its line ends"
    else:
        message = f"the invisible character U+{ord(character):04X} stands here; delete it"
    problems.append(Problem(name, line, message))
    return None
