"""Tokens, people and service accounts from the command line, against a hub."""

import asyncio
import json
import re

import pytest

from octokube_hub.app import Hub
from tests.support.demo import Finished, octokube

pytestmark = pytest.mark.timeout(60)


async def run(hub: Hub, *words: str, token: str = "demo:alice") -> Finished:  # noqa: S107
    return await octokube(*words, OCTOKUBE_HUB=hub.address, OCTOKUBE_TOKEN=token)


async def test_a_token_is_shown_once_listed_without_its_secret_and_ends_when_it_is_revoked(hub: Hub) -> None:
    made = await run(hub, "token", "create", "--description", "nightly\x1b[2J", "--expires", "12h", "--read-only")
    assert made.code == 0, made.err
    secret = made.out.strip()
    assert re.fullmatch(r"okt_[A-Za-z0-9_-]{43}", secret)
    assert re.fullmatch(r"token \S+ of user:alice, until .* \(read-only\)\n", made.err)
    listed = await run(hub, "token", "list", token=secret)
    assert "nightly\\x1b[2J (read-only)" in listed.out
    assert secret not in listed.out
    (told,) = json.loads((await run(hub, "token", "list", "-o", "json")).out)
    revoked = await run(hub, "token", "revoke", told["token_id"])
    assert (revoked.code, revoked.out) == (0, f"token {told['token_id']} is revoked\n")
    after = await run(hub, "token", "list", token=secret)
    assert (after.code, "does not accept this token" in after.err) == (2, True)
    assert "revoked 20" in (await run(hub, "token", "list")).out


async def test_a_token_for_one_cluster_says_so(hub: Hub) -> None:
    made = await run(hub, "token", "create", "--cluster", "c1", "-o", "json")
    assert json.loads(made.out)["description"]["ceiling"] == {"clusters": ["c1"]}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["create", "--expires", "soon"], "is no span of time"),
        (["create", "--expires", "0h"], "is no span of time"),
        (["create", "--expires", "999999999999d"], "longer than time lasts"),
        (["create", "--expires", "400d"], "at most 366 days"),
        (["create", "--subject", "user:bob"], "refused"),
        (["revoke", "nothing-like-it"], "refused"),
        (["list", "--all"], "refused"),
    ],
)
async def test_what_cannot_be_is_one_sentence(hub: Hub, words: list[str], sentence: str) -> None:
    finished = await run(hub, "token", *words)
    assert finished.code in (1, 2)
    assert finished.out == ""
    assert sentence in finished.err
    assert len(finished.err.splitlines()) == 1


async def test_an_administrator_shuts_somebody_out_and_lets_them_in_again(hub: Hub) -> None:
    secret = (await run(hub, "token", "create")).out.strip()
    admin = "demo:admin"
    assert (await run(hub, "people", "disable", "user:alice", token=admin)).out == "user:alice is shut out\n"
    listed = await run(hub, "people", "list", token=admin)
    assert re.search(r"user:alice +shut out 20", listed.out)
    refused = await run(hub, "token", "list", token=secret)
    assert refused.code == 2
    assert (await run(hub, "people", "enable", "user:alice", token=admin)).code == 0
    assert (await run(hub, "token", "list", token=secret)).code == 0
    assert (await run(hub, "people", "disable", "user:admin")).code == 1, "alice may not"


async def test_a_service_account_has_teams_and_tokens(hub: Hub) -> None:
    admin = "demo:admin"
    put = await run(hub, "service-account", "put", "ci", "--team", "blues", token=admin)
    assert put.out == "service:ci is in team:blues\n"
    made = await run(hub, "token", "create", "--subject", "service:ci", token=admin)
    assert made.code == 0, made.err
    people, tokens = await asyncio.gather(
        run(hub, "people", "list", "-o", "json", token=admin), run(hub, "token", "list", token=made.out.strip())
    )
    assert [(one["subject"], one["teams"]) for one in json.loads(people.out)] == [("service:ci", ["team:blues"])]
    assert "service:ci" in tokens.out
