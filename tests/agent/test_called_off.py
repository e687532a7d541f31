"""A request that is called off."""

import asyncio
import pathlib
import socket
import ssl
import threading

import pytest
import yaml

from octokube_agent.kube.access import Access, Source
from octokube_agent.kube.client import KubeClient, Request
from octokube_demo.certificates import self_signed


class MuteServer:
    """Takes one TLS connection and a request on it, and then reads and says nothing more, not even goodbye."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.has_request = threading.Event()
        self.thread = threading.Thread(target=self._serve)
        self.raw: socket.socket | None = None

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._context.wrap_bio(incoming, outgoing, server_side=True)
        connection.settimeout(5)
        while not self.has_request.is_set():
            try:
                tls.do_handshake()
                if b"\r\n\r\n" in tls.read(65536):
                    self.has_request.set()
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(65536))
        self.raw = connection

    def is_cut_off(self) -> bool:
        """Whether the client's side of the connection is gone."""
        assert self.raw is not None
        try:
            while self.raw.recv(65536):  # what it said before
                pass
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True
        return True

    def close(self) -> None:
        """Frees both sockets."""
        self._listener.close()
        if self.raw is not None:
            self.raw.close()


@pytest.mark.parametrize("is_socket", [False, True])
async def test_a_request_that_is_called_off_leaves_no_connection_behind(
    tmp_path: pathlib.Path, is_socket: bool
) -> None:
    identity = self_signed()
    certificate = tmp_path / "ca.pem"
    certificate.write_bytes(identity.certificate_pem)
    server = MuteServer(identity.context)
    server.thread.start()
    kubeconfig = tmp_path / "kubeconfig"
    cluster = {"server": f"https://127.0.0.1:{server.port}", "certificate-authority": str(certificate)}
    document = {
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    kubeconfig.write_text(yaml.safe_dump(document))
    client = KubeClient(await Access.load(Source(kubeconfig=str(kubeconfig))))
    request = Request("GET", "/api/v1/namespaces/default/pods/api/exec")

    async def ask() -> None:
        if is_socket:
            async with client.socket(request, ["v4.channel.k8s.io"]):
                pass
        else:
            await client.send(request)

    asking = asyncio.create_task(ask())
    try:
        await asyncio.to_thread(server.has_request.wait, 5)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await client.close()
        assert await asyncio.to_thread(server.is_cut_off)
    finally:
        await asyncio.to_thread(server.thread.join)
        server.close()
