"""What never leaves the cluster."""

import base64
import copy
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube_agent.projection.marker import REDACTED
from octokube_agent.projection.redaction import Redactor

CANARY = "canary-4711"


def redacted(type: str, obj: dict[str, Any], *words: str) -> dict[str, Any]:
    obj = copy.deepcopy(obj)
    Redactor(words).redact(type, obj)
    return obj


def test_a_secret_keeps_its_keys_and_loses_its_values_without_telling_their_length() -> None:
    long = redacted("secrets", {"kind": "Secret", "data": {"a": "eA==", "b": "eA==" * 100}, "stringData": {"c": "x"}})
    assert long["data"] == {"a": REDACTED, "b": REDACTED}
    assert long["stringData"] == {"c": REDACTED}


def test_an_item_of_a_list_of_secrets_is_redacted_though_it_has_no_kind() -> None:
    assert redacted("secrets", {"metadata": {"name": "x"}, "data": {"a": "eA=="}})["data"] == {"a": REDACTED}


def test_an_annotation_that_repeats_a_secret_in_clear_or_in_base64_is_redacted() -> None:
    encoded = base64.b64encode(CANARY.encode()).decode()
    obj = {
        "metadata": {"annotations": {"clear": f"was {CANARY}", "encoded": encoded, "other": "stays"}},
        "data": {"key": encoded},
    }
    assert redacted("secrets", obj)["metadata"]["annotations"] == {
        "clear": REDACTED,
        "encoded": REDACTED,
        "other": "stays",
    }


@pytest.mark.parametrize("labels", [{"OWNER": "TILLER"}, {"owner": "helm"}])
def test_a_helm_release_in_a_config_map_is_redacted(labels: dict[str, str]) -> None:
    obj = {"metadata": {"labels": labels}, "data": {"release": CANARY}}
    assert redacted("configmaps", obj)["data"] == {"release": REDACTED}


CONFIG_MAP_VALUES = {
    "DB_PASSWORD": CANARY,
    "api.token": CANARY,
    "tls.key": CANARY,
    "server.pem": f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
    "chain": f"cert\n-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n",
    "app.properties": f"user=app\ndb.password={CANARY}\nname=x",
    "application.yaml": f"db:\n  password: {CANARY}\n  host: db",
    "quoted.yaml": f'password: "{CANARY} with spaces"',
    "config.json": f'{{"password": "{CANARY}", "n": 1}}',
    "compact.json": f'{{"clientSecret":"{CANARY}","n":1}}',
    "nested.json": '{"x": "{\\"token\\": \\"' + CANARY + '\\"}"}',
    "url": f"postgres://app:{CANARY}@db:5432/app",
    "url-user-only": f"https://{CANARY}@github.com/x",
    "header": f"Authorization: Bearer {CANARY}",
    "script": f"mysql --password {CANARY} -h db",
    "option": f"--api-key={CANARY}",
    "settings.xml": f"<server><password>{CANARY}</password></server>",
    "docker": f'{{"auths":{{"x":{{"auth":"y","password":"{CANARY}"}}}}}}',
    "jwt": f"eyJhbGciOiJIUzI1NiJ9.{base64.urlsafe_b64encode(CANARY.encode()).decode().rstrip('=')}.c2ln",
    "kubeconfig": f"users:\n- user:\n    token: {CANARY}\n    client-key-data: {CANARY}\n",
    ".npmrc": f"//registry/:_authToken={CANARY}",
    "url-with-at": f"postgres://app:p@{CANARY}@db:5432/app",
    "url-with-slash": f"postgres://app:p/{CANARY}@db:5432/app",
    "block.yaml": f"db:\n  password: |\n    first\n    {CANARY}\n  host: db\n",
    "folded.yaml": f"password: >-\n  {CANARY}\nhost: db\n",
    "list.yaml": f"tokens:\n  - first\n  - {CANARY}\nhost: db\n",
    "words.yaml": f"password: correct horse {CANARY}\nhost: db\n",
    "tagged.yaml": f"password: !!str {CANARY}\n",
    "doubled.yaml": f"password: 'it''s {CANARY}'\n",
    "separators.properties": f'db.password=a;b&c,d"{CANARY}\n',
    "continued.properties": f"db.password=a\\\n  {CANARY}\n",
    "array.json": f'{{"tokens": ["a", "{CANARY}"]}}',
    "cut.json": f'{{"n": 1, "password": "a {CANARY}',
    "quoted-in-nested.json": '{\\"token\\":\\"a\\\\\\"' + CANARY + '\\"}',
    "triple.toml": f'password = """\n{CANARY}\n"""\n',
    "pair.yaml": f"env:\n- name: DB_PASSWORD\n  value: {CANARY}\n",
    "pair.json": f'{{"env":[{{"name":"DB_PASSWORD","value":"{CANARY}"}}]}}',
    "pair.xml": f'<add key="password" value="{CANARY}"/>',
    "manifest.yaml": f"apiVersion: v1\nkind: Secret\ndata:\n  config: {CANARY}\n",
    "manifest.json": f'{{"kind":"Secret","data":{{"config":"{CANARY}"}}}}',
}


