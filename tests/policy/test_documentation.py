"""docs/virtual-rbac.md is true: its tables are the product's, its rows load, its output is what the command writes."""

import re
import shlex
from pathlib import Path

import pytest

from octokube.cli.main import main
from octokube_hub.policy.tabletests import read_table
from octokube_hub.policy.verbs import KUBERNETES_VERBS, OPERATIONS, SUBRESOURCES, VERB_SETS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "virtual-rbac.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def without_revision(text: str) -> str:
    return re.sub(r"(revision +)[0-9a-f]{12}\b", r"\1…", text)


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading; code marks removed."""
    lines = PAGE.split(f"\n| {heading} |", 1)[1].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def words(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


def test_operations_are_those_of_the_product():
    documented = {words(name)[0]: (words(types), words(same)) for name, types, same in table("operation")}
    assert set(documented) == set(OPERATIONS)
    for name, (types, same) in documented.items():
        known = OPERATIONS[name]
        assert set(types) == set(known.types or ())
        assert set(same[:-1]) == set(known.verbs)
        assert not same or same[-1].rpartition("/")[2] == known.subresource


def test_subresources_are_those_of_the_product():
    documented = {words(name)[0]: (words(types), words(verbs)) for name, types, verbs in table("subresource")}
    assert set(documented) == set(SUBRESOURCES)
    for name, (types, verbs) in documented.items():
        assert (set(types), verbs) == (set(SUBRESOURCES[name].types or ()), SUBRESOURCES[name].verbs)


def test_verbs_and_sets_are_those_of_the_product():
    sets = {words(name)[0]: words(verbs) for name, verbs in table("set")}
    assert sets == dict(VERB_SETS)
    sentence = re.search(r"one of Kubernetes' \((.*?)\)", PAGE, re.DOTALL)
    assert sentence is not None
    assert words(sentence[1]) == KUBERNETES_VERBS


@pytest.mark.parametrize("text", blocks("csv"), ids=lambda text: text.splitlines()[0][:40])
def test_rows_load_as_they_are_written(build, text):
    assert build(policy=text).revision


def test_named_windows_and_tables_load_as_they_are_written(build):
    windows, cases = blocks("yaml")
    assert set(build(windows=windows).windows) == {"@office-hours", "@oncall-dana", "@night-freeze", "@counter"}
    assert len(read_table("page.yaml", cases)) == 2


@pytest.mark.parametrize("block", blocks("console"), ids=lambda text: text.splitlines()[0][11:50])
def test_output_is_what_the_command_writes(block, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    command, _, expected = block.partition("\n")
    arguments = shlex.split(command.removeprefix("$ "))
    assert arguments[0] == "octokube"
    with pytest.raises(SystemExit):
        main(arguments[1:])
    assert without_revision(capsys.readouterr().out) == without_revision(expected)
