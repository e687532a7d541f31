"""The charts render, with a real helm, to what the programs accept and a careful cluster admits."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import octokube_agent.cli
import octokube_hub.cli
import octokube_web.cli
from octokube_agent.operations.ceiling import PROFILES, Ceiling
from octokube_agent.operations.kubernetes_rights import RIGHTS, rules_for
from octokube_hub.limits import HubLimits
from octokube_hub.policy import PolicySet, load_policy
from octokube_web.limits import WebLimits
from tests.charts.rendering import (
    CHARTS,
    OLDEST,
    ROOT,
    Manifest,
    Values,
    container_of,
    helm,
    merged,
    of_kind,
    parse,
    pod_of,
    refusal,
    render,
    template,
)
from tests.charts.value_sets import (
    AGENT_ALL,
    AGENT_ENROLLING,
    AGENT_ENROLLING_BY_SECRET,
    AGENT_IN_NAMESPACES,
    AGENT_LEAST,
    AGENT_PLAINTEXT,
    ALL_SETS,
    HUB_ALL,
    HUB_ALONE,
    HUB_ENROLLED_GATEWAY,
    HUB_ENROLLED_GATEWAY_BY_SECRET,
    HUB_FROM_GIT,
    HUB_LEAST,
    HUB_OWN_HTTPS,
    HUB_PLAINTEXT,
)
from tests.conftest import require_assets

pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]

FREE = {"files", "limits"}
"""Objects whose keys the schema limits but the defaults need not all have."""
OPAQUE = {"resources", "podSecurityContext", "securityContext"}
"""Kubernetes' own shapes, which the API server checks."""
PROGRAMS = {"agent": octokube_agent.cli.main, "hub": octokube_hub.cli.cli, "web": octokube_web.cli.cli}


@pytest.fixture(autouse=True)
def _helm() -> None:
    require_assets("charts with a real helm", "helm")


every_set = pytest.mark.parametrize(("chart", "values"), ALL_SETS.values(), ids=ALL_SETS)


def workloads(manifests: list[Manifest]) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in ("Deployment", "StatefulSet")]


@pytest.mark.parametrize("chart", ["octokube", "octokube-agent"])
def test_helm_lint_finds_nothing_in_the_defaults(chart: str) -> None:
    result = helm("lint", "--strict", str(CHARTS / chart))
    assert result.returncode == 0, result.stdout + result.stderr


@every_set
def test_helm_lint_finds_nothing_in_any_set_of_values(chart: str, values: Values) -> None:
    result = helm("lint", "--strict", str(CHARTS / chart), values=values)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Fail" not in result.stderr
    assert "Missing" not in result.stderr


@every_set
def test_every_program_accepts_the_arguments_that_its_chart_gives_it(chart: str, values: Values) -> None:
    """The flags are parsed by the very commands that will get them: a renamed flag fails here."""
    for workload in workloads(render(chart, values)):
        container = container_of(workload)
        arguments = [str(argument) for argument in container["args"]]
        parse(PROGRAMS[container["name"]], arguments)


def test_a_flag_that_no_program_knows_is_noticed() -> None:
    with pytest.raises(click.UsageError):
        parse(octokube_hub.cli.cli, ["serve", "--policies=/p", "--polices=/p"])


def test_values_reach_the_agent() -> None:
    container = container_of(of_kind(render("octokube-agent", AGENT_ALL), "Deployment"))
    given = parse(octokube_agent.cli.main, container["args"])
    assert given == {
        "cluster": "prod-eu",
        "hub": "10.0.0.7:443",
        "credential": None,
        "credential_file": "/var/run/octokube/credential/credential",
        "enrolment_token_file": None,
        "identity_secret": None,
        "state_dir": None,
        "hub_ca_file": "/var/run/octokube/hub-ca/ca.crt",
        "allow_insecure_hub": False,
        "kubeconfig": None,
        "context": None,
        "wait_for_cluster": None,
        "excluded_types": ("leases.coordination.k8s.io", "endpoints"),
        "secret_words": ("passphrase", "a:b#c"),
        "operations": "none",
        "operation_types": (),
        "operation_namespaces": (),
        "impersonate": False,
        "initial_sync_seconds": 5.5,
        "rediscovery_seconds": 86400.0,
        "log_format": "json",
        "log_level": "debug",
    }
    assert container["image"] == "registry.example.com/octokube/agent@sha256:" + "ab" * 32
    assert container["env"] == [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}]
    (credential,) = (m for m in render("octokube-agent", AGENT_ALL) if m["kind"] == "Secret")
    assert credential["stringData"] == {"token": "oka_secret"}
    volumes = {volume["name"]: volume for volume in pod_of_kind("octokube-agent", AGENT_ALL, "Deployment")["volumes"]}
    assert volumes["credential"]["secret"]["secretName"] == credential["metadata"]["name"]
    assert volumes["credential"]["secret"]["items"] == [{"key": "token", "path": "credential"}]
    assert volumes["hub-ca"]["configMap"] == {"name": "hub-ca", "items": [{"key": "hub.pem", "path": "ca.crt"}]}


