"""``octokube policy``: questions to a policy, answered offline or of a hub."""

from octokube.cli.policy.asking import policy
from octokube.cli.policy.checking import check
from octokube.cli.policy.comparing import diff
from octokube.cli.policy.explaining import explain
from octokube.cli.policy.matrix import matrix
from octokube.cli.policy.replaying import replay
from octokube.cli.policy.testing import run_test

for _command in (check, run_test, explain, diff, matrix, replay):
    policy.add_command(_command)

__all__ = ["policy"]
