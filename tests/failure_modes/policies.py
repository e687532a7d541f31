"""The policies that tests of live streams go by: what is kept, and what comes and goes."""

import pathlib

from octokube_hub.app import Hub
from tests.hub.policies import write_policy
from tests.support.waiting import eventually

HIDDEN = b"vault"
"""In the namespace of all that is lost, and in nothing else."""
KEPT = "p, user:admin, *, **, **, *, *, always, allow\np, role:everyone, *, kept*, *, *, read, always, allow\n"
ALLOW = "p, user:alice, *, vault*, *, *, read, always, allow\n"
DENY = "p, role:everyone, *, vault*, *, *, *, always, deny\n"
TEAM = "p, team:keepers, *, vault*, *, *, read, always, allow\n"
MEMBER = "g, user:alice, team:keepers\n"
BEGIN = "2026-11-23T09:55:00+00:00"
END = "2026-11-23T10:05:00+00:00"
WINDOW = f"{BEGIN}/{END}"


async def in_force(hub: Hub, directory: pathlib.Path, rules: str, *, teams: str = "") -> None:
    """Writes the files and waits until they are the policy."""
    write_policy(directory, rules, teams=teams)
    wanted = {name: text.encode() for name, text in (("policy.csv", rules), ("teams.csv", teams)) if text}
    engine = hub._policy
    assert engine is not None
    await eventually(lambda: dict(engine.current.files) == wanted)
