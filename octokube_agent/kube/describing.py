"""Turns a first failure to reach a cluster into one sentence that a person can act on."""

import os
import ssl

import aiohttp

from octokube.runtime.errors import UserError
from octokube_agent.kube import errors


def describe(error: errors.KubeError, host: str) -> UserError:
    """What is wrong between here and ``host``, and what to do next."""
    cause = error.__cause__
    if isinstance(error, errors.Unauthorized):
        return UserError(
            f"the API server {host} refuses the credential (401); "
            "log in again or give another --kubeconfig or --context"
        )
    if isinstance(error, errors.Forbidden):
        return UserError(
            f"the API server {host} forbids even discovery (403); bind the agent's role to this credential"
        )
    if isinstance(cause, aiohttp.ClientConnectorCertificateError):
        reason = _certificate_reason(cause.certificate_error)
        return UserError(
            f"the certificate of {host} is not trusted ({reason}); check certificate-authority in the kubeconfig"
        )
    if isinstance(cause, aiohttp.ClientSSLError | ssl.SSLError):
        return UserError(f"no TLS connection to {host} is possible; check the server address in the kubeconfig")
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return UserError(f"the name in {host} can't be resolved; check the server address in the kubeconfig")
    if isinstance(cause, aiohttp.ClientConnectorError):
        code = cause.os_error.errno
        reason = os.strerror(code) if code else "no connection"
        return UserError(
            f"the API server {host} can't be reached ({reason}); check that the cluster runs and the address"
        )
    if isinstance(cause, TimeoutError):
        return UserError(f"the API server {host} does not answer in time; check the network and the address")
    if isinstance(error, errors.Unavailable):
        return UserError(f"the API server {host} is not available ({error}); try again when the cluster is up")
    return UserError(f"{host} does not answer like a Kubernetes API server ({error}); check the address")


def _certificate_reason(error: Exception) -> str:
    return str(getattr(error, "verify_message", "") or type(error).__name__)
