"""What all suites share: the real cluster, and the names of the suites that were skipped."""

import asyncio
import concurrent.futures
import os
import pathlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import playwright.async_api
import pytest
import structlog

from tests.support.assets import missing_assets
from tests.support.real_cluster import RealCluster
from tests.support.waiting import HANG_SECONDS

playwright.async_api.expect.set_options(timeout=HANG_SECONDS * 1000)

_skipped_for: dict[str, set[str]] = {}


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A test that starts a program in its own process sets logging up for all that follow it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def real_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """One real etcd and kube-apiserver for the whole session. Tests work in namespaces of their own."""
    cluster = RealCluster(pathlib.Path(tmp_path_factory.mktemp("real-cluster")))
    _run_apart(cluster.__aenter__)
    try:
        yield cluster
    finally:
        _run_apart(lambda: cluster.__aexit__(None, None, None))


def _run_apart(begin: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Runs a coroutine on a thread and loop of its own: a session's fixture may be made while a test's loop runs."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(begin())).result()


def require_assets(suite: str, *names: str) -> None:
    """Skips the test when a program is missing, and has the summary say so under the suite's name.

    With OCTOKUBE_REQUIRE_ALL set, as in CI, a missing program is a failure.
    """
    missing = missing_assets(*names)
    if missing and os.environ.get("OCTOKUBE_REQUIRE_ALL"):
        pytest.fail(f"{suite}: {', '.join(missing)} missing, and OCTOKUBE_REQUIRE_ALL is set")
    if missing:
        _skipped_for.setdefault(suite, set()).update(missing)
        pytest.skip(f"{suite}: {', '.join(missing)} missing")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names each suite that did not run, and what it needs."""
    for suite, missing in sorted(_skipped_for.items()):
        terminalreporter.write_line(
            f"SKIPPED SUITE {suite}: {', '.join(sorted(missing))} not found; run tools/install-test-assets"
        )
