"""The contract is well-formed, explained, and equal to the code that was generated from it."""

import filecmp
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PROTO = ROOT / "proto"
GENERATED = ROOT / "octokube" / "v1"

pytestmark = pytest.mark.timeout(60)


def buf(*arguments: str, cwd: pathlib.Path = ROOT) -> "subprocess.CompletedProcess[str]":
    program = pathlib.Path(sys.executable).with_name("buf")
    return subprocess.run([str(program), *arguments], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the contract that may be broken."""
    shutil.copytree(PROTO, tmp_path / "proto")
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    return tmp_path


def change(copy: pathlib.Path, file: str, former: str, new: str) -> None:
    path = copy / "proto" / "octokube" / "v1" / file
    text = path.read_text()
    assert former in text, f"{file} no longer has {former!r}; change this test with it"
    path.write_text(text.replace(former, new, 1))


def test_the_contract_passes_buf_lint() -> None:
    """STANDARD, and COMMENTS: every message, field, RPC and enum value says what it means."""
    result = buf("lint")
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_contract_is_formatted() -> None:
    result = buf("format", "-d", "--exit-code")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "former", "new", "complaint"),
    [
        ("frame.proto", "  // Which object. Always set.\n", "", "COMMENT_FIELD"),
        ("frame.proto", "// FrameKind says what a frame is for.\n", "", "COMMENT_ENUM"),
        (
            "frame.proto",
            "  // Progress without content; at least every 5 seconds on a live stream.\n",
            "",
            "COMMENT_ENUM_VALUE",
        ),
        (
            "cluster_service.proto",
            "  // WhoAmI says who the hub takes the caller for, and what policy grants and refuses them.\n",
            "",
            "COMMENT_RPC",
        ),
        ("agent_service.proto", "FrameKind kind = 1;", "FrameKind Kind = 1;", "FIELD_LOWER_SNAKE_CASE"),
    ],
)
def test_what_is_unexplained_or_misnamed_is_refused(
    copy: pathlib.Path, file: str, former: str, new: str, complaint: str
) -> None:
    """The lint above is only worth something while its rules are on."""
    change(copy, file, former, new)
    result = buf("lint", "--error-format", "config-ignore-yaml", cwd=copy)
    assert result.returncode != 0
    assert complaint in result.stdout


def test_the_generated_python_equals_the_contract(tmp_path: pathlib.Path) -> None:
    """octokube/v1 is never edited: tools/generate-contract writes it, from what proto/ holds now."""
    subprocess.run(
        [ROOT / "tools" / "generate-contract", tmp_path],
        env={"PYTHON": sys.executable, "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    fresh = tmp_path / "octokube" / "v1"
    assert names(fresh) == names(GENERATED)
    _, different, unreadable = filecmp.cmpfiles(fresh, GENERATED, names(fresh), shallow=False)
    assert not different + unreadable, f"run tools/generate-contract: {different + unreadable} differ from proto/"


def names(folder: pathlib.Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix in (".py", ".pyi"))


def test_every_file_of_the_contract_has_its_python() -> None:
    stems = {path.stem for path in (PROTO / "octokube" / "v1").glob("*.proto")}
    assert {name.removesuffix("_pb2.py") for name in names(GENERATED) if name.endswith("_pb2.py")} == stems


@pytest.mark.parametrize(
    ("file", "former", "new", "complaint"),
    [
        ("frame.proto", "  string cluster = 3;", "  string cluster = 33;", "FIELD_NO_DELETE"),
        ("frame.proto", "  fixed64 digest = 10;", "  uint64 digest = 10;", "FIELD_SAME_TYPE"),
        ("cluster_service.proto", "rpc GetObject(", "rpc ReadObject(", "RPC_NO_DELETE"),
    ],
)
def test_a_change_that_breaks_others_is_noticed(
    copy: pathlib.Path, file: str, former: str, new: str, complaint: str
) -> None:
    change(copy, file, former, new)
    result = buf("breaking", "--against", str(ROOT), "--error-format", "config-ignore-yaml", cwd=copy)
    assert result.returncode != 0
    text = buf("breaking", "--against", str(ROOT), "--error-format", "json", cwd=copy).stdout
    assert complaint in text


def test_an_addition_breaks_nobody(copy: pathlib.Path) -> None:
    change(
        copy,
        "agent_service.proto",
        "  string server_version = 5;\n",
        "  string server_version = 5;\n  // New.\n  string added = 100;\n",
    )
    result = buf("breaking", "--against", str(ROOT), cwd=copy)
    assert result.returncode == 0, result.stdout


def test_no_field_number_is_used_twice_in_a_message_of_the_hot_path() -> None:
    """Hub and gateway join encoded fields by number; these numbers are written down in Python too."""
    from octokube.v1 import agent_service_pb2, browser_pb2, cluster_service_pb2, frame_pb2

    numbers = {
        frame_pb2.Frame: {"entries": 7, "tombstones": 8, "digest": 10},
        frame_pb2.Entry: {"key": 1, "resource_version": 2, "row": 3, "body": 4},
        agent_service_pb2.ConnectRequest: {"frame": 2},
        cluster_service_pb2.WatchResponse: {"frame": 1},
        browser_pb2.GatewayMessage: {"channel": 1, "watch": 2, "catalog": 3},
    }
    for message, fields in numbers.items():
        held = {name: message.DESCRIPTOR.fields_by_name[name].number for name in fields}
        assert held == fields, f"{message.DESCRIPTOR.name}: the joining code must follow"
