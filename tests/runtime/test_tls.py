"""Certificates that change on disk are used by the next connection, open ones stay, and TLS 1.3 is the least."""

import pathlib
import shutil
import ssl
from collections.abc import AsyncIterator

import aiohttp
import grpc
import grpc.aio
import pytest

from octokube.runtime.errors import UserError
from octokube.runtime.tls import CertificateFiles, server_credentials
from octokube_web.app import Gateway
from octokube_web.settings import WebSettings
from tests.support.authorities import Authority, make_authority
from tests.web.fake_feed import FakeFeed


class Pair:
    """The files that a server reads, and two authorities that can have signed what is in them."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.old, self.new = make_authority(directory / "old"), make_authority(directory / "new")
        self.certificate, self.key = directory / "tls.crt", directory / "tls.key"
        self.use(self.old)

    def use(self, authority: Authority) -> None:
        """Rotates, as cert-manager or an administrator does: one file after the other."""
        shutil.copy(authority.key, self.key)
        shutil.copy(authority.certificate, self.certificate)


@pytest.fixture
def pair(tmp_path: pathlib.Path) -> Pair:
    return Pair(tmp_path)


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.ca)


def old_fashioned(authority: Authority) -> ssl.SSLContext:
    context = trusting(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


@pytest.fixture
async def gateway(pair: Pair) -> AsyncIterator[Gateway]:
    settings = WebSettings(listen="127.0.0.1:0", tls_cert_file=str(pair.certificate), tls_key_file=str(pair.key))
    running = Gateway(settings, FakeFeed())  # type: ignore[arg-type]
    await running.start()
    yield running
    await running.close()


async def test_a_gateway_takes_a_new_certificate_and_keeps_the_sockets_that_are_open(
    gateway: Gateway, pair: Pair
) -> None:
    url = gateway.url + "livez"
    headers = {"Authorization": "Bearer alice"}
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(
            gateway.url + "api/v1/socket", protocols=["octokube.v1.proto"], headers=headers, ssl=trusting(pair.old)
        )
        await socket.receive_bytes()
        pair.use(pair.new)
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(url, ssl=trusting(pair.old))
        async with session.get(url, ssl=trusting(pair.new)) as answer:
            assert answer.status == 200
        pair.certificate.write_text("half a certificate")
        async with session.get(url, ssl=trusting(pair.new), headers={"Connection": "close"}) as answer:
            assert answer.status == 200, "what can't work leaves the last that did"
        await socket.send_bytes(b"\x32\x02\x08\x07")  # ping 7
        assert (await socket.receive()).type is aiohttp.WSMsgType.BINARY
        await socket.close()


async def test_nothing_older_than_tls_13_reaches_a_gateway(gateway: Gateway, pair: Pair) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(gateway.url, ssl=old_fashioned(pair.old))


@pytest.fixture
async def grpc_port(pair: Pair) -> AsyncIterator[int]:
    """A gRPC server that echoes streams."""

    async def echo(_: object, context: "grpc.aio.ServicerContext[bytes, bytes]") -> None:
        while isinstance(message := await context.read(), bytes):
            await context.write(message)

    server = grpc.aio.server()
    handlers = {"Echo": grpc.stream_stream_rpc_method_handler(echo)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
    files = CertificateFiles(pair.certificate, pair.key)
    port = server.add_secure_port("127.0.0.1:0", server_credentials(files.newest))
    await server.start()
    yield port
    await server.stop(None)


def channel(port: int, authority: Authority) -> grpc.aio.Channel:
    credentials = grpc.ssl_channel_credentials(authority.ca.read_bytes())
    options = [("grpc.use_local_subchannel_pool", 1)]  # else a new channel goes over an old connection
    return grpc.aio.secure_channel(f"localhost:{port}", credentials, options=options)


async def test_a_hub_takes_a_new_certificate_and_keeps_the_streams_that_are_open(grpc_port: int, pair: Pair) -> None:
    async with channel(grpc_port, pair.old) as before:
        stream = before.stream_stream("/test.Echo/Echo")()
        await stream.write(b"one")
        assert await stream.read() == b"one"
        pair.use(pair.new)
        async with channel(grpc_port, pair.new) as after:
            other = after.stream_stream("/test.Echo/Echo")()
            await other.write(b"new")
            assert await other.read() == b"new"
            other.cancel()
        async with channel(grpc_port, pair.old) as late:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                call = late.stream_stream("/test.Echo/Echo")()
                await call.read()
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        await stream.write(b"two")
        assert await stream.read() == b"two"
        stream.cancel()


def test_files_that_do_not_belong_together_are_one_sentence(pair: Pair) -> None:
    shutil.copy(pair.new.key, pair.key)
    with pytest.raises(UserError, match="are not a PEM certificate and its private key; check --tls-cert"):
        CertificateFiles(pair.certificate, pair.key)
