"""Runs a real etcd and a real kube-apiserver on loopback."""

import asyncio
import os
import pathlib
import signal
import socket
import ssl
import subprocess
from types import TracebackType
from typing import Self

import aiohttp
import yaml

from tests.support.assets import find_asset, missing_assets

READY_SECONDS = 60.0
ADMIN_TOKEN = "admin-token"


class RealCluster:
    """etcd + kube-apiserver, ready when the context is entered and gone, with all data, when it is left.

    ``stop_apiserver`` kills it as a crash would; ``start_apiserver`` starts it on the same port with the same data.
    Tokens: ``admin-token`` is in system:masters; ``add_token`` adds others before a (re)start of the apiserver.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        missing = missing_assets("etcd", "kube-apiserver")
        if missing:
            raise RuntimeError(f"{' and '.join(missing)} not found; run tools/install-test-assets")
        self._directory = directory
        self._etcd: subprocess.Popen[bytes] | None = None
        self._apiserver: subprocess.Popen[bytes] | None = None
        self._etcd_port = _free_port()
        self._port = _free_port()
        self._tokens = {ADMIN_TOKEN: ("admin", ("system:masters",))}

    @property
    def url(self) -> str:
        """The API server's base URL."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def apiserver_pid(self) -> int:
        """The apiserver's process, while it runs."""
        assert self._apiserver is not None
        return self._apiserver.pid

    @property
    def port(self) -> int:
        """Where the API server listens."""
        return self._port

    @property
    def etcd_url(self) -> str:
        """Where etcd listens."""
        return f"http://127.0.0.1:{self._etcd_port}"

    @property
    def log_file(self) -> pathlib.Path:
        """What the apiserver wrote."""
        return self._directory / "apiserver.log"

    def add_token(self, token: str, user: str, *groups: str) -> None:
        """Lets a token in from the next start of the apiserver on."""
        self._tokens[token] = (user, groups)

    def kubeconfig(self, path: pathlib.Path | None = None, *, token: str = ADMIN_TOKEN) -> pathlib.Path:
        """Writes a kubeconfig that uses a token."""
        path = path or self._directory / f"kubeconfig-{token}"
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "real",
                    "clusters": [{"name": "real", "cluster": {"server": self.url, "insecure-skip-tls-verify": True}}],
                    "users": [{"name": "real", "user": {"token": token}}],
                    "contexts": [{"name": "real", "context": {"cluster": "real", "user": "real"}}],
                }
            )
        )
        return path

    async def start_apiserver(self) -> None:
        """Starts the apiserver and waits until it is ready."""
        tokens = [f'{token},{user},{user},"{",".join(groups)}"' for token, (user, groups) in self._tokens.items()]
        (self._directory / "tokens.csv").write_text("\n".join(tokens) + "\n")
        key = self._directory / "service-account.key"
        if not key.exists():
            _write_key(key)
        self._apiserver = _start(
            "kube-apiserver",
            self.log_file,
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            f"--secure-port={self._port}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={self._directory / 'certificates'}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={self._directory / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",
            "--allow-privileged=true",
        )
        await self._until(f"{self.url}/readyz", self._apiserver, "kube-apiserver")

    async def stop_apiserver(self) -> None:
        """Kills the apiserver."""
        if self._apiserver is not None:
            await _kill(self._apiserver)
            self._apiserver = None

    async def compact(self) -> None:
        """Throws away etcd's history up to now, as happens every five minutes by itself."""
        async with aiohttp.ClientSession() as session:
            base = f"http://127.0.0.1:{self._etcd_port}/v3"
            async with session.post(f"{base}/kv/range", json={"key": "AA=="}) as response:
                revision = (await response.json())["header"]["revision"]
            async with session.post(f"{base}/kv/compaction", json={"revision": revision, "physical": True}) as response:
                response.raise_for_status()

    async def __aenter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        peer_port = _free_port()
        client = f"http://127.0.0.1:{self._etcd_port}"
        try:
            self._etcd = _start(
                "etcd",
                self._directory / "etcd.log",
                f"--data-dir={self._directory / 'etcd'}",
                "--unsafe-no-fsync",
                f"--listen-client-urls={client}",
                f"--advertise-client-urls={client}",
                f"--listen-peer-urls=http://127.0.0.1:{peer_port}",
            )
            await self._until(f"{client}/health", self._etcd, "etcd")
            await self.start_apiserver()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        await self.stop_apiserver()
        if self._etcd is not None:
            await _kill(self._etcd)
            self._etcd = None

    async def _until(self, url: str, process: "subprocess.Popen[bytes]", name: str) -> None:
        """Waits until a URL answers 200. Raises RuntimeError with where the log is, when it does not."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"} if url.startswith("https") else {}
        try:
            async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
                while process.poll() is None:
                    try:
                        async with session.get(url, ssl=context, headers=headers) as response:
                            if response.status == 200:
                                return
                    except aiohttp.ClientError:
                        pass  # it does not listen yet
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise RuntimeError(f"{name} was not ready in {READY_SECONDS:g} s; see {self._directory}") from None
        raise RuntimeError(f"{name} ended at its start; see {self._directory}")


def _start(name: str, log_file: pathlib.Path, *arguments: str) -> "subprocess.Popen[bytes]":
    program = find_asset(name)
    assert program is not None
    with log_file.open("ab") as log:
        return subprocess.Popen(
            [str(program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # etcd refuses some architectures unless told; harmless elsewhere.
            env={**os.environ, "ETCD_UNSUPPORTED_ARCH": os.uname().machine.replace("aarch64", "arm64")},
            start_new_session=True,
        )


async def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _write_key(path: pathlib.Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
