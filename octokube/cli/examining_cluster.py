"""Examines, for ``octokube doctor``, whether an agent could follow a cluster and carry out operations there."""

import asyncio
from collections.abc import Iterable

import orjson

from octokube.cli.examining import Finding
from octokube.runtime.errors import UserError
from octokube_agent.kube import errors
from octokube_agent.kube.access import Access, Source
from octokube_agent.kube.client import KubeClient, Request
from octokube_agent.kube.discovery import read_version
from octokube_agent.operations.ceiling import Ceiling
from octokube_agent.operations.kubernetes_rights import OWN, RIGHTS

FOLLOWED = ("deployments.apps", "events", "namespaces", "nodes", "pods", "secrets", "services")
"""Stand for all types: an agent follows whatever it may list and watch."""
OWN_EXAMPLE = "deployments.apps"
MAX_AT_ONCE = 8

Right = tuple[str, str, str]
"""(verb, type such as deployments.apps, subresource)"""


async def cluster(kubeconfig: str | None, context: str | None, ceiling: Ceiling) -> list[Finding]:
    """Whether the API server can be reached with this identity, and what it may not do there."""
    try:
        access = await Access.load(Source(kubeconfig, context))
    except UserError as error:
        return [Finding("kubeconfig", str(error), "give the agent's with --kubeconfig, and the --context in it")]
    client = KubeClient(access)
    try:
        version = await read_version(client)
        missing = await _missing(client, _follow())
        operations = await _missing(client, _operate(ceiling))
    except errors.KubeError as error:
        return [Finding("api-server", f"{client.host}: {error}", "check the address, the network and the credential")]
    finally:
        await client.close()
    found = [Finding("api-server", f"{client.host} answers, Kubernetes {version.git_version}")]
    found.append(_rights("rbac-follow", missing, "what is followed"))
    if ceiling.operations:
        found.append(_rights("rbac-operations", operations, "the operations that are allowed"))
    return found


def _rights(check: str, missing: list[Right], what: str) -> Finding:
    if not missing:
        return Finding(check, f"the identity may do all that {what} takes")
    told = ", ".join(_named(right) for right in missing)
    advice = "grant it by the agent's chart (its ClusterRole), or exclude these types or operations"
    return Finding(check, f"the identity may not {told}", advice)


def _follow() -> set[Right]:
    return {(verb, type, "") for type in FOLLOWED for verb in ("list", "watch")}


def _operate(ceiling: Ceiling) -> set[Right]:
    return {
        (verb, OWN_EXAMPLE if type == OWN else type, right.subresource)
        for operation in ceiling.operations
        for right in RIGHTS.get(operation, ())
        for type in right.types
        for verb in right.verbs
    }


async def _missing(client: KubeClient, rights: Iterable[Right]) -> list[Right]:
    gate = asyncio.Semaphore(MAX_AT_ONCE)

    async def ask(right: Right) -> tuple[Right, bool]:
        async with gate:
            return right, await _is_allowed(client, right)

    answers = await asyncio.gather(*(ask(right) for right in sorted(rights)))
    return [right for right, is_allowed in answers if not is_allowed]


async def _is_allowed(client: KubeClient, right: Right) -> bool:
    """The API server's own answer, of whichever authorizers it has."""
    verb, type, subresource = right
    resource, _, group = type.partition(".")
    attributes = {"verb": verb, "resource": resource, "group": group, "subresource": subresource}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = orjson.loads(await client.send(Request("POST", path, body=orjson.dumps(review))))
    return bool(answer.get("status", {}).get("allowed"))


def _named(right: Right) -> str:
    verb, type, subresource = right
    return f"{verb} {type}" + (f"/{subresource}" if subresource else "")
