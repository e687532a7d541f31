"""Lets recorded output draw on this terminal, and not question it, retitle it or fill its clipboard."""

import re

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<string>\x1b[\]PX^_].*?(?:\x07|\x1b\\))"
    r"|(?P<csi>\x1b\[(?P<prefix>[<=>?]?)(?P<parameters>[0-9;:]*)(?P<between>[ -/]*)(?P<final>[@-~]))"
    r"|(?P<charset>\x1b[()*+][0-9A-Za-z])"
    r"|(?P<escape>\x1b[^\[\]PX^_()*+\x1b])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])",
    re.DOTALL,
)
_UNFINISHED = re.compile(r"\x1b(?:\[[<=>?]?[0-9;:]*[ -/]*|[()*+])?\Z")
_STRING = re.compile(r"\x1b[\]PX^_]")
_CONTROLS = frozenset("\a\b\t\n\v\f\r\x0e\x0f")
_ESCAPES = frozenset("78=>DEHM")
_FINALS = frozenset("@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu")
"""Those that move, erase, insert, scroll, colour and set modes; none that is answered."""
_PRIVATE_MODES = frozenset({"1", "5", "6", "7", "12", "25", "47", "1047", "1048", "1049"})
"""Those of the screen and the cursor; none that makes the terminal report the mouse, focus or pastes."""
_OTHER_SCREENS = frozenset({"47", "1047", "1049"})
MAX_SEQUENCE_LENGTH = 256


class Screen:
    """Filters output that comes in parts, which may end within a sequence."""

    def __init__(self) -> None:
        self._left = ""
        self._is_other = False

    def draw(self, text: str) -> str:
        """What of it may reach the terminal."""
        text, self._left = self._left + text, ""
        drawn: list[str] = []
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is not None:
                drawn.append(self._kept(token))
                at = token.end()
            elif _STRING.match(text, at):
                # Its content is dropped, however long; an escape at its end may be half of the terminator.
                self._left = text[at : at + 2] + ("\x1b" if text.endswith("\x1b", at + 2) else "")
                break
            elif len(text) - at <= MAX_SEQUENCE_LENGTH and _UNFINISHED.match(text, at):
                self._left = text[at:]
                break
            else:
                at += 1
        return "".join(drawn)

    def restore(self) -> str:
        """What brings the terminal back to where somebody can work in it."""
        other = "\x1b[?1049l" if self._is_other else ""
        self._is_other = False
        return f"{other}\x0f\x1b(B\x1b[0m\x1b[?7h\x1b[?25h\x1b[r" if other else "\x0f\x1b(B\x1b[0m\x1b[?7h\x1b[?25h"

    def _kept(self, token: re.Match[str]) -> str:
        match token.lastgroup:
            case "text" | "charset":
                return token[0]
            case "control":
                return token[0] if token[0] in _CONTROLS else ""
            case "escape":
                return token[0] if token[0][1] in _ESCAPES else ""
            case _ if token["csi"]:
                return self._kept_csi(token)
        return ""

    def _kept_csi(self, token: re.Match[str]) -> str:
        final, between = token["final"], token["between"]
        if final == "q" and between == " " and not token["prefix"]:
            return token[0]  # the cursor's shape
        if final not in _FINALS or between:
            return ""
        if not token["prefix"]:
            return token[0]
        modes = [mode for mode in token["parameters"].split(";") if mode in _PRIVATE_MODES]
        if token["prefix"] != "?" or final not in "hl" or not modes:
            return ""
        if _OTHER_SCREENS.intersection(modes):
            self._is_other = final == "h"
        return f"\x1b[?{';'.join(modes)}{final}"
