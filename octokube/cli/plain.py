"""Shows text that others chose, so that it can neither pass for another line nor steer the terminal."""

from typing import Any

import orjson


def plain(text: str) -> str:
    """The text with everything that is not printed as itself written as an escape: ``\\n``, ``\\x1b``, ``\\u202e``."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def plain_json(value: Any, *, is_indented: bool = True) -> str:
    """The value as JSON, which reads as the same value, in characters that are printed as themselves."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 if is_indented else None).decode()
    if not text.replace("\n", "").isprintable():
        text = "".join(one if one == "\n" or one.isprintable() else _as_json_escape(one) for one in text)
    return text + "\n"


def _as_json_escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
