"""The Dockerfile says what can be built; no container engine is needed to see whether it is consistent."""

import configparser
import fnmatch
import importlib
import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest

from tests.charts.rendering import ROOT, parse

TARGETS = ("agent", "hub", "web")


@dataclass
class Stage:
    """One build stage: what it starts from and its instructions in order."""

    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [text for instruction, text in self.instructions if instruction == name]

    def last(self, name: str) -> str | None:
        found = self.all(name)
        return found[-1] if found else None


@pytest.fixture(scope="module")
def stages() -> dict[str, Stage]:
    text = (ROOT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines()
    arguments = {}
    found: dict[str, Stage] = {}
    for line in joined:
        instruction, _, rest = line.partition(" ")
        if instruction == "ARG" and not found:
            name, _, default = rest.partition("=")
            arguments[name] = default
        elif instruction == "FROM":
            match = re.fullmatch(r"(\S+) AS (\S+)", rest)
            assert match, f"a stage without a name: {line}"
            base = re.sub(r"\$\{(\w+)\}", lambda name: arguments[name[1]], match[1])
            stage = found[match[2]] = Stage(base)
        else:
            stage.instructions.append((instruction, rest))
    return found


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path of the checkout out: its last matching line decides."""
    result = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        parents = [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]
        plain = pattern.removeprefix("**/")
        is_match = any(
            fnmatch.fnmatch(candidate, pattern)
            or (pattern.startswith("**/") and fnmatch.fnmatch(candidate.rpartition("/")[2], plain))
            for candidate in parents
        )
        if is_match:
            result = not line.startswith("!")
    return result


def test_there_is_a_target_for_each_program(stages: dict[str, Stage]) -> None:
    assert [name for name, stage in stages.items() if stage.base == "base"] == list(TARGETS)


def test_every_stage_starts_from_a_stage_before_it_or_from_a_pinned_image(stages: dict[str, Stage]) -> None:
    for number, (name, stage) in enumerate(stages.items()):
        is_own = stage.base in list(stages)[:number]
        assert is_own or re.fullmatch(r"(python:3\.(11|12|13)|node:2\d)-slim", stage.base), f"{name}: {stage.base}"


def test_what_is_copied_exists_and_reaches_the_build(stages: dict[str, Stage]) -> None:
    for stage in stages.values():
        for text in stage.all("COPY"):
            words = shlex.split(text)
            if words[0].startswith("--from="):
                assert words[0].removeprefix("--from=") in stages
                continue
            for source in words[:-1]:
                assert (ROOT / source).exists(), source
                assert not ignored(source), f"{source} is in .dockerignore"


def test_what_must_not_reach_the_build_is_ignored() -> None:
    for path in (
        ".git/config",
        ".venv/bin/python",
        "tests/conftest.py",
        "octokube_web/static/index.html",
        "octokube_web/ide/node_modules/vite/package.json",
        "octokube_hub/__pycache__/app.cpython-312.pyc",
    ):
        assert ignored(path), path
    for path in ("octokube_hub/app.py", "octokube/v1/frame_pb2.py", "octokube_web/ide/package.json", "setup.cfg"):
        assert not ignored(path), path


def test_every_package_of_the_wheel_is_copied(stages: dict[str, Stage], setup: configparser.ConfigParser) -> None:
    included = setup["options.packages.find"]["include"].split()
    packages = {name for name in included if not name.endswith(".*")}
    copied = {shlex.split(text)[0] for text in stages["wheel"].all("COPY")}
    assert packages <= copied
    for named in (
        setup["metadata"]["long_description"].removeprefix("file:").strip(),
        setup["metadata"]["license_files"],
    ):
        assert any(named in shlex.split(text) for text in stages["wheel"].all("COPY"))


def test_each_target_installs_its_own_extra(stages: dict[str, Stage], setup: configparser.ConfigParser) -> None:
    for target in TARGETS:
        (install,) = stages[f"{target}-environment"].all("RUN")
        assert f"[{target}]" in install
        assert target in setup["options.extras_require"]
        assert f"--from={target}-environment /opt/octokube /opt/octokube" in stages[target].all("COPY")


def test_nothing_runs_as_root(stages: dict[str, Stage]) -> None:
    for target in TARGETS:
        assert stages[target].last("USER") == "65532:65532"
        after_user = stages[target].instructions[stages[target].instructions.index(("USER", "65532:65532")) :]
        assert "RUN" not in [instruction for instruction, _ in after_user]


def test_each_target_starts_its_program_with_arguments_it_accepts(
    stages: dict[str, Stage], setup: configparser.ConfigParser
) -> None:
    scripts = dict(line.split(" = ") for line in setup["options.entry_points"]["console_scripts"].strip().splitlines())
    for target in TARGETS:
        (program,) = json.loads(stages[target].last("ENTRYPOINT") or "[]")
        assert program == f"octokube-{target}"
        module, _, function = scripts[program].partition(":")
        imported = importlib.import_module(module)
        assert callable(getattr(imported, function))
        command = getattr(imported, "cli", getattr(imported, function))
        assert isinstance(command, click.Command)
        arguments = json.loads(stages[target].last("CMD") or "[]")
        if arguments:
            parse(command, arguments)


def test_what_listens_has_a_health_check_and_a_port(stages: dict[str, Stage]) -> None:
    for target, port in (("hub", "7443"), ("web", "7080")):
        assert stages[target].last("EXPOSE") == port
        assert f":{port}" in (stages[target].last("CMD") or "")
        check = stages[target].last("HEALTHCHECK") or ""
        words = json.loads(check.partition(" CMD ")[2])
        assert words[:2] == ["python", "-c"]
        compile(words[2], "HEALTHCHECK", "exec")
        assert port in words[2]
    assert stages["agent"].last("EXPOSE") is None
    assert stages["agent"].last("HEALTHCHECK") is None