def test_an_enrolling_agent_has_its_token_and_may_touch_its_identity_alone() -> None:
    manifests = render("octokube-agent", AGENT_ENROLLING)
    given = parse(octokube_agent.cli.main, container_of(of_kind(manifests, "Deployment"))["args"])
    identity = "demo-octokube-agent-identity"
    assert given["enrolment_token_file"] == "/var/run/octokube/enrolment/token"
    assert given["identity_secret"] == f"octokube/{identity}"
    assert given["credential_file"] is None
    token, kept = (manifest for manifest in manifests if manifest["kind"] == "Secret")
    assert token["stringData"] == {"once": "oke_once"}
    assert kept["metadata"]["name"] == identity
    assert not {"data", "stringData"} & kept.keys()
    (role,) = (manifest for manifest in manifests if manifest["kind"] == "Role")
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [identity], "verbs": ["get", "patch"]}
    ]
    (binding,) = (manifest for manifest in manifests if manifest["kind"] == "RoleBinding")
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    by_secret = render("octokube-agent", AGENT_ENROLLING_BY_SECRET)
    assert [manifest["metadata"]["name"] for manifest in by_secret if manifest["kind"] == "Secret"] == [identity]
    (volume,) = (one for one in pod_of(of_kind(by_secret, "Deployment"))["volumes"] if one["name"] == "enrolment")
    assert volume["secret"]["secretName"] == "made-before"


def pod_of_kind(chart: str, values: Values, kind: str, suffix: str = "") -> Manifest:
    return pod_of(of_kind(render(chart, values), kind, suffix))


