"""Decides whether a page may speak for the person whose browser shows it."""

from octokube.runtime.channels import is_loopback


class Origins:
    """The addresses under which the page may be open.

    A browser tells in ``Origin`` which page a request comes from, and a page can't forge it. Acceptable are the origin
    that the request's own Host makes, and the configured ones; never a missing or ``null`` one, and only exact
    matches. While the gateway listens on loopback, Host must be a loopback name: otherwise a foreign name that is made
    to resolve to 127.0.0.1 (DNS rebinding) would be its own acceptable origin.
    """

    def __init__(self, configured: tuple[str, ...], *, is_tls: bool, is_listening_on_loopback: bool) -> None:
        self._configured = frozenset(origin.lower() for origin in configured)
        self._scheme = "https" if is_tls else "http"
        self._is_listening_on_loopback = is_listening_on_loopback

    def is_host_allowed(self, host: str | None) -> bool:
        """Whether a request to this Host header may be answered at all."""
        if not host:
            return False
        if f"{self._scheme}://{host.lower()}" in self._configured:
            return True
        return not self._is_listening_on_loopback or is_loopback(_without_port(host.lower()))

    def is_allowed(self, origin: str | None, host: str | None) -> bool:
        """Whether a request from this page may use the cookie."""
        if not origin or origin == "null" or not host:
            return False
        wanted = origin.lower()
        return wanted in self._configured or (
            wanted == f"{self._scheme}://{host.lower()}" and self.is_host_allowed(host)
        )


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host
