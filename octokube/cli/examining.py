"""Examines one part of a hub's surroundings at a time, for ``octokube doctor``."""

import datetime
import email.utils
import itertools
import os
import re
import shutil
import ssl
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson
from cryptography import x509

import octokube
from octokube.cli.connecting import checked_token, explained, token_for
from octokube.client import FeedError
from octokube.client.admin import connect_admin
from octokube.runtime.errors import UserError
from octokube.v1 import admin_service_pb2 as pb
from octokube_hub.policy import PolicyError, load_policy
from octokube_hub.store.backup import inspect
from octokube_hub.store.database import FILE_NAME

MIN_FREE_BYTES = 1024**3
"""An audit log that is full takes about a quarter of it, recordings by default as much as it."""
CERTIFICATE_DAYS = 14
MAX_SKEW_SECONDS = 30
PROVIDER_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check told. ``advice`` says what to do; empty: nothing is wrong."""

    check: str
    told: str
    advice: str = ""


def data_directory(data: Path) -> Finding:
    """Whether the hub may write there, and nobody else may read."""
    name = "data-directory"
    if not data.is_dir():
        return Finding(name, f"{data} is no directory", "make it with mode 0700, owned by the hub's user")
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        return Finding(name, f"{data} can't be written", "give it to the user that the hub runs as")
    exposed = [
        path for path in (data / FILE_NAME, data / "authority.pem") if path.exists() and path.stat().st_mode & 0o077
    ]
    if exposed:
        return Finding(name, f"others may read {exposed[0]}", f"run: chmod 600 {exposed[0]}, and replace what is in it")
    return Finding(name, f"{data} can be written, and keeps its secrets")


def disk_space(data: Path) -> Finding:
    """Whether there is room: without it operations are refused."""
    name = "disk-space"
    place = next((path for path in (data, *data.absolute().parents) if path.is_dir()), Path("/"))
    free = shutil.disk_usage(place).free
    told = f"{free / 1024**3:.1f} GiB are free at {place}"
    if free < MIN_FREE_BYTES:
        return Finding(name, told, "make room: operations are refused when their audit record can't be written")
    return Finding(name, told)


def database(data: Path) -> Finding:
    """Whether this version can read the database, and the audit log's chain holds."""
    name = "database"
    if not (data / FILE_NAME).is_file():
        return Finding(name, f"no {FILE_NAME} is in {data} yet; the hub makes it")
    try:
        found = inspect(data)
    except UserError as error:
        return Finding(name, str(error), "restore a backup with octokube restore, or run the version that wrote it")
    if found.fault:
        return Finding(name, f"the audit log is broken: {found.fault}", "keep the file as evidence; restore a backup")
    return Finding(name, f"{found.records} audit records, unchanged")


def policy(policies: Path) -> Finding:
    """Whether the files are valid."""
    try:
        loaded = load_policy(policies)
    except (PolicyError, OSError) as error:
        return Finding("policy", str(error), f"mend it, and run: octokube policy check {policies}")
    if not loaded.rows:
        return Finding("policy", f"{policies} has no row, so nobody may see anything", "write a row into policy.csv")
    return Finding("policy", f"{len(loaded.rows)} rows, revision {loaded.revision}")


def certificate(cert: Path | None, key: Path | None) -> list[Finding]:
    """Whether certificate and key belong together, are in time, and the chain is in order."""
    if cert is None or key is None:
        return [
            Finding("certificate", "only one of certificate and key is named", "give both --tls-cert and --tls-key")
        ]
    try:
        chain = x509.load_pem_x509_certificates(cert.read_bytes())
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except (OSError, ValueError) as error:
        advice = "give a certificate and its own private key, both as PEM, that the hub's user may read"
        return [Finding("certificate", f"{cert} and {key} can't be used ({error})", advice)]
    found = [Finding("certificate", f"{cert} and its key belong together")]
    now = datetime.datetime.now(datetime.UTC)
    begin, end = chain[0].not_valid_before_utc, chain[0].not_valid_after_utc
    told = f"valid from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
    if now < begin:
        found.append(Finding("certificate-dates", f"not valid yet: {told}", "check this machine's clock, or renew it"))
    elif end < now + datetime.timedelta(days=CERTIFICATE_DAYS):
        state = "expired" if end < now else "expires soon"
        found.append(Finding("certificate-dates", f"{state}: {told}", "renew it; the hub takes new files by itself"))
    else:
        found.append(Finding("certificate-dates", told))
    for lower, upper in itertools.pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except Exception as error:  # each fault of a signature has an error of its own
            names = f"{upper.subject.rfc4514_string()} has not signed {lower.subject.rfc4514_string()}"
            told = f"{names} ({type(error).__name__})"
            found.append(Finding("certificate-chain", told, "order the file: the hub's own first, then who signed it"))
            break
    return found


