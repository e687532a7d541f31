"""Plain text stays on this machine unless somebody says otherwise, loudly."""

import pathlib

import grpc
import grpc.aio
import pytest

from octokube.runtime import channels
from octokube.runtime.channels import host_of, is_loopback, open_channel
from octokube.runtime.errors import UserError


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("127.0.0.1:7443", "127.0.0.1"),
        ("hub.example.com:443", "hub.example.com"),
        ("[::1]:7443", "::1"),
        ("localhost:0", "localhost"),
    ],
)
def test_the_host_of_an_address(target: str, host: str) -> None:
    assert host_of(target) == host


@pytest.mark.parametrize("target", ["", "hub", "hub:", ":7443", "hub:http", "https://hub", "hub:74 43"])
def test_what_is_no_address_is_refused_with_an_example(target: str) -> None:
    with pytest.raises(UserError, match=r"is no hub address; write host:port, such as 127\.0\.0\.1:7443"):
        host_of(target)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "0.0.0.0", "::", "hub.example.com", "localhost.example.com", "127.0.0.1.example.com", ""]
)
def test_nothing_else_is_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    kinds: list[str] = []
    monkeypatch.setattr(grpc.aio, "insecure_channel", lambda target, options: kinds.append("plain"))
    monkeypatch.setattr(grpc.aio, "secure_channel", lambda target, credentials, options: kinds.append("tls"))
    return kinds


@pytest.mark.parametrize(
    ("target", "is_insecure_allowed", "kind"),
    [
        ("127.0.0.1:1", False, "plain"),
        ("[::1]:1", False, "plain"),
        ("hub.example.com:443", False, "tls"),
        ("10.0.0.1:443", False, "tls"),
        ("hub.example.com:443", True, "plain"),
    ],
)
def test_plain_text_needs_loopback_or_permission(
    opened: list[str], target: str, is_insecure_allowed: bool, kind: str
) -> None:
    open_channel(target, is_insecure_allowed=is_insecure_allowed)
    assert opened == [kind]


def test_a_ca_file_means_tls_even_on_loopback_and_even_when_plain_text_is_allowed(
    opened: list[str], tmp_path: pathlib.Path
) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("-----BEGIN CERTIFICATE-----")
    open_channel("127.0.0.1:1", ca_file=str(ca), is_insecure_allowed=True)
    assert opened == ["tls"]


def test_a_ca_file_that_is_not_there_is_one_sentence(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserError, match=r"the CA file .*absent\.pem can't be read \(No such file or directory\)"):
        open_channel("127.0.0.1:1", ca_file=str(tmp_path / "absent.pem"))


def test_a_message_has_room_for_the_largest_object_on_both_sides() -> None:
    """An object of a few megabytes must pass; gRPC's own limit is four."""
    for options in (channels.CHANNEL_OPTIONS, channels.SERVER_OPTIONS):
        limits = dict(options)
        assert limits["grpc.max_receive_message_length"] >= 16 * 1024 * 1024
        assert limits["grpc.max_send_message_length"] >= 16 * 1024 * 1024


def test_a_server_tolerates_the_pings_of_our_own_clients() -> None:
    """A server that is stricter than its clients' keepalive ends their connections with "too many pings"."""
    client, server = dict(channels.CHANNEL_OPTIONS), dict(channels.SERVER_OPTIONS)
    assert client["grpc.keepalive_time_ms"] >= server["grpc.http2.min_recv_ping_interval_without_data_ms"]
