"""Writes results as the tables of docs/benchmarks.md."""

import pathlib

from rich.table import Table

from benchmarks import targets
from benchmarks.results import Results

BEGIN = "<!-- results -->"
END = "<!-- end of results -->"


def markdown(results: Results) -> str:
    """Machine, targets and all tables."""
    parts = ["\n".join(f"- {name}: {value}" for name, value in results.machine.items())]
    for table in (targets.table(targets.verdicts(results)), *results.tables()):
        parts.append(f"### {table.title}\n\n{_table(table)}")
    return "\n\n".join(parts) + "\n"


def write(results: Results, path: pathlib.Path) -> None:
    """Replaces what is between the two marks in a document. Raises ValueError where they are missing."""
    before, begin, rest = path.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no place for results: write {BEGIN} and {END} around it")
    path.write_text(f"{before}{BEGIN}\n\n{markdown(results)}\n{END}{after}")


def _table(table: Table) -> str:
    head = [str(column.header) for column in table.columns]
    rules = ["---:" if column.justify == "right" else "---" for column in table.columns]
    rows = zip(*(map(str, column.cells) for column in table.columns), strict=True)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rules, *rows))