async def provider(issuer: str, ca_file: Path | None) -> list[Finding]:
    """Whether the OpenID provider can be reached, is who it is said to be, and has the same time."""
    name = "openid-provider"
    url = issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        context = ssl.create_default_context(cafile=ca_file)
        timeout = aiohttp.ClientTimeout(total=PROVIDER_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, ssl=context) as response:
            content = await response.read()
            date = response.headers.get("Date", "")
            status = response.status
    except (OSError, aiohttp.ClientError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        return [
            Finding(name, f"{url} can't be reached ({reason})", "check --oidc-issuer, --oidc-ca-file and the network")
        ]
    try:
        told = orjson.loads(content).get("issuer") if status == 200 else None
    except (ValueError, AttributeError):
        told = None
    if told != issuer:
        advice = "give as --oidc-issuer, to the letter, the issuer that the provider tells there"
        return [Finding(name, f"{url} answered {status} and the issuer {told!r}, not {issuer!r}", advice)]
    return [Finding(name, f"{issuer} answers"), *clock(date, issuer)]


def clock(date: str, whose: str) -> list[Finding]:
    """How far this machine's clock is from a server's, which tells the time in seconds."""
    if not date:
        return []
    try:
        theirs = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return []
    skew = (datetime.datetime.now(datetime.UTC) - theirs).total_seconds()
    told = f"{skew:+.0f} s from {whose}"
    advice = (
        "set the clocks by NTP: windows, tokens and certificates go by them" if abs(skew) > MAX_SKEW_SECONDS else ""
    )
    return [Finding("clock", told, advice)]


async def running_hub(hub: str, token: str | None, ca_file: str | None) -> list[Finding]:
    """Whether the hub answers, and what it says is wrong with its clusters and policy."""
    try:
        # None: what octokube login has kept.
        async with connect_admin(hub, checked_token(token) if token else token_for(hub), ca_file=ca_file) as admin:
            status = await admin.status()
    except FeedError as error:
        name = {"UNAUTHENTICATED": "token", "UNAVAILABLE": "hub", "DEADLINE_EXCEEDED": "hub"}.get(error.code, "access")
        what, _, advice = str(explained(error, hub)).partition(";")
        return [Finding(name, what, advice.strip() or "ask with the token of somebody who may get hub.octokube.io")]
    except UserError as error:
        return [Finding("hub", str(error), "mend that first")]
    return [Finding("hub", f"{hub} answers, version {status.version}"), *policy_in_force(status), *versions(status)]


def policy_in_force(status: pb.GetHubStatusResponse) -> list[Finding]:
    """What keeps the hub from taking its policy files."""
    return [
        Finding("policy-in-force", alarm, "mend the file: until then the former revision holds")
        for alarm in status.policy_alarms
    ]


def versions(status: pb.GetHubStatusResponse) -> list[Finding]:
    """Whether agents are connected, and agents and this program within one minor version of the hub."""
    found = []
    hub = _minor(status.version)
    programs = [
        ("this octokube", octokube.__version__),
        *((f"agent {one.name}", one.agent_version) for one in status.clusters),
    ]
    for name, version in programs:
        minor = _minor(version)
        if hub and minor and (hub[0] != minor[0] or abs(hub[1] - minor[1]) > 1):
            told = f"{name} is {version}, and the hub {status.version}"
            found.append(Finding("versions", told, "upgrade the older one: they may be one minor version apart"))
    for cluster in status.clusters:
        if cluster.state.reason:
            advice = "look at the agent's log; octokube status tells when it is live"
            found.append(Finding("cluster", f"{cluster.name}: {cluster.state.reason}", advice))
    return found


def _minor(version: str) -> tuple[int, int] | None:
    found = re.match(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else None
