"""Lint asks the advisory databases, says what it could not ask, and fails on what they know."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(120)
TOOL = Path(__file__).parents[2] / "tools" / "audit-dependencies"


class Advisories(http.server.BaseHTTPRequestHandler):
    """An OSV server that knows one vulnerability, of aiohttp."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = asked["package"]["name"]
        known: list[dict[str, Any]] = []
        if name == "aiohttp":
            fixed = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}]
            affected = [{"package": {"ecosystem": "PyPI", "name": name}, "ranges": fixed}]
            known = [
                {"id": "PYSEC-0-1", "summary": "planted", "affected": affected, "modified": "2026-01-01T00:00:00Z"}
            ]
        body = json.dumps({"vulns": known}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: requests are no news."""


@pytest.fixture
def osv_url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


def audit(*arguments: str) -> subprocess.CompletedProcess[str]:
    # No npm on the PATH: its registry is not for tests to ask.
    environment = {**os.environ, "PATH": str(Path(sys.executable).parent)}
    environment.pop("OCTOKUBE_REQUIRE_AUDIT", None)
    return subprocess.run(
        [sys.executable, str(TOOL), *arguments], capture_output=True, text=True, env=environment, check=False
    )


def test_a_known_vulnerability_of_what_is_installed_fails(osv_url: str) -> None:
    done = audit("--osv-url", osv_url)
    assert done.returncode == 1, done
    assert "PYSEC-0-1, mended in 99.0" in done.stdout
    assert done.stdout.count("PYSEC") == 1


def test_a_database_that_does_not_answer_is_named_and_an_error_only_where_it_is_required() -> None:
    nobody = "http://127.0.0.1:9/v1/query"
    done = audit("--osv-url", nobody)
    assert (done.returncode, done.stdout.count("NOT checked")) == (0, 2), done
    assert audit("--osv-url", nobody, "--required").returncode == 2
