"""docs/virtual-rbac.md is true: its tables are the product's, its rows load, its output is what the command writes."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from octokube.cli.main import main
from octokube_hub.policy.tabletests import read_table
from octokube_hub.policy.verbs import KUBERNETES_VERBS, OPERATIONS, SUBRESOURCES, VERB_SETS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "virtual-rbac.md").read_text(encoding="utf-8")
READING, REFERENCE = PAGE.split("\n# To look up\n")


def blocks(kind: str, part: str = REFERENCE) -> list[str]:
    """What is fenced under exactly this heading: a language, and perhaps the file that it is."""
    return re.findall(rf"^```{re.escape(kind)}\n(.*?)^```$", part, re.DOTALL | re.MULTILINE)


def run_block(block: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Runs the commands of a block; the block as it should have been written."""
    told = ""
    for line in block.splitlines():
        if not line.startswith("$ "):
            continue
        program, *arguments = shlex.split(line[2:])
        if program == "octokube":
            with pytest.raises(SystemExit):
                main(arguments)
        else:
            subprocess.run([program, *arguments], check=True)
        told += f"{line}\n{capsys.readouterr().out}"
    return told


def without_revision(text: str) -> str:
    return re.sub(r"(revision +)[0-9a-f]{12}\b", r"\1…", text)


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading; code marks removed."""
    lines = PAGE.split(f"\n| {heading} |", 1)[1].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def words(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


def test_operations_are_those_of_the_product():
    documented = {words(name)[0]: (words(types), words(same)) for name, types, same in table("operation")}
    assert set(documented) == set(OPERATIONS)
    for name, (types, same) in documented.items():
        known = OPERATIONS[name]
        assert set(types) == set(known.types or ())
        assert set(same[:-1]) == set(known.verbs)
        assert not same or same[-1].rpartition("/")[2] == known.subresource


def test_subresources_are_those_of_the_product():
    documented = {words(name)[0]: (words(types), words(verbs)) for name, types, verbs in table("subresource")}
    assert set(documented) == set(SUBRESOURCES)
    for name, (types, verbs) in documented.items():
        assert (set(types), verbs) == (set(SUBRESOURCES[name].types or ()), SUBRESOURCES[name].verbs)


def test_verbs_and_sets_are_those_of_the_product():
    sets = {words(name)[0]: words(verbs) for name, verbs in table("set")}
    assert sets == dict(VERB_SETS)
    sentence = re.search(r"one of Kubernetes' \((.*?)\)", PAGE, re.DOTALL)
    assert sentence is not None
    assert words(sentence[1]) == KUBERNETES_VERBS


@pytest.mark.parametrize("text", blocks("csv"), ids=lambda text: text.splitlines()[0][:40])
def test_rows_load_as_they_are_written(build, text):
    assert build(policy=text).revision


def test_named_windows_and_tables_load_as_they_are_written(build):
    windows, cases = blocks("yaml")
    assert set(build(windows=windows).windows) == {"@office-hours", "@oncall-dana", "@night-freeze", "@counter"}
    assert len(read_table("page.yaml", cases)) == 2


@pytest.mark.parametrize("block", blocks("console"), ids=lambda text: text.splitlines()[0][11:50])
def test_output_is_what_the_command_writes(block, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert without_revision(run_block(block, capsys)) == without_revision(block)


def test_the_reading_builds_one_policy_and_every_answer_on_the_way_is_what_the_command_writes(
    capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies").mkdir()
    found = re.findall(r"^```([^\n]*)\n(.*?)^```$", READING, re.DOTALL | re.MULTILINE)
    assert len(found) > 15
    for kind, text in found:
        language, _, file = kind.partition(" ")
        if language == "console":
            assert without_revision(run_block(text, capsys)) == without_revision(text)
        else:
            assert language in ("csv", "yaml")
            (tmp_path / file).parent.mkdir(exist_ok=True)
            with (tmp_path / file).open("a", encoding="utf-8") as opened:
                opened.write(text)


def test_every_fenced_block_is_of_a_kind_that_some_test_reads():
    kinds = set(re.findall(r"^```([^\n]+)$", REFERENCE, re.MULTILINE))
    assert kinds == {"csv", "yaml", "console", "sh hub", *CI, PRE_COMMIT}  # "sh hub": see test_toolchain_hub


CI = {"yaml .github/workflows/policy.yaml": "GITHUB", "yaml .gitlab-ci.yml": "GITLAB"}
PRE_COMMIT = "yaml .pre-commit-config.yaml"


@pytest.fixture
def octokube_on_path(tmp_path, monkeypatch):
    """The command as a program, however the tests were started."""
    script = tmp_path / "bin" / "octokube"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nfrom octokube.cli.main import main\nmain()\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def pull_request(tmp_path, monkeypatch):
    """A clone whose branch adds a row to the example set, as CI would have it checked out."""
    for name in ("NAME", "EMAIL"):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", "dana")
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", "dana")
    origin, clone = tmp_path / "origin", tmp_path / "work" / "clone"
    shutil.copytree(ROOT / "policies", origin / "policies")

    def git(directory: Path, *words: str) -> None:
        subprocess.run(["git", "-C", str(directory), *words], check=True, capture_output=True)

    git(origin, "init", "-q", "-b", "main")
    git(origin, "add", "policies")
    git(origin, "commit", "-q", "-m", "as it is")
    clone.parent.mkdir()
    git(tmp_path, "clone", "-q", str(origin), str(clone))
    with (clone / "policies" / "policy.csv").open("a") as file:
        file.write("p, user:dana, demo, payments, pods, *, get, always, allow\n")
    git(clone, "commit", "-q", "-a", "-m", "as it is to be")
    return clone


def steps_of(kind: str) -> list[str]:
    """The commands that a snippet for CI runs, without the installation."""
    (text,) = blocks(kind)
    found = yaml.safe_load(text)
    (job,) = found.get("jobs", found).values()
    steps = job["script"] if "script" in job else [step["run"] for step in job["steps"] if "run" in step]
    return [step for step in steps if not step.startswith("pip install")]


def run_steps(kind: str, directory: Path, shell: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    summary = directory.parent / "summary"
    environment = {"GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": str(summary)}
    environment["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"] = "main"
    script = "\n".join(steps_of(kind))
    return subprocess.run(
        [*shell, script], cwd=directory, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", CI)
def test_the_snippet_for_ci_passes_a_good_change_and_tells_what_it_does(kind, pull_request, octokube_on_path):
    done = run_steps(kind, pull_request, ("bash", "-e", "-c"))
    assert done.returncode == 0, done.stderr
    told = (pull_request / "changes.txt").read_text()
    assert "+ user:dana: get on demo/payments pods/any" in told
    summary = pull_request.parent / "summary"
    assert told in (summary.read_text() if summary.exists() else done.stdout)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", CI)
@pytest.mark.parametrize("file", ["policies/policy.csv", "policies/tests/people.yaml"])
def test_the_snippet_for_ci_refuses_a_bad_change(kind, file, pull_request, octokube_on_path):
    bad = {"policies/policy.csv": "p, user:dana\n"}.get(
        file,
        "- { who: user:dana, cluster: demo, namespace: payments, resource: pods, name: a, verb: exec,\n"
        "    at: 2026-03-04T12:00Z, expect: allow, why: nobody said so }\n",
    )
    with (pull_request / file).open("a") as opened:
        opened.write(bad)
    assert run_steps(kind, pull_request, ("bash", "-e", "-c")).returncode != 0


@pytest.mark.timeout(60)
@pytest.mark.parametrize("is_good", [True, False])
def test_the_pre_commit_hooks_that_the_page_names_run_as_pre_commit_runs_them(is_good, pull_request, octokube_on_path):
    defined = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    (text,) = blocks(PRE_COMMIT)
    used = yaml.safe_load(text)["repos"][0]["hooks"]
    assert [hook["id"] for hook in used] == list(defined)
    if not is_good:
        (pull_request / "policies" / "policy.csv").write_text("p, role:ghost, demo, a, pods, *, read, always, allow\n")
    codes = []
    for hook in used:
        definition = defined[hook["id"]]
        assert re.search(definition["files"], "policies/policy.csv")
        command = [*shlex.split(definition["entry"]), *hook["args"]]
        codes.append(subprocess.run(command, cwd=pull_request, capture_output=True, check=False).returncode)
    assert codes == ([0, 0] if is_good else [1, 1])
