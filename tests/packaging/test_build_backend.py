"""Installing from a checkout builds the page first, or says in one sentence what is missing."""

import importlib.util
import os
import pathlib
from types import ModuleType

import pytest

BACKEND = pathlib.Path(__file__).parents[2] / "tools" / "build_backend.py"


@pytest.fixture
def backend(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The backend, for a checkout whose page is not built."""
    spec = importlib.util.spec_from_file_location("build_backend", BACKEND)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "ide" / "src").mkdir(parents=True)
    (tmp_path / "ide" / "src" / "main.tsx").write_text("")
    monkeypatch.setattr(module, "IDE", tmp_path / "ide")
    monkeypatch.setattr(module, "PAGE", tmp_path / "static" / "index.html")
    monkeypatch.delenv("OCTOKUBE_SKIP_IDE", raising=False)
    return module


def test_without_node_it_ends_with_one_sentence_that_says_what_to_do(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit) as ended:
        backend.ensure_page()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Node.js 20" in said
    assert "OCTOKUBE_SKIP_IDE=1" in said


def test_the_page_can_be_left_out_on_purpose(backend: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("OCTOKUBE_SKIP_IDE", "1")
    backend.ensure_page()


def test_a_page_newer_than_its_sources_is_not_built_again(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    page = tmp_path / "static" / "index.html"
    page.parent.mkdir()
    page.write_text("")
    source = tmp_path / "ide" / "src" / "main.tsx"
    os.utime(source, (1, 1))
    backend.ensure_page()
    os.utime(page, (0, 0))
    with pytest.raises(SystemExit):
        backend.ensure_page()
