"""``octokube backup`` and ``octokube restore``: what a hub remembers, in one file."""

from pathlib import Path

import click

from octokube_hub.store import backup as store

_DATA = click.option(
    "--data",
    envvar="OCTOKUBE_DATA",
    type=click.Path(path_type=Path),
    default=Path("octokube-data"),
    show_default=True,
    help="The directory of the hub's database.",
)


@click.command()
@_DATA
@click.option("--to", "file", required=True, type=click.Path(path_type=Path), help="A file that does not exist.")
@click.option("--recordings", "has_recordings", is_flag=True, help="With recorded terminal sessions.")
def backup(data: Path, file: Path, has_recordings: bool) -> None:
    """Copy a hub's database and authority into one file. The hub may run.

    The file holds keys and everybody's audit records: keep it as you keep secrets. Policy files are not in it.
    """
    found = store.back_up(data, file, has_recordings=has_recordings)
    if found.fault:
        click.echo(f"wrong: the audit log is broken after {found.records} records: {found.fault}", err=True)
        raise click.exceptions.Exit(1)
    click.echo(f"{file}: {found.records} audit records, head {found.head}")


@click.command()
@_DATA
@click.option("--from", "file", required=True, type=click.Path(path_type=Path), help="A file of octokube backup.")
def restore(file: Path, data: Path) -> None:
    """Put a backup into a directory that is empty or missing, and check its audit log. Start the hub after that.

    What happened since the backup is forgotten, and what was revoked since then is valid again: revoke it once more.
    """
    found = store.restore(file, data)
    click.echo(f"{data}: {found.records} audit records, head {found.head}")
    click.echo(
        "What was revoked after this backup is valid again: before people come in, compare with your records and run "
        "octokube token revoke, octokube people and, for agents, revoke their credentials and certificates."
    )
