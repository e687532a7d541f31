"""The guide to troubles explains every close reason and code that there is, and quotes what programs really say."""

import pathlib
import re

from octokube.v1 import cluster_service_pb2 as pb

ROOT = pathlib.Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "operate" / "troubleshooting.md").read_text()


def test_every_close_reason_is_explained() -> None:
    reasons = {name for name in pb.CloseReason.keys() if not name.endswith("UNSPECIFIED")}  # noqa: SIM118
    assert reasons == set(re.findall(r"^\| `(CLOSE_REASON_\w+)`", GUIDE, re.MULTILINE))


def test_every_code_of_the_pages_socket_is_explained() -> None:
    used = set(re.findall(r"\b4[0-9]{3}\b", (ROOT / "octokube_web" / "socket.py").read_text()))
    assert used | {"1012"} == set(re.findall(r"^\| (\d{4}) \|", GUIDE, re.MULTILINE))


def test_every_sentence_of_the_command_line_is_one_that_it_says() -> None:
    source = (ROOT / "octokube" / "cli" / "connecting.py").read_text()
    said = re.sub(r"\{\w+\}", "…", source.replace('"\n            f"', "").replace('"\n            "', ""))
    section = GUIDE.split("## ")[1]
    for sentence in re.findall(r"^\| `([^`A-Z][^`]*)`", section, re.MULTILINE):
        assert sentence in said
