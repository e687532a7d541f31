"""A write that the server refuses is nobody's failure but the person's, who is told."""

import orjson
import pytest
from structlog.testing import capture_logs

from octokube_agent.kube import errors
from octokube_agent.operations.failures import explain
from octokube_agent.projection.redaction import Redactor
from tests.agent.operations.conftest import Desk


async def test_a_write_that_is_refused_leaves_what_it_held_out_of_the_log(desk: Desk) -> None:
    """A server quotes the value that it refuses, and an exception that nobody expected is logged with its text."""
    space = await desk.space()
    body = {"metadata": {"name": "One-Canary-Of-A-Name"}, "stringData": {"password": "canary-of-a-value"}}
    with capture_logs() as logs:
        order = desk.order(
            "secrets",
            space.name,
            "One-Canary-Of-A-Name",
            apply={"body": orjson.dumps(body), "field_manager": "alice"},
            decided={"create_allowed": True, "patch_allowed": True},
        )
        assert "400" in await order.failed() or "422" in await order.failed()
    assert [line for line in logs if line["log_level"] == "error"] == []
    assert "canary-of-a-value" not in str(logs)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            'Database "x" is invalid: spec.password: Invalid value: "hunter\\"2": should be longer',
            'Database "x" is invalid: spec.password has an invalid value: should be longer',
        ),
        (
            'x: [env[1].value: Invalid value: "hunter2": must be short, a.port: Invalid value: 70000: is too large]',
            "x: [env[1].value has an invalid value: must be short, a.port has an invalid value: is too large]",
        ),
        ('spec: Invalid value: map[string]interface {}{"x":"hunter2"}: must be', "spec has an invalid value"),
        ("spec: Invalid value: v1.EnvVar{Value:hunter2}", "spec has an invalid value"),
        (
            'a.mode: Unsupported value: "hunter2": supported values: "A"',
            'a.mode has an unsupported value: supported values: "A"',
        ),
        ('a[1]: Duplicate value: "hunter2"', "a[1] has a value that is there already"),
        ("a[1].name: Required value: give one", "a[1].name: Required value: give one"),
    ],
)
def test_what_a_server_says_against_a_value_does_not_repeat_it(said: str, told: str) -> None:
    error = errors.Invalid("no", code=422, sentence=said)
    assert explain(error, "databases.platform.demo.io", Redactor()) == f"the API server answered 422: {told}"
