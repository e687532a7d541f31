"""Opens the hub's gRPC port."""

import pathlib
from collections.abc import Callable, Sequence

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from octokube.runtime.channels import SERVER_OPTIONS, host_of, is_loopback
from octokube.runtime.errors import UserError
from octokube.runtime.tls import CertificateFiles, KeyPair, server_credentials
from octokube_hub.limits import HubLimits

RECEIVE_LIMIT = "grpc.max_receive_message_length"


class GrpcServer:
    """One listening port with health checking and reflection beside the given services.

    TLS from files; plain text on loopback, and elsewhere only when that is insisted on.
    """

    def __init__(
        self,
        services: dict[str, grpc.GenericRpcHandler],
        limits: HubLimits,
        interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    ) -> None:
        self._server = grpc.aio.server(
            interceptors=interceptors,
            options=[
                *((name, value) for name, value in SERVER_OPTIONS if name != RECEIVE_LIMIT),
                (RECEIVE_LIMIT, limits.message_limit_bytes),
                ("grpc.max_allowed_incoming_connections", limits.connection_limit),
            ],
            maximum_concurrent_rpcs=limits.call_limit,
        )
        self._server.add_generic_rpc_handlers(tuple(services.values()))
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._names: Sequence[str] = [*services, health.SERVICE_NAME, reflection.SERVICE_NAME]
        reflection.enable_server_reflection(self._names, self._server)

    async def start(
        self, listen: str, *, tls_cert: pathlib.Path | None, tls_key: pathlib.Path | None, is_plaintext_allowed: bool
    ) -> str:
        """Listens; the bound "host:port". Raises UserError for a port in use, a bad address or bad TLS files."""
        host = host_of(listen)
        credentials = None
        if tls_cert is not None and tls_key is not None:
            credentials = server_credentials(CertificateFiles(tls_cert, tls_key).newest)
        elif not is_loopback(host) and not is_plaintext_allowed:
            raise UserError(
                f"listening on {listen} needs TLS, since tokens travel there; give --tls-cert and --tls-key, "
                "or listen on 127.0.0.1"
            )
        address = self._bind(listen, credentials)
        await self._server.start()
        await self.set_serving(is_serving=True)
        return address

    def add_mtls(self, listen: str, newest: Callable[[], KeyPair], authority_pem: bytes) -> str:
        """Listens for those who have a certificate of the authority, too; the bound "host:port". Before ``start``.
        Raises UserError.
        """
        return self._bind(listen, server_credentials(newest, client_authority=authority_pem))

    def _bind(self, listen: str, credentials: grpc.ServerCredentials | None) -> str:
        host = host_of(listen)
        try:
            if credentials is not None:
                port = self._server.add_secure_port(listen, credentials)
            else:
                port = self._server.add_insecure_port(listen)
        except RuntimeError as error:
            raise UserError(f"can't listen on {listen}: it is in use or not this machine's; choose another") from error
        return f"{f'[{host}]' if ':' in host else host}:{port}"

    async def set_serving(self, *, is_serving: bool) -> None:
        """Tells health checkers, for the server as a whole and for each service."""
        status = health_pb2.HealthCheckResponse
        for name in ("", *self._names):
            await self._health.set(name, status.SERVING if is_serving else status.NOT_SERVING)

    async def stop(self, grace_seconds: float) -> None:
        """Takes no more calls, gives the open ones some time, and cuts what is left."""
        await self._server.stop(grace_seconds)
