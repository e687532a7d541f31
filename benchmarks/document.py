"""Writes results as the tables of docs/benchmarks.md."""

from rich.table import Table

from benchmarks import targets
from benchmarks.results import Results


def markdown(results: Results) -> str:
    """Machine, targets and all tables."""
    parts = ["\n".join(f"- {name}: {value}" for name, value in results.machine.items())]
    for table in (targets.table(targets.verdicts(results)), *results.tables()):
        parts.append(f"### {table.title}\n\n{_table(table)}")
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    head = [str(column.header) for column in table.columns]
    rules = ["---:" if column.justify == "right" else "---" for column in table.columns]
    rows = zip(*(map(str, column.cells) for column in table.columns), strict=True)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rules, *rows))
