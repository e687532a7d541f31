"""Invents log lines: the same container, run and line number always give the same text."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from random import Random

from octokube_demo.kubelet.containers import Run

_PATHS = ("/api/v1/orders", "/api/v1/carts", "/api/v1/payments", "/api/v1/customers/me", "/healthz", "/api/v1/quotes")
_STATUSES = (200, 200, 200, 200, 200, 201, 204, 304, 400, 404, 503)
_JOBS = ("settle-batch", "send-receipt", "refresh-index", "rotate-report", "sync-ledger", "purge-expired")

# A short word in the image name → how its containers talk.
_STYLES = (
    ("postgres", "database"),
    ("redis", "cache"),
    ("kafka", "broker"),
    ("nginx", "access"),
    ("ingress", "access"),
    ("envoy", "access"),
    ("worker", "worker"),
    ("backup", "worker"),
    ("report", "worker"),
    ("prometheus", "system"),
    ("grafana", "system"),
    ("coredns", "system"),
    ("kube-", "system"),
    ("exporter", "system"),
)


def style_of(image: str) -> str:
    """`service` unless the image says otherwise."""
    name = image.rpartition("/")[2]
    return next((style for word, style in _STYLES if word in name), "service")


def interval_seconds(run: Run) -> float:
    """The mean time between two lines of a container: between a fifth of a second and five seconds."""
    draw = (zlib.crc32(run.uid.encode()) % 1000) / 1000
    return {"access": 0.2, "service": 0.4, "worker": 0.8}.get(style_of(run.image), 1.5) * (0.6 + draw * 2.4)


def line_time(run: Run, number: int) -> datetime:
    """When a line was, or will be, written. Grows with the number."""
    interval = interval_seconds(run)
    jitter = (zlib.crc32(f"{run.uid}{run.number}{number}".encode()) % 900) / 1000
    return run.started + timedelta(seconds=interval * (number + jitter))


def line_text(run: Run, number: int) -> str:
    """The text of a line, without its end."""
    random = Random(f"{run.uid}/{run.container}/{run.number}/{number}")
    moment = line_time(run, number)
    if number == 0:
        return f"{_stamp(moment)} INFO  starting {run.container} ({run.image})"
    if number == 1:
        return f"{_stamp(moment)} INFO  configuration loaded from /etc/{run.container}/config.yaml"
    if number == 2:
        return f"{_stamp(moment)} INFO  ready"
    return _BY_STYLE[style_of(run.image)](random, moment, run)


def last_words(run: Run) -> list[str]:
    """What a container says when it dies badly."""
    moment = _stamp(run.ended or run.started)
    if run.exit_code == 137:
        return [f"{moment} WARN  heap at 98 % of its limit"]
    return [
        f"{moment} ERROR cannot reach ledger-db:5432: connection refused (attempt 5 of 5)",
        "Traceback (most recent call last):",
        f'  File "/app/{run.container.replace("-", "_")}/main.py", line 88, in main',
        "    ledger = connect(settings.ledger_url)",
        "ConnectionError: ledger-db:5432 refused the connection",
        f"{moment} FATAL exiting with code {run.exit_code}",
    ]


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _service(random: Random, moment: datetime, run: Run) -> str:
    status = random.choice(_STATUSES)
    level = "warn" if status >= 400 else "info"
    return (
        f'{{"time":"{_stamp(moment)}","level":"{level}","app":"{run.container}","msg":"request",'
        f'"method":"{random.choice(("GET", "GET", "POST"))}","path":"{random.choice(_PATHS)}","status":{status},'
        f'"duration_ms":{random.expovariate(1 / 18):.1f},"trace":"{random.getrandbits(64):016x}"}}'
    )


def _access(random: Random, moment: datetime, run: Run) -> str:
    address = f"10.244.{random.randrange(8)}.{random.randrange(2, 250)}"
    return (
        f'{address} - - [{moment.strftime("%d/%b/%Y:%H:%M:%S +0000")}] "GET {random.choice(_PATHS)} HTTP/1.1" '
        f'{random.choice(_STATUSES)} {random.randrange(120, 9000)} "-" "Mozilla/5.0" {random.expovariate(20):.3f}'
    )


def _worker(random: Random, moment: datetime, run: Run) -> str:
    job = random.choice(_JOBS)
    return f"{_stamp(moment)} INFO  {job} id={random.randrange(10_000, 99_999)} took={random.expovariate(2):.2f}s ok"


def _database(random: Random, moment: datetime, run: Run) -> str:
    if random.random() < 0.3:
        return f"{_stamp(moment)} [1] LOG:  checkpoint complete: wrote {random.randrange(20, 900)} buffers"
    return f"{_stamp(moment)} [{random.randrange(40, 400)}] LOG:  duration: {random.expovariate(1 / 40):.3f} ms"


def _cache(random: Random, moment: datetime, run: Run) -> str:
    return (
        f"1:M {moment.strftime('%d %b %Y %H:%M:%S.000')} * {random.randrange(1, 90)} changes in 60 seconds. Saving..."
    )


def _broker(random: Random, moment: datetime, run: Run) -> str:
    return f"[{_stamp(moment)}] INFO [Log partition=orders-{random.randrange(12)}] Rolled new log segment"


def _system(random: Random, moment: datetime, run: Run) -> str:
    return (
        f"I{moment.strftime('%m%d %H:%M:%S.%f')}       1 reflector.go:{random.randrange(100, 900)}] "
        f'"Watch closed" type="*v1.{random.choice(("Pod", "Service", "EndpointSlice", "Node"))}" '
        f"items={random.randrange(1, 40)}"
    )


_BY_STYLE = {
    "service": _service,
    "access": _access,
    "worker": _worker,
    "database": _database,
    "cache": _cache,
    "broker": _broker,
    "system": _system,
}
