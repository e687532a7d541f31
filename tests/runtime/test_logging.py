"""The same log in every program: an event name and its keys."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from octokube.runtime.logging import configure_logging


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_event_and_its_keys_as_json_when_nobody_watches() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    structlog.get_logger("octokube_hub.app").info("link.resumed", cluster="demo", version=7)
    (line,) = lines(stream)
    timestamp = line.pop("timestamp")
    assert isinstance(timestamp, str) and timestamp.endswith("Z")
    assert line == {"event": "link.resumed", "cluster": "demo", "version": 7, "level": "info"}


def test_the_standard_librarys_log_lines_have_the_same_shape() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    logging.getLogger("asyncio").error("slow callback")
    (line,) = lines(stream)
    assert (line["event"], line["level"]) == ("slow callback", "error")
    assert "timestamp" in line


def test_libraries_are_heard_from_warning_on_even_when_we_are_verbose() -> None:
    """What a library logs at debug level may hold bodies and tokens."""
    stream = io.StringIO()
    configure_logging(level="debug", stream=stream)
    logging.getLogger("kubernetes.client.rest").debug("response body: secret")
    logging.getLogger("kubernetes.client.rest").info("response body: secret")
    structlog.get_logger().debug("ours")
    assert [line["event"] for line in lines(stream)] == ["ours"]


def test_what_is_below_the_level_is_silent() -> None:
    stream = io.StringIO()
    configure_logging(level="warning", stream=stream)
    structlog.get_logger().info("link.resumed")
    structlog.get_logger().warning("link.lost")
    assert [line["event"] for line in lines(stream)] == ["link.lost"]


def test_configuring_twice_does_not_write_twice() -> None:
    stream = io.StringIO()
    for _ in range(2):
        configure_logging(stream=stream)
    logging.getLogger("library").warning("once")
    assert len(lines(stream)) == 1


def test_a_traceback_is_a_key_of_the_line() -> None:
    stream = io.StringIO()
    configure_logging(format="json", stream=stream)
    try:
        raise LookupError("the reason")
    except LookupError:
        structlog.get_logger().exception("task.failed", task="hub/ingest")
    (line,) = lines(stream)
    assert "LookupError: the reason" in str(line["exception"])


def test_a_terminal_gets_lines_for_people() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    configure_logging(stream=stream)
    structlog.get_logger().info("link.resumed", cluster="demo")
    assert "link.resumed" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_an_unknown_level_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="unknown log level 'loud'; use debug, info, warning or error"):
        configure_logging(level="loud")


@pytest.mark.parametrize("format", ["console", "json"])
def test_a_traceback_tells_no_values_of_variables(format: str) -> None:
    stream = io.StringIO()
    configure_logging(stream=stream, format=format)  # type: ignore[arg-type]
    body = "canary-" + "of-a-request"
    try:
        raise ValueError(f"{len(body)} bytes are too many")
    except ValueError:
        structlog.get_logger("octokube_hub.app").exception("task.failed")
    assert "19 bytes are too many" in stream.getvalue()
    assert "canary-of-a-request" not in stream.getvalue()