@pytest.mark.parametrize("name", CONFIG_MAP_VALUES)
def test_a_secret_in_a_config_map_is_redacted(name: str) -> None:
    data = redacted("configmaps", {"data": {name: CONFIG_MAP_VALUES[name]}})["data"]
    assert CANARY not in data[name]
    assert base64.urlsafe_b64encode(CANARY.encode()).decode().rstrip("=") not in data[name]
    assert REDACTED in data[name]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ca.crt", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"),
        ("ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"),
        ("app.properties", "colour=green\nretries: 3"),
        ("image", "registry.example.com/token-service:v1.2"),
        ("url", "https://example.com/a@b"),
        ("time", "2026-11-23T01:02:03Z"),
    ],
)
def test_ordinary_configuration_stays_as_it_is(name: str, text: str) -> None:
    assert redacted("configmaps", {"data": {name: text}})["data"] == {name: text}


HOSTILE_TEXTS = {
    "letters": "a" * 500_000 + " token=1",
    "dashes": "-" * 500_000 + " token=1",
    "words": "token" * 100_000 + " x=1",
    "backslashes": 'token=\\"' + "\\" * 500_000,
    "starts of web tokens": "eyJ-" * 125_000 + " =",
    "element": "<" + "token" * 100_000 + " =",
    "spaces": "token" + " " * 500_000,
    "quotes": "token='" * 70_000,
    "lines": "token\n" * 80_000 + "=",
    "user information": "a://" * 125_000 + "@",
    "colons": "a://b:c" * 70_000 + "@",
    "keys": "-----BEGIN PRIVATE KEY-----" * 18_000,
    "pairs": "name: token " * 40_000,
}


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_no_text_makes_redaction_slow(name: str) -> None:
    """Anybody who may write a ConfigMap could stop the agent for everybody: 60 kB of letters beside the word token took
    minutes, in which the event loop did nothing else.
    """
    started = time.process_time()
    redacted("configmaps", {"data": {"x": HOSTILE_TEXTS[name]}})
    assert time.process_time() - started < 3.0


def test_binary_data_is_never_sent() -> None:
    assert redacted("configmaps", {"binaryData": {"store.jks": "AAAA", "logo": "BBBB"}})["binaryData"] == {
        "store.jks": "(binary)",
        "logo": "(binary)",
    }


def pod(container: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}


@pytest.mark.parametrize(
    "container",
    [
        {"env": [{"name": "DB_PASSWORD", "value": CANARY}]},
        {"env": [{"name": "stripeApiKey", "value": CANARY}]},
        {"env": [{"name": "SIGNING_KEY", "value": CANARY}]},
        {"env": [{"name": "DATABASE", "value": f"postgres://u:{CANARY}@h/d"}]},
        {"args": ["--token", CANARY]},
        {"args": [f"--password={CANARY}"]},
        {"command": ["sh", "-c", f"export SECRET={CANARY}; run"]},
        {"livenessProbe": {"httpGet": {"httpHeaders": [{"name": "Authorization", "value": CANARY}]}}},
    ],
)
def test_a_secret_in_a_container_is_redacted_at_any_depth(container: dict[str, Any]) -> None:
    assert CANARY not in str(redacted("pods", pod(container)))
    deployment = {"spec": {"template": pod(container)}}
    assert CANARY not in str(redacted("deployments.apps", deployment))


