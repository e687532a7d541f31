"""Feeds arbitrary bytes to whatever reads what strangers send: `make fuzz`, guided by coverage where atheris is.

Each parser may refuse with its own error, and with nothing else: anything more would reach a process as a crash.
"""

import argparse
import importlib.util
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from joserfc.jwk import KeySet, RSAKey

from octokube.runtime.enrolling import EnrolmentToken
from octokube.runtime.errors import UserError
from octokube.v1 import cluster_service_pb2 as cluster_pb
from octokube.v1 import operation_pb2 as operation_pb
from octokube_hub.broker.request import BadOperation, read_operation
from octokube_hub.fanout.resume import KEY_BYTES, Sealer, Unreadable
from octokube_hub.fanout.selection import BadSubscription, read_subscription
from octokube_hub.identity import idtoken
from octokube_hub.identity.ca import read_request
from octokube_hub.identity.sessiontokens import Seal, Unsealable
from octokube_hub.policy import Subject
from octokube_hub.policy.csvrows import split_lines
from octokube_web.encoding import BadMessage, JsonEncoding, ProtoEncoding
from octokube_web.signin import safe_path

MAX_BYTES = 4096
SERVERS = "servers"
"""What ``tests.fuzz.servers`` attacks as a whole; by chance its test does."""
_SEALER, _SEAL = Sealer(bytes(KEY_BYTES)), Seal(bytes(32))
_KEYS = KeySet([RSAKey.generate_key(2048, {"kid": "one"})])


@dataclass(frozen=True, slots=True)
class Parser:
    """Reads bytes of a stranger. ``refusals`` are the errors that are answers."""

    read: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...] = ()
    seeds: tuple[bytes, ...] = ()


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _id_token(content: bytes) -> object:
    how = {"issuer": "i", "client_id": "c", "now_seconds": 1.0, "nonce": "n", "access_token": None}
    return idtoken.verify(_text(content), _KEYS, **how)  # type: ignore[arg-type]


def _safe_path(content: bytes) -> None:
    path = safe_path(_text(content))
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\", "/api/"))


_START = operation_pb.OperationStart(exec=operation_pb.ExecOperation(command=["sh"]), idempotency_key="k")
_SUBSCRIPTION = cluster_pb.Subscription(clusters=["*"], types=["pods"], namespaces=["**"])
PARSERS: dict[str, Parser] = {
    "resume token": Parser(lambda content: _SEALER.open("c1", content), (Unreadable,)),
    "subscription": Parser(
        lambda content: read_subscription(cluster_pb.Subscription.FromString(content)),
        (BadSubscription, DecodeError),
        (_SUBSCRIPTION.SerializeToString(),),
    ),
    "operation": Parser(
        lambda content: read_operation(operation_pb.OperationStart.FromString(content), Subject("user:alice")),
        (BadOperation, DecodeError),
        (_START.SerializeToString(),),
    ),
    "browser's message": Parser(ProtoEncoding().decode, (BadMessage,), (b"\x08\x01\x32\x02\x08\x07",)),
    "browser's message in JSON": Parser(
        lambda content: JsonEncoding().decode(_text(content)), (BadMessage,), (b'{"channel": 1, "ping": {"nonce": 7}}',)
    ),
    "enrolment token": Parser(lambda content: EnrolmentToken.parse(_text(content)), (UserError,)),
    "certificate request": Parser(read_request, (ValueError,)),
    "sealed document": Parser(lambda content: _SEAL.open("p", _text(content)), (Unsealable,), (b"AAAA",)),
    "ID token": Parser(_id_token, (idtoken.BadIdToken,), (b"eyJhbGciOiJSUzI1NiJ9.e30.AAAA",)),
    "return address": Parser(_safe_path, (), (b"/?type=pods", b"//evil.example")),
    "policy rows": Parser(
        lambda content: split_lines("policy.csv", _text(content)), (), (b'p, user:alice, *, "a,b", *, *, read\n',)
    ),
}


def tried(parser: Parser, content: bytes) -> None:
    """Raises whatever is no refusal."""
    try:
        parser.read(content)
    except parser.refusals:
        return


def run(name: str, seconds: float) -> None:
    """Tries one parser by chance for so long."""
    parser, draw = PARSERS[name], random.Random()
    count, until = 0, time.monotonic() + seconds
    corpus = list(parser.seeds) or [b""]
    while time.monotonic() < until:
        content = bytearray(draw.choice(corpus))
        for _ in range(draw.randint(1, 8)):
            at = draw.randint(0, len(content))
            content[at : at + draw.randint(0, 4)] = draw.randbytes(draw.randint(0, 8))
        del content[MAX_BYTES:]
        try:
            tried(parser, bytes(content))
        except Exception:
            sys.stderr.write(f"{name} failed on {bytes(content)!r}\n")
            raise
        if draw.random() < 0.01 and len(corpus) < 1000:
            corpus.append(bytes(content))
        count += 1
    sys.stdout.write(f"{name}: {count:,} inputs by chance, none of them more than refused\n")


def main() -> int:
    """Tries every parser, and the servers, for a share of the time; 1 when one did more than refuse."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60.0)
    seconds = arguments.parse_args().seconds
    if importlib.util.find_spec("atheris") is None:
        sys.stdout.write("atheris is not installed (pip install 'octokube[fuzz]'): inputs are drawn by chance\n")
        for name in PARSERS:
            run(name, max(1.0, seconds / len(PARSERS)))
        return 0
    # The servers are many parsers behind many doors: as much time as all the others together.
    shares = {name: 0.5 / len(PARSERS) for name in PARSERS} | {SERVERS: 0.5}
    codes = [guided(name, max(1.0, seconds * share)) for name, share in shares.items()]  # each is tried, whatever came
    return 1 if any(codes) else 0


def guided(name: str, seconds: float) -> int:
    """Tries one of them guided by coverage, in a process of its own; its exit code."""
    sys.stdout.write(f"{name}, guided by coverage for {seconds:.0f} s\n")
    sys.stdout.flush()
    return subprocess.run([sys.executable, "-m", "tests.fuzz.guided", name, str(int(seconds))], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
