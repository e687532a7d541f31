"""The table of attacks names tests that there are."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
ROW = re.compile(r"^\| .* \| .* \| `(tests/[^`]+\.py)`(?:: `(test_\w+)`)? \|$")


def test_every_attack_is_shown_by_a_test_that_exists() -> None:
    lines = (ROOT / "docs" / "security.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| ")][2:]
    assert len(rows) > 20
    for row in rows:
        named = ROW.match(row)
        assert named is not None, row
        text = (ROOT / named[1]).read_text()
        assert named[2] is None or re.search(rf"^(async )?def {named[2]}\(", text, re.MULTILINE), row