def test_references_to_secrets_stay_because_they_are_no_secrets() -> None:
    obj = {
        "spec": {
            "containers": [
                {
                    "name": "token-service",
                    "image": "registry/secret-store:v1",
                    "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
                    "envFrom": [{"secretRef": {"name": "db"}}],
                }
            ],
            "volumes": [
                {"name": "db", "secret": {"secretName": "db", "defaultMode": 420}},
                {"projected": {"sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}}]}},
            ],
            "imagePullSecrets": [{"name": "registry"}],
            "automountServiceAccountToken": True,
        },
        "status": {"message": 'secret "db" not found'},
    }
    assert redacted("pods", obj) == obj


@pytest.mark.parametrize(
    "spec",
    [
        {"password": CANARY},
        {"auth": {"clientSecret": CANARY}},
        {"admin_password": CANARY},
        {"connection": {"api-key": CANARY}},
        {"password": {"value": CANARY}},
        {"tokens": [], "token": [CANARY]},
        {"password": 4711_4711},
        {"manifest": {"kind": "Secret", "data": {"x": CANARY}}},
        {"template": {"stringData": {"x": CANARY}}},
        {"env": {"GITHUB_TOKEN": CANARY, "STRIPE_KEY": CANARY}},
        {"botToken": CANARY},
        {"params": [{"name": "tokens", "value": [CANARY]}]},
        {"headers": [{"key": "Authorization", "value": CANARY}]},
        {
            "manifest": {
                "kind": "Secret",
                "metadata": {
                    "annotations": {
                        "kubectl.kubernetes.io/last-applied-configuration": f'{{"data":{{"config":"{CANARY}"}}}}'
                    }
                },
            }
        },
    ],
)
def test_a_secret_in_a_custom_resource_is_redacted(spec: dict[str, Any]) -> None:
    text = str(redacted("widgets.example.com", {"spec": spec}))
    assert CANARY not in text
    assert "47114711" not in text


def test_annotations_named_like_secrets_are_redacted() -> None:
    obj = {"metadata": {"annotations": {"openshift.io/token-secret.value": CANARY, "team": "payments"}}}
    assert redacted("serviceaccounts", obj)["metadata"]["annotations"] == {
        "openshift.io/token-secret.value": REDACTED,
        "team": "payments",
    }


def test_a_copy_of_an_object_in_an_annotation_is_redacted_by_its_structure() -> None:
    """Tools keep such copies under names of their own; the fields in them look like secrets only side by side."""
    pod_copy = orjson.dumps(pod({"env": [{"value": CANARY, "name": "DB_PASSWORD"}]})).decode()
    obj = {"metadata": {"annotations": {"tool.example.com/original": pod_copy}}}
    assert CANARY not in str(redacted("pods", obj))


def test_a_secret_of_several_lines_is_found_in_its_copy_in_an_annotation() -> None:
    value = f'first\n{CANARY} "quoted"'
    obj = {
        "metadata": {"annotations": {"tool.example.com/rendered": f"config was {orjson.dumps(value).decode()}"}},
        "data": {"config": base64.b64encode(value.encode()).decode()},
    }
    assert CANARY not in str(redacted("secrets", obj))


def test_an_operator_can_add_words() -> None:
    obj = pod({"env": [{"name": "LICENCE", "value": CANARY}]})
    assert CANARY in str(redacted("pods", obj))
    assert CANARY not in str(redacted("pods", obj, "licence"))


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), _json, max_size=4))
def test_any_object_can_be_redacted_and_redacting_twice_changes_nothing_more(obj: dict[str, Any]) -> None:
    redactor = Redactor()
    redactor.redact("widgets.example.com", obj)
    once = orjson.dumps(obj)
    redactor.redact("widgets.example.com", obj)
    assert orjson.dumps(obj) == once


@given(_json, st.sampled_from(["data", "stringData"]))
def test_a_malformed_secret_is_redacted_too(data: Any, field: str) -> None:
    obj = {"metadata": {"name": "x"}, field: data}
    Redactor().redact("secrets", obj)
    left = obj[field]
    assert left in (None, REDACTED) or set(left.values()) <= {REDACTED}
