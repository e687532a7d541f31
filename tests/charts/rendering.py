"""Runs the real helm and reads what it renders."""

import json
import pathlib
import subprocess
from collections.abc import Mapping
from typing import Any

import click
import yaml

from tests.support.assets import find_asset

ROOT = pathlib.Path(__file__).parents[2]
CHARTS = ROOT / "helm"

Manifest = dict[str, Any]
Values = Mapping[str, Any]


def helm(*arguments: str, values: Values | None = None) -> "subprocess.CompletedProcess[str]":
    """One helm command; ``values`` go in as a values file."""
    program = find_asset("helm")
    assert program is not None
    values_arguments = ["--values", "-"] if values is not None else []
    return subprocess.run(
        [str(program), *arguments, *values_arguments],
        input=json.dumps(values) if values is not None else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


NEWEST, OLDEST = "1.33.0", "1.20.0"
"""Versions of Kubernetes that the charts are rendered for; the tests' own API server is of the oldest."""


def template(
    chart: str, values: Values, *, release: str = "demo", namespace: str = "octokube", kubernetes: str = NEWEST
) -> str:
    """The rendered manifests as text."""
    options = ("--namespace", namespace, "--kube-version", kubernetes)
    result = helm("template", release, str(CHARTS / chart), *options, values=values)
    assert result.returncode == 0, result.stderr
    return result.stdout


def render(
    chart: str, values: Values, *, release: str = "demo", namespace: str = "octokube", kubernetes: str = NEWEST
) -> list[Manifest]:
    """The rendered manifests."""
    documents = yaml.safe_load_all(template(chart, values, release=release, namespace=namespace, kubernetes=kubernetes))
    return [document for document in documents if document]


def refusal(chart: str, values: Values) -> str:
    """What helm says when it refuses the values."""
    result = helm("template", "demo", str(CHARTS / chart), values=values)
    assert result.returncode != 0, "helm took the values"
    return result.stderr


def of_kind(manifests: list[Manifest], kind: str, suffix: str = "") -> Manifest:
    """The one manifest of a kind whose name ends so."""
    found = [
        manifest for manifest in manifests if manifest["kind"] == kind and manifest["metadata"]["name"].endswith(suffix)
    ]
    assert len(found) == 1, f"{len(found)} of kind {kind}"
    return found[0]


def pod_of(manifest: Manifest) -> Manifest:
    """A workload's pod spec."""
    pod: Manifest = manifest["spec"]["template"]["spec"]
    return pod


def container_of(manifest: Manifest) -> Manifest:
    """A workload's own container; git-sync is nobody's."""
    (container,) = (one for one in pod_of(manifest)["containers"] if one["name"] != "git-sync")
    return dict(container)


def merged(base: Values, more: Values) -> dict[str, Any]:
    """Values with others laid over them, as helm lays them."""
    result = dict(base)
    for key, value in more.items():
        former = result.get(key)
        result[key] = merged(former, value) if isinstance(former, dict) and isinstance(value, dict) else value
    return result


def parse(command: click.Command, arguments: list[str]) -> dict[str, object]:
    """What a command understands, without running it; raises click.UsageError for what it does not know."""
    with command.make_context("program", list(arguments), resilient_parsing=False) as context:
        if not isinstance(command, click.Group):
            return dict(context.params)
        subcommand = command.get_command(context, arguments[0])
        assert subcommand is not None, f"no command {arguments[0]}"
        return parse(subcommand, arguments[1:])
