"""Opens the hub's gRPC port."""

import pathlib
import ssl
from collections.abc import Sequence

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from octokube.runtime.channels import SERVER_OPTIONS, host_of, is_loopback
from octokube.runtime.errors import UserError


class GrpcServer:
    """One listening port with health checking and reflection beside the given services.

    TLS from files; plain text on loopback, and elsewhere only when that is insisted on.
    """

    def __init__(self, services: dict[str, grpc.GenericRpcHandler]) -> None:
        self._server = grpc.aio.server(options=list(SERVER_OPTIONS))
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
        try:
            if tls_cert is not None and tls_key is not None:
                port = self._server.add_secure_port(listen, _credentials(tls_cert, tls_key))
            elif is_loopback(host) or is_plaintext_allowed:
                port = self._server.add_insecure_port(listen)
            else:
                raise UserError(
                    f"listening on {listen} needs TLS, since tokens travel there; give --tls-cert and --tls-key, "
                    "or listen on 127.0.0.1"
                )
        except RuntimeError as error:
            raise UserError(f"can't listen on {listen}: it is in use or not this machine's; choose another") from error
        await self._server.start()
        await self.set_serving(is_serving=True)
        return f"{f'[{host}]' if ':' in host else host}:{port}"

    async def set_serving(self, *, is_serving: bool) -> None:
        """Tells health checkers, for the server as a whole and for each service."""
        status = health_pb2.HealthCheckResponse
        for name in ("", *self._names):
            await self._health.set(name, status.SERVING if is_serving else status.NOT_SERVING)

    async def stop(self, grace_seconds: float) -> None:
        """Takes no more calls, gives the open ones some time, and cuts what is left."""
        await self._server.stop(grace_seconds)


def _credentials(tls_cert: pathlib.Path, tls_key: pathlib.Path) -> grpc.ServerCredentials:
    contents: list[bytes] = []
    for path in (tls_key, tls_cert):
        try:
            contents.append(path.read_bytes())
        except OSError as error:
            raise UserError(f"the TLS file {path} can't be read ({error.strerror}); give a PEM file") from error
    try:
        # gRPC takes files that can't work and fails later, or says nothing: OpenSSL checks that they fit each other.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls_cert, tls_key)
    except (ssl.SSLError, OSError) as error:
        raise UserError(
            f"the TLS files {tls_cert} and {tls_key} are not a PEM certificate and its private key; "
            "check --tls-cert and --tls-key"
        ) from error
    return grpc.ssl_server_credentials([(contents[0], contents[1])])
