"""The page speaks the contract as it is written."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
IDE = ROOT / "octokube_web" / "ide"


def test_the_generated_typescript_equals_the_proto_files(tmp_path: pathlib.Path) -> None:
    """Failing here means: run `tools/generate-contract`."""
    buf = shutil.which("buf", path=os.pathsep.join([str(ROOT / ".venv" / "bin"), os.environ.get("PATH", "")]))
    if buf is None or not (IDE / "node_modules" / ".bin" / "protoc-gen-es").exists():
        assert not os.environ.get("OCTOKUBE_REQUIRE_ALL"), "run make setup first"
        pytest.skip("the page's packages are not installed; run make setup")
    about_hub = ("admin_service", "enrolment_service", "gateway_service", "identity_service")
    names = sorted((*about_hub, "browser", "cluster_service", "frame", "operation", "resource"))
    paths = [option for name in names for option in ("--path", f"../../proto/octokube/v1/{name}.proto")]
    done = subprocess.run(
        [buf, "generate", "../../proto", "--template", "buf.gen.yaml", "-o", str(tmp_path), *paths],
        cwd=IDE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    generated = {path.name: path.read_text() for path in (tmp_path / "src" / "gen").rglob("*.ts")}
    committed = {path.name: path.read_text() for path in (IDE / "src" / "gen").rglob("*.ts")}
    assert sorted(generated) == [f"{name}_pb.ts" for name in names]
    assert generated == committed
