"""Holds what can be chosen about a demo cluster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from octokube_demo.objects import Clock


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """Settings of one demo cluster; the defaults are what `octokube demo` shows.

    name: the cluster's name in its kubeconfig.
    pods: about how many pods the workload has (scales to 100,000).
    churn_per_second: about how many changes the workload makes each second; 0 only reacts to what users do.
    seed: the same seed builds the same cluster; None draws one.
    now: the wall clock for every timestamp.
    workload: False leaves only the system namespaces, for tests.
    server_version: what `/version` says.
    aggregated_discovery: offer the aggregated documents (servers from 1.26 do).
    watch_list: "served" as from 1.32; "refused" with 422, as from 1.27 with the feature off; "ignored", as before 1.27.
    bookmark_seconds: how often a watch that allows bookmarks gets one.
    watch_timeout_seconds: how long a watch lasts when the client does not say.
    history_limit: remembered changes per type; older positions answer 410.
    termination_seconds: the longest a deleted pod takes to end, whatever its grace period.
    """

    name: str = "demo"
    pods: int = 120
    churn_per_second: float = 2.0
    seed: int | None = None
    now: Clock = _utc_now
    workload: bool = True
    server_version: str = "v1.33.2"
    aggregated_discovery: bool = True
    watch_list: Literal["served", "refused", "ignored"] = "served"
    bookmark_seconds: float = 30.0
    watch_timeout_seconds: float = 1800.0
    history_limit: int = 4096
    termination_seconds: float = 2.0