def test_an_enrolling_gateway_has_its_token_and_a_volume_for_its_key() -> None:
    manifests = render("octokube", HUB_ENROLLED_GATEWAY)
    deployment = of_kind(manifests, "Deployment", "-web")
    given = parse(octokube_web.cli.cli, container_of(deployment)["args"])
    mounts = {mount["name"]: mount["mountPath"] for mount in container_of(deployment)["volumeMounts"]}
    assert given["enrolment_token_file"] == f"{mounts['enrolment']}/token"
    assert given["state_dir"].startswith(f"{mounts['state']}/")
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    volumes = {volume["name"]: volume for volume in pod_of(deployment)["volumes"]}
    (token,) = (manifest for manifest in manifests if manifest["kind"] == "Secret")
    assert token["stringData"] == {"once": "okg_once"}
    assert volumes["enrolment"]["secret"]["secretName"] == token["metadata"]["name"]
    assert volumes["enrolment"]["secret"]["items"] == [{"key": "once", "path": "token"}]
    (claim,) = (manifest for manifest in manifests if manifest["kind"] == "PersistentVolumeClaim")
    assert volumes["state"]["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}
    assert claim["spec"]["storageClassName"] == "fast"
    assert claim["spec"]["resources"] == {"requests": {"storage": "1Gi"}}
    others = [manifest for manifest in manifests if manifest["kind"] != "Secret"]
    assert "okg_once" not in yaml.safe_dump_all(others)
    by_secret = render("octokube", HUB_ENROLLED_GATEWAY_BY_SECRET)
    assert not {"Secret", "PersistentVolumeClaim"} & {manifest["kind"] for manifest in by_secret}
    kept = {volume["name"]: volume for volume in pod_of(of_kind(by_secret, "Deployment", "-web"))["volumes"]}
    assert kept["enrolment"]["secret"]["secretName"] == "made-before"
    assert kept["state"]["persistentVolumeClaim"] == {"claimName": "kept-before"}


def test_a_gateway_without_a_token_has_neither_volume_nor_secret() -> None:
    manifests = render("octokube", HUB_LEAST)
    assert not {"Secret", "PersistentVolumeClaim"} & {manifest["kind"] for manifest in manifests}
    given = parse(octokube_web.cli.cli, container_of(of_kind(manifests, "Deployment", "-web"))["args"])
    assert (given["enrolment_token_file"], given["state_dir"]) == (None, None)


def test_values_reach_the_gateway() -> None:
    container = container_of(of_kind(render("octokube", HUB_ALL), "Deployment", "-web"))
    given = parse(octokube_web.cli.cli, container["args"])
    assert given["hub"] == "demo-octokube-hub.octokube.svc:443"
    assert given["hub_ca_file"] == "/etc/octokube/hub-ca/ca.crt"
    assert not given["allow_insecure_hub"]
    assert given["listen"] == "0.0.0.0:7080"
    assert given["origins"] == (
        "https://octokube.example.com",
        "https://ide.example.com",
        "https://other.example.com",
    )
    assert given["behind_tls"]
    assert (given["log_level"], given["log_format"]) == ("warning", "json")


def test_values_reach_the_hub() -> None:
    container = container_of(of_kind(render("octokube", HUB_ALL), "StatefulSet"))
    given = {name: str(value) for name, value in parse(octokube_hub.cli.cli, container["args"]).items()}
    assert {name: value for name, value in given.items() if name.startswith("oidc_")} == {
        "oidc_issuer": "https://id.example.com/realm",
        "oidc_client_id": "octokube",
        "oidc_client_secret_file": "/etc/octokube/oidc/secret",
        "oidc_redirect_uris": "('https://octokube.example.com/api/v1/signin/callback',)",
        "oidc_name": "Example",
        "oidc_scopes": "('openid', 'groups')",
        "oidc_subject_claim": "email",
        "oidc_groups_claim": "roles",
        "oidc_group_prefix": "octokube-",
        "oidc_ca_file": "/etc/octokube/oidc-ca/ca.crt",
    }
    limits = {name: given.pop(name) for name in HubLimits.__dataclass_fields__}
    assert {
        name: limits[name] for name in ("stream_limit", "call_limit", "person_opens_per_second", "opens_burst")
    } == {
        "stream_limit": "2000000",
        "call_limit": "3000000",
        "person_opens_per_second": "0.5",
        "opens_burst": "2000",
    }
    assert {name: value for name, value in given.items() if not name.startswith("oidc_")} == {
        "listen": "0.0.0.0:7443",
        "data": "/var/lib/octokube",
        "policies": "/etc/octokube/policies",
        "tls_cert": "/etc/octokube/tls/tls.crt",
        "tls_key": "/etc/octokube/tls/tls.key",
        "insecure_plaintext": "False",
        "recording": "required",
        "recording_places": "('prod-*/payments',)",
        "recording_days": "7.5",
        "recording_bytes": "5000000000",
        "metrics_listen": "",
        "mtls_listen": "0.0.0.0:8444",
        "mtls_address": "agents.example.com:443",
        "agent_certificate_seconds": "86400.0",
        "allow_agent_credentials": "True",
        "allow_gateways_without_certificate": "True",
        "public_url": "",
        "local_accounts": "/etc/octokube/accounts/accounts",
        "log_format": "json",
        "log_level": "warning",
    }
    assert container["image"] == "registry.example.com/octokube/hub:edge"


@every_set
def test_every_path_that_an_argument_names_is_mounted(chart: str, values: Values) -> None:
    for workload in workloads(render(chart, values)):
        container = container_of(workload)
        mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
        volumes = {volume["name"] for volume in pod_of(workload)["volumes"]}
        claims = {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", ())}
        others = [*pod_of(workload).get("initContainers", ()), *pod_of(workload)["containers"]]
        assert {mount["name"] for one in others for mount in one["volumeMounts"]} == volumes | claims
        for argument in container["args"]:
            path = argument.partition("=")[2]
            if path.startswith("/"):
                assert any(path == mount or path.startswith(f"{mount}/") for mount in mounts), path


@every_set
def test_every_pod_runs_without_root_on_a_read_only_file_system(chart: str, values: Values) -> None:
    """What the "restricted" Pod Security Standard asks for, and a root file system nobody writes to."""
    for workload in workloads(render(chart, values)):
        pod, container = pod_of(workload), container_of(workload)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"]
        assert container["resources"]["limits"]["memory"]
        assert not any("hostPath" in volume for volume in pod["volumes"])
        # Else the Service of a release named octokube would set OCTOKUBE_HUB_PORT and its like.
        assert pod["enableServiceLinks"] is False


@every_set
def test_only_the_agent_gets_a_token_of_the_cluster(chart: str, values: Values) -> None:
    manifests = render(chart, values)
    for workload in workloads(manifests):
        assert pod_of(workload)["automountServiceAccountToken"] is (container_of(workload)["name"] == "agent")
    if chart == "octokube":
        assert not [manifest for manifest in manifests if "rbac" in manifest["apiVersion"]]


@every_set
def test_everything_is_labelled_and_in_the_namespace_of_the_release(chart: str, values: Values) -> None:
    for manifest in render(chart, values, namespace="elsewhere"):
        labels = manifest["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "demo"
        assert labels["app.kubernetes.io/part-of"] == "octokube"
        is_cluster_scoped = manifest["kind"].startswith("Cluster")
        others = values.get("operations", {}).get("namespaces", []) if manifest["kind"] == "RoleBinding" else []
        expected = [None] if is_cluster_scoped else others or ["elsewhere"]
        assert manifest["metadata"].get("namespace") in expected


@every_set
def test_selectors_match_their_pods_and_no_others(chart: str, values: Values) -> None:
    manifests = render(chart, values)
    pods = {m["metadata"]["name"]: m["spec"]["template"]["metadata"]["labels"] for m in workloads(manifests)}
    for workload in workloads(manifests):
        selector = workload["spec"]["selector"]["matchLabels"]
        assert [name for name, labels in pods.items() if selector.items() <= labels.items()] == [
            workload["metadata"]["name"]
        ]
    for service in (manifest for manifest in manifests if manifest["kind"] == "Service"):
        selector = service["spec"]["selector"]
        (name,) = (name for name, labels in pods.items() if selector.items() <= labels.items())
        target = of_kind(workloads(manifests), "StatefulSet" if name.endswith("-hub") else "Deployment", name)
        ports = {port["name"] for port in container_of(target)["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


@every_set
def test_api_versions_are_served_by_old_and_new_kubernetes(chart: str, values: Values) -> None:
    """From 1.20 to 1.33 and on: nothing beta, and for 1.20 nothing younger."""
    allowed = {"v1", "apps/v1", "rbac.authorization.k8s.io/v1", "networking.k8s.io/v1"}
    assert {manifest["apiVersion"] for manifest in render(chart, values, kubernetes=OLDEST)} <= allowed
    assert {manifest["apiVersion"] for manifest in render(chart, values)} <= {*allowed, "policy/v1"}


@every_set
def test_network_policies_and_budgets_select_every_pod_unless_they_are_left_out(chart: str, values: Values) -> None:
    manifests = render(chart, values)
    pods = [manifest["spec"]["template"]["metadata"]["labels"] for manifest in workloads(manifests)]
    for kind, value, field in (
        ("NetworkPolicy", "networkPolicy", "podSelector"),
        ("PodDisruptionBudget", "podDisruptionBudget", "selector"),
    ):
        selectors = [one["spec"][field]["matchLabels"] for one in manifests if one["kind"] == kind]
        is_wanted = values.get(value, {}).get("enabled", True)
        assert len(selectors) == (len(pods) if is_wanted else 0)
        for selector in selectors:
            assert len([labels for labels in pods if selector.items() <= labels.items()]) == 1
    for policy in (one["spec"] for one in manifests if one["kind"] == "NetworkPolicy"):
        assert set(policy["policyTypes"]) == {"Ingress", "Egress"}, "what is not named is refused"


def test_a_network_policy_lets_through_what_the_programs_use_and_nothing_else() -> None:
    agent = of_kind(render("octokube-agent", AGENT_ALL), "NetworkPolicy")["spec"]
    assert "ingress" not in agent, "nobody connects to an agent"
    assert ports_of(agent["egress"]) == {53, 443, 6443}
    manifests = render("octokube", HUB_FROM_GIT)
    hub, web = (of_kind(manifests, "NetworkPolicy", suffix)["spec"] for suffix in ("-hub", "-web"))
    program = container_of(of_kind(manifests, "StatefulSet"))
    assert ports_of(hub["ingress"]) == {port["containerPort"] for port in program["ports"]}
    assert [rule for rule in hub["ingress"] if "from" in rule] == [
        {"ports": [{"port": 9999}], "from": HUB_FROM_GIT["networkPolicy"]["metricsFrom"]}
    ]
    assert ports_of(hub["egress"]) == {53, 8443, 3128}
    assert ports_of(web["ingress"]) == {7080}
    assert [rule["to"] for rule in web["egress"] if "to" in rule] == [[{"podSelector": hub["podSelector"]}]]
    least = of_kind(render("octokube", HUB_LEAST), "NetworkPolicy", "-hub")["spec"]
    assert ports_of(least["egress"]) == {53}, "a hub without a provider and a repository connects to nobody"


def ports_of(rules: list[dict[str, list[dict[str, int]]]]) -> set[int]:
    return {port["port"] for rule in rules for port in rule["ports"]}


def test_policies_from_git_are_there_before_the_hub_is_and_follow_by_a_link() -> None:
    manifests = render("octokube", HUB_FROM_GIT)
    pod = pod_of(of_kind(manifests, "StatefulSet"))
    (once,) = pod["initContainers"]
    (beside,) = (one for one in pod["containers"] if one["name"] == "git-sync")
    assert "--one-time" in once["args"]
    assert "--one-time" not in beside["args"]
    for container in (once, beside):
        assert {"--repo=git@git.example.com:platform/access.git", "--ref=release", "--link=current"} <= set(
            container["args"]
        )
        assert container["envFrom"] == [{"secretRef": {"name": "git-login"}}]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert {"name": "git-ssh", "mountPath": "/etc/git-ssh", "readOnly": True} in container["volumeMounts"]
    given = parse(octokube_hub.cli.cli, container_of(of_kind(manifests, "StatefulSet"))["args"])
    assert str(given["policies"]) == "/etc/octokube/git/current/octokube/policies"
    assert not [one for one in manifests if one["kind"] == "ConfigMap"], "no rules beside those of the repository"
    assert "give one of them" in refusal("octokube", merged(HUB_FROM_GIT, {"policies": {"existingConfigMap": "rules"}}))


@pytest.mark.parametrize(("part", "kind"), [("hub", HubLimits), ("web", WebLimits)])
def test_the_chart_knows_every_limit(part: str, kind: type) -> None:
    schema = json.loads((CHARTS / "octokube" / "values.schema.json").read_text())
    known = schema["properties"][part]["properties"]["limits"]["properties"]
    assert set(known) == {name.replace("_", "-") for name in kind.__dataclass_fields__}


def test_with_metrics_the_hub_is_probed_by_what_it_says_of_itself() -> None:
    program = container_of(of_kind(render("octokube", HUB_FROM_GIT), "StatefulSet"))
    assert parse(octokube_hub.cli.cli, program["args"])["metrics_listen"] == "0.0.0.0:9999"
    assert program["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "metrics"}
    assert program["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "metrics"}
    without = container_of(of_kind(render("octokube", HUB_LEAST), "StatefulSet"))
    assert without["readinessProbe"]["tcpSocket"] == {"port": "grpc"}


def test_the_agent_lists_and_watches_and_can_do_nothing_else() -> None:
    """No ``get``: on everything it would include exec over websocket, logs, and the kubelet's proxy."""
    rules = of_kind(render("octokube-agent", AGENT_LEAST), "ClusterRole")["rules"]
    resources = [rule for rule in rules if "resources" in rule]
    assert resources == [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["list", "watch"]}]
    (paths,) = (rule for rule in rules if "nonResourceURLs" in rule)
    assert paths["verbs"] == ["get"]
    assert not [path for path in paths["nonResourceURLs"] if not path.startswith(("/api", "/version"))]


def granted(rules: list[dict[str, list[str]]]) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.mark.parametrize(
    ("allowed", "types"),
    [
        *(([profile], ["pods", "*.apps", "widgets.example.com"]) for profile in PROFILES if profile != "none"),
        *(([operation], ["secrets"]) for operation, rights in RIGHTS.items() if rights),
        (["drain", "read-only"], ["*"]),
        (["all"], []),
    ],
)
def test_the_role_has_the_rights_that_the_allowed_operations_take_and_no_others(
    allowed: list[str], types: list[str]
) -> None:
    values = merged(AGENT_LEAST, {"operations": {"allowed": allowed, "types": types}})
    manifests = render("octokube-agent", values)
    ceiling = Ceiling.of(allowed)
    operations = ceiling.operations
    assert granted(of_kind(manifests, "ClusterRole", "-operations")["rules"]) == granted(rules_for(operations, types))
    given = parse(octokube_agent.cli.main, container_of(of_kind(manifests, "Deployment"))["args"])
    told = Ceiling.of(str(given["operations"]).split(","))
    assert (told.operations, told.is_escalating) == (operations, ceiling.is_escalating)
    assert given["operation_types"] == tuple(types)
    (binding,) = (m for m in manifests if m["kind"] == "ClusterRoleBinding" and "-operations" in m["metadata"]["name"])
    assert binding["roleRef"]["name"] == binding["metadata"]["name"]


def test_in_namespaces_that_are_named_the_role_is_bound_there_and_nowhere_else() -> None:
    manifests = render("octokube-agent", AGENT_IN_NAMESPACES)
    bound = [m for m in manifests if m.get("roleRef", {}).get("name", "").endswith("-operations")]
    assert [(m["kind"], m["metadata"]["namespace"]) for m in bound] == [
        ("RoleBinding", "default"),
        ("RoleBinding", "kube-system"),
    ]
    given = parse(octokube_agent.cli.main, container_of(of_kind(manifests, "Deployment"))["args"])
    assert given["operation_namespaces"] == ("default", "kube-system")
    assert given["impersonate"] is True
    asking_as = of_kind(manifests, "ClusterRole", "-impersonation")
    assert granted(asking_as["rules"]) == {("", "users", "impersonate"), ("", "groups", "impersonate")}


def test_the_chart_knows_what_the_agent_knows_of_operations(tmp_path: Path) -> None:
    made = tmp_path / "operations.yaml"
    subprocess.run([sys.executable, ROOT / "tools" / "generate-chart-rights", made], check=True, cwd=ROOT)
    assert (CHARTS / "octokube-agent" / "files" / "operations.yaml").read_text() == made.read_text(), (
        "run tools/generate-chart-rights"
    )


def test_the_agents_role_is_bound_to_its_own_service_account() -> None:
    for values, account in ((AGENT_LEAST, "demo-octokube-agent"), (AGENT_ALL, "reader")):
        manifests = render("octokube-agent", values, namespace="elsewhere")
        binding = of_kind(manifests, "ClusterRoleBinding")
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": "elsewhere"}]
        assert binding["roleRef"]["name"] == of_kind(manifests, "ClusterRole")["metadata"]["name"]
        assert pod_of(of_kind(manifests, "Deployment"))["serviceAccountName"] == account
        assert of_kind(manifests, "ServiceAccount")["metadata"]["name"] == account


def test_two_releases_of_one_name_share_no_cluster_role() -> None:
    names = {
        of_kind(render("octokube-agent", AGENT_LEAST, namespace=namespace), "ClusterRole")["metadata"]["name"]
        for namespace in ("one", "two")
    }
    assert len(names) == 2


def test_what_exists_already_is_named_and_not_made() -> None:
    values = merged(AGENT_LEAST, {"serviceAccount": {"create": False, "name": "there"}, "rbac": {"create": False}})
    manifests = render("octokube-agent", values)
    assert {manifest["kind"] for manifest in manifests} == {"Deployment", "NetworkPolicy", "PodDisruptionBudget"}
    assert pod_of(of_kind(manifests, "Deployment"))["serviceAccountName"] == "there"
    assert not [manifest for manifest in render("octokube", HUB_PLAINTEXT) if manifest["kind"] == "ConfigMap"]
    volumes = {volume["name"]: volume for volume in pod_of_kind("octokube", HUB_PLAINTEXT, "StatefulSet")["volumes"]}
    assert volumes["policies"]["configMap"]["name"] == "rules-from-git"
    assert volumes["data"] == {"name": "data", "emptyDir": {}}


def test_the_credential_is_nowhere_but_in_its_secret() -> None:
    for manifest in render("octokube-agent", AGENT_ALL):
        if manifest["kind"] != "Secret":
            assert "oka_secret" not in yaml.safe_dump(manifest)
    assert "Secret" not in {manifest["kind"] for manifest in render("octokube-agent", AGENT_LEAST)}


def test_the_gateway_never_gets_the_hubs_key() -> None:
    for values in (HUB_LEAST, HUB_ALL, HUB_OWN_HTTPS):
        for volume in pod_of_kind("octokube", values, "Deployment", "-web")["volumes"]:
            if volume.get("secret", {}).get("secretName") == "hub-tls":
                assert volume["secret"]["items"] == [{"key": "ca.crt", "path": "ca.crt"}]


def test_the_database_outlives_its_pod_unless_asked_otherwise() -> None:
    hub = of_kind(render("octokube", HUB_ALL), "StatefulSet")
    (claim,) = hub["spec"]["volumeClaimTemplates"]
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "20Gi"}},
    }
    alone = of_kind(render("octokube", HUB_ALONE), "StatefulSet")
    assert "volumeClaimTemplates" not in alone["spec"]
    data = {volume["name"]: volume for volume in pod_of(alone)["volumes"]}["data"]
    assert data["persistentVolumeClaim"] == {"claimName": "hub-data"}


def test_policies_are_mounted_as_a_directory_that_kubernetes_can_swap() -> None:
    mounts = {
        mount["name"]: mount
        for mount in container_of(of_kind(render("octokube", HUB_LEAST), "StatefulSet"))["volumeMounts"]
    }
    assert "subPath" not in mounts["policies"]
    assert mounts["policies"]["readOnly"] is True


def test_the_charts_own_rules_are_valid_and_give_nobody_anything(tmp_path: Path) -> None:
    files = of_kind(render("octokube", HUB_LEAST), "ConfigMap")["data"]
    policy = load(files, tmp_path)
    assert not policy.rows


def test_rules_from_values_are_the_rules_of_the_hub(tmp_path: Path) -> None:
    files = of_kind(render("octokube", HUB_ALL), "ConfigMap")["data"]
    assert len(load(files, tmp_path).rows) == 1
    assert files["teams.csv"] == "g, user:alice, team:payments\n"


def load(files: dict[str, str], directory: Path) -> PolicySet:
    for name, content in files.items():
        (directory / name).write_text(content)
    return load_policy(directory)


def test_without_a_gateway_there_is_only_the_hub() -> None:
    kinds = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in render("octokube", HUB_ALONE)]
    assert not [name for _, name in kinds if name.endswith("-web")]


def test_the_ingress_leads_to_the_page_and_its_hosts_may_use_sessions() -> None:
    manifests = render("octokube", HUB_ALL)
    ingress = of_kind(manifests, "Ingress")
    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["tls"] == [{"secretName": "page-tls", "hosts": ["octokube.example.com", "ide.example.com"]}]
    service = of_kind(manifests, "Service", "-web")
    for rule in ingress["spec"]["rules"]:
        (path,) = rule["http"]["paths"]
        assert path["backend"]["service"]["name"] == service["metadata"]["name"]
        assert path["backend"]["service"]["port"] == {"name": service["spec"]["ports"][0]["name"]}
    plain = container_of(of_kind(render("octokube", HUB_PLAINTEXT), "Deployment", "-web"))["args"]
    assert "--origin=http://octokube.internal" in plain
    assert "--behind-tls" not in plain


def test_probes_speak_what_the_gateway_speaks() -> None:
    for values, scheme in ((HUB_LEAST, "HTTP"), (HUB_OWN_HTTPS, "HTTPS")):
        container = container_of(of_kind(render("octokube", values), "Deployment", "-web"))
        for probe, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
            assert container[probe]["httpGet"] == {"path": path, "port": "http", "scheme": scheme}


@pytest.mark.parametrize(
    ("chart", "base", "change", "sentence"),
    [
        ("octokube-agent", {}, {}, "cluster is empty; give the cluster's name"),
        ("octokube-agent", {"cluster": "c"}, {}, "hub.address is empty; give the hub's host:port"),
        ("octokube-agent", AGENT_LEAST, {"credential": {"existingSecret": ""}}, "no enrolment token is given"),
        ("octokube-agent", AGENT_LEAST, {"credential": {"value": "x"}}, "give one of them"),
        ("octokube-agent", AGENT_ALL, {"hub": {"allowInsecure": True}}, "plain text and hub.ca for TLS"),
        ("octokube-agent", AGENT_LEAST, {"serviceAccount": {"create": False}}, "serviceAccount.name is empty"),
        ("octokube-agent", AGENT_LEAST, {"cluster": "Prod EU"}, "cluster: Does not match pattern"),
        ("octokube-agent", AGENT_LEAST, {"hub": {"address": "https://hub"}}, "hub.address: Does not match pattern"),
        ("octokube-agent", AGENT_LEAST, {"image": {"tga": "1"}}, "image: Additional property tga is not allowed"),
        ("octokube-agent", AGENT_LEAST, {"log": {"level": "loud"}}, "must be one of the following"),
        (
            "octokube-agent",
            AGENT_LEAST,
            {"rbac": {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}},
            'must be one of the following: "get", "list", "watch"',
        ),
        (
            "octokube-agent",
            AGENT_LEAST,
            {"operations": {"allowed": ["read-only", "shell"]}},
            'operations.allowed names "shell"; there are the profiles all, none, read-only, read-write, and apply,',
        ),
        ("octokube-agent", AGENT_LEAST, {"operations": {"types": ["Pod"]}}, "Does not match pattern"),
        ("octokube", {}, {}, "the hub has no certificate; name a Secret"),
        ("octokube", HUB_LEAST, {"hub": {"allowPlaintext": True}}, "give one of them"),
        ("octokube", HUB_LEAST, {"web": {"ingress": {"enabled": True}}}, "web.ingress.hosts is empty"),
        (
            "octokube",
            HUB_ALONE,
            {"hub": {"persistence": {"enabled": False}}},
            "hub.persistence.existingClaim is given but hub.persistence.enabled is false",
        ),
        ("octokube", HUB_ALL, {"web": {"tls": {"existingSecret": "x"}}}, "use web.ingress.tlsSecret"),
        (
            "octokube",
            HUB_ENROLLED_GATEWAY,
            {"web": {"enrolment": {"existingSecret": "x"}}},
            "both web.enrolment.token and web.enrolment.existingSecret are given",
        ),
        ("octokube", HUB_LEAST, {"hub": {"replicas": 2}}, "hub: Additional property replicas is not allowed"),
        ("octokube", HUB_LEAST, {"policies": {"files": {"rules.csv": ""}}}, "Additional property rules.csv"),
        ("octokube", HUB_LEAST, {"web": {"origins": ["octokube.example.com"]}}, "Does not match pattern"),
        ("octokube", HUB_LEAST, {"hub": {"service": {"port": 99999}}}, "Must be less than or equal to 65535"),
    ],
)
def test_values_that_cannot_work_are_refused_with_a_sentence(
    chart: str, base: Values, change: Values, sentence: str
) -> None:
    assert sentence in refusal(chart, merged(base, change))


@pytest.mark.parametrize("chart", ["octokube", "octokube-agent"])
def test_the_schema_knows_every_value_and_no_other(chart: str) -> None:
    values = yaml.safe_load((CHARTS / chart / "values.yaml").read_text())
    schema = json.loads((CHARTS / chart / "values.schema.json").read_text())
    schema["properties"].pop("global")  # helm's own
    assert paths_of_schema(schema, schema["definitions"]) == paths_of_values(values)


def paths_of_values(values: dict[str, object], prefix: str = "") -> set[str]:
    found = set()
    for key, value in values.items():
        found.add(prefix + key)
        is_section = isinstance(value, dict) and value and key not in FREE | OPAQUE
        if is_section:
            found |= paths_of_values(value, f"{prefix}{key}.")  # type: ignore[arg-type]
    return found


def paths_of_schema(schema: dict[str, Any], definitions: dict[str, Any], prefix: str = "") -> set[str]:
    found = set()
    for key, value in schema.get("properties", {}).items():
        found.add(prefix + key)
        if "$ref" in value:
            value = definitions[value["$ref"].rpartition("/")[2]]
        if value.get("type") == "object" and key not in FREE | OPAQUE:
            found |= paths_of_schema(value, definitions, f"{prefix}{key}.")
    return found


def test_the_images_are_the_targets_of_the_dockerfile() -> None:
    targets = {
        line.split()[-1] for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("FROM base AS")
    }
    named = set()
    for chart, values in (("octokube-agent", AGENT_PLAINTEXT), ("octokube", HUB_LEAST)):
        for workload in workloads(render(chart, values)):
            image, _, tag = container_of(workload)["image"].partition(":")
            named.add(image.rpartition("/")[2])
            assert tag == "0.1.0"
    assert named == targets == {"agent", "hub", "web"}


def test_rendering_twice_gives_the_same() -> None:
    assert template("octokube", HUB_ALL) == template("octokube", HUB_ALL)
