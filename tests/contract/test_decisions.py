"""The decision records are short, listed, and name every library that the design did not choose."""

import configparser
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
DECISIONS = ROOT / "docs" / "decisions"
RECORDS = sorted(DECISIONS.glob("[0-9]*.md"))
CHOSEN = {
    "aiohttp",
    "click",
    "grpcio",
    "grpcio-health-checking",
    "grpcio-reflection",
    "grpcio-tools",
    "hypothesis",
    "kubernetes",
    "orjson",
    "protobuf",
    "pycasbin",
    "pytest",
    "pytest-asyncio",
    "rich",
    "sqlite-utils",
    "structlog",
    "uvloop",
    "watchfiles",
}


def libraries_record() -> str:
    (record,) = DECISIONS.glob("*-libraries.md")
    return record.read_text()


def requirements() -> set[str]:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    lines = parser["options"]["install_requires"].splitlines()
    for extra in parser["options.extras_require"].values():
        lines += extra.splitlines()
    found = {re.split(r"[\[<>=!~; ]", line.strip())[0] for line in lines if line.strip()}
    return found - {"octokube"}


def test_every_python_library_is_chosen_or_explained() -> None:
    text = libraries_record()
    names = {"types-*" if name.startswith("types-") else name for name in requirements() - CHOSEN}
    missing = {name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)}
    assert not missing, f"say in docs/decisions/0007-libraries.md why: {sorted(missing)}"


def test_no_library_is_explained_that_is_not_there() -> None:
    present = requirements() | {"setuptools", "wheel"}
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", libraries_record(), flags=re.MULTILINE)
    named = {name.strip() for row in rows for name in row.split(",")} - {"library", "---"}
    assert {name for name in named if name != "types-*"} <= present


def test_every_npm_package_of_the_page_is_explained() -> None:
    package = json.loads((ROOT / "octokube_web" / "ide" / "package.json").read_text())
    text = libraries_record().lower()
    for name in {**package["dependencies"], **package["devDependencies"]}:
        short = name.rpartition("/")[2]
        is_named = name in text or short in text or name.startswith("@types/")
        assert is_named or short == "plugin-react", f"say in docs/decisions/0007-libraries.md why: {name}"


def test_records_are_numbered_titled_and_short() -> None:
    assert [path.name[:4] for path in RECORDS] == [f"{number:04}" for number in range(1, len(RECORDS) + 1)]
    for path in RECORDS:
        lines = path.read_text().splitlines()
        assert lines[0].startswith(f"# {path.name[:4]} "), path.name
        assert len(lines) <= 40, f"{path.name} has {len(lines)} lines; a record fits on a page"


def test_the_index_lists_every_record() -> None:
    index = (DECISIONS / "README.md").read_text()
    linked = re.findall(r"^- \[(.+)\]\((.+)\)$", index, flags=re.MULTILINE)
    assert linked == [(path.read_text().splitlines()[0].removeprefix("# "), path.name) for path in RECORDS]


def test_paths_that_records_name_exist() -> None:
    for path in RECORDS:
        for named in re.findall(r"`((?:tools|tests|octokube\w*|helm|docs|policies)/[\w./-]+)`", path.read_text()):
            assert (ROOT / named).exists(), f"{path.name} names {named}"
