"""The command line."""

import pathlib
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from octokube.runtime.errors import UserError
from octokube_agent.cli import main
from octokube_agent.settings import AgentSettings


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--hub", "127.0.0.1:1"], "Missing option '--cluster'"),
        (["--cluster", "prod", "--hub", "nonsense"], "'nonsense' is no hub address; write host:port"),
        (["--cluster", "Prod EU", "--hub", "127.0.0.1:1"], "'Prod EU' is not usable"),
        (["--cluster", "prod", "--hub", "127.0.0.1:1", "--log-level", "loud"], "unknown log level 'loud'"),
        (
            ["--cluster", "prod", "--hub", "127.0.0.1:1", "--credential", "x", "--credential-file", "y"],
            "both a credential and a credential file",
        ),
        (
            ["--cluster", "prod", "--hub", "127.0.0.1:1", "--kubeconfig", "/nowhere"],
            "there is no kubeconfig at /nowhere",
        ),
        (
            ["--cluster", "prod", "--hub", "127.0.0.1:1", "--credential-file", "/nowhere"],
            "credential file /nowhere can't be read",
        ),
        (
            ["--cluster", "prod", "--hub", "127.0.0.1:1", "--hub-ca-file", "/nowhere"],
            "the CA file /nowhere can't be read",
        ),
        (["--cluster", "prod", "--hub", "127.0.0.1:1", "--hub-ca-file", __file__], "holds no certificate"),
        (["--cluster", "prod", "--hub", "127.0.0.1:99999"], "'127.0.0.1:99999' is no hub address"),
        (["--cluster", "prod", "--hub", "127.0.0.1:1", "--initial-sync-seconds", "nan"], "durations are positive"),
    ],
)
def test_bad_settings_are_one_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert sentence in result.output
    assert "Traceback" not in result.output


def test_a_cluster_that_cannot_be_reached_is_one_line(tmp_path: pathlib.Path) -> None:
    """The sentence used to come after the traceback of the task that had failed."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "{current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}], users: [{name: u, user: {}}], "
        "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]}"
    )
    command = [sys.executable, "-m", "octokube_agent.cli", "--cluster", "prod", "--hub", "127.0.0.1:1"]
    result = subprocess.run(
        [*command, "--kubeconfig", str(kubeconfig), "--no-wait-for-cluster"], capture_output=True, text=True, timeout=9
    )
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "error: the API server http://127.0.0.1:1 can't be reached (Connection refused); "
        "check that the cluster runs and the address"
    ]


def test_every_flag_has_an_environment_variable_and_a_setting() -> None:
    settings = [option for option in main.params if option.expose_value]
    for option in settings:
        assert option.name is not None
        assert str(getattr(option, "envvar", "")).startswith("OCTOKUBE_"), option.name
    assert len(settings) == len(AgentSettings.__dataclass_fields__)


def test_settings_that_can_work_pass() -> None:
    AgentSettings(cluster="prod-eu", hub="[::1]:7443").check()
    with pytest.raises(UserError):
        AgentSettings(cluster="prod-eu", hub="hub").check()


def test_only_the_kube_package_imports_kubernetes() -> None:
    package = pathlib.Path(__file__).parents[2] / "octokube_agent"
    importing = {
        file.relative_to(package).parts[0]
        for file in package.rglob("*.py")
        if re.search(r"^\s*(from|import) kubernetes", file.read_text(), re.MULTILINE)
    }
    assert importing == {"kube"}
