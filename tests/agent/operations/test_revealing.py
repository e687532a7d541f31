"""One value of one Secret, on demand alone, and in no log."""

import base64
import re

import pytest

from octokube.v1 import operation_pb2 as pb
from tests.agent.operations.conftest import Desk

CANARY = b"canary-7a31\0\xff value"
OTHER = b"canary-other-5b20"


async def test_the_value_of_one_key_is_revealed_and_nothing_else(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    space = await desk.space()
    data = {name: base64.b64encode(value).decode() for name, value in (("one", CANARY), ("two", OTHER))}
    await desk.admin.create(f"{space.path}/secrets", {"metadata": {"name": "keys"}, "data": data | {"empty": ""}})
    operation = desk.order("secrets", space.name, "keys", reveal={"key": "one"})
    result = await operation.succeeded()
    assert operation.stdout == CANARY
    assert (result.key.name, result.resource_version != "") == ("keys", True)
    for hidden in (OTHER, base64.b64encode(OTHER), base64.b64encode(CANARY)):
        assert hidden not in operation.raw
    empty = desk.order("secrets", space.name, "keys", reveal={"key": "empty"})
    await empty.succeeded()
    assert empty.stdout == b""
    captured = capfd.readouterr()
    logged = captured.out + captured.err
    assert "operation.ended" in logged
    assert not re.search("canary|" + "|".join(re.escape(value) for value in data.values()), logged)


async def test_a_missing_key_names_no_key_that_there_is(desk: Desk) -> None:
    space = await desk.space()
    await desk.admin.create(f"{space.path}/secrets", {"metadata": {"name": "keys"}, "data": {"hidden-name": "eA=="}})
    operation = desk.order("secrets", space.name, "keys", reveal={"key": "other"})
    assert await operation.failed() == "the secret has no such key"
    assert b"hidden-name" not in operation.raw
    assert "name the key" in await desk.order("secrets", space.name, "keys", reveal={}).denied()


async def test_nothing_but_a_secret_has_values_to_reveal(desk: Desk) -> None:
    space = await desk.space()
    await desk.admin.create(f"{space.path}/configmaps", {"metadata": {"name": "keys"}, "data": {"one": "x"}})
    refused = desk.order("configmaps", space.name, "keys", reveal={"key": "one"})
    assert "only values of secrets" in await refused.denied()
    assert refused.requests[-1].result.outcome == pb.OPERATION_OUTCOME_DENIED
