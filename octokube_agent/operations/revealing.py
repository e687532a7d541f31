"""Reads one value of a Secret: the only way by which one leaves the cluster."""

import base64
import binascii

from octokube.v1 import operation_pb2 as pb
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.operations.work import Work


async def reveal(work: Work) -> pb.OperationResult:
    """The value of the key, decoded."""
    if work.reference.type != "secrets":
        raise Refused(f"only values of secrets can be revealed, and {work.reference.type} are none")
    key = work.start.operation.reveal.key
    if not key:
        raise Refused("name the key whose value is to be revealed")
    secret = await work.cluster.read(work.reference)
    data = secret.get("data") or {}
    if key not in data:
        raise Failed("the secret has no such key")
    try:
        value = base64.b64decode(data[key] or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failed("the value of this key is not what Kubernetes promises") from error
    await work.stream.send_stdout(value)
    return work.done(secret)
