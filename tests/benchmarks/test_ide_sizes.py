"""What the page weighs is a goal that no machine excuses."""

import pathlib

import pytest

from benchmarks import ide


def test_the_page_and_its_larger_parts_keep_to_their_sizes() -> None:
    if not (ide.STATIC / "index.html").exists():
        pytest.skip("the page is not built")
    found = ide.sizes()
    assert found.initial > 50, "the page was found"
    assert min(found.lazy.values()) > 2, "each part was found"
    assert [one for one in ide.size_verdicts(found) if not one.is_met] == []


def test_what_is_imported_at_once_counts_and_what_is_imported_later_does_not(tmp_path: pathlib.Path) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    (tmp_path / "index.html").write_text('<script src="/assets/index-1.js"></script>')
    (assets / "index-1.js").write_text('import{a}from"./shared-2.js";import("./EditTab-3.js")')
    (assets / "shared-2.js").write_text("x" * 1000)
    (assets / "EditTab-3.js").write_text('import{a}from"./shared-2.js";import"./big-4.js"')
    (assets / "big-4.js").write_text("y" * 5000)
    found = ide.sizes(tmp_path)
    assert round(found.initial, 1) == 1.1
    assert round(found.lazy["editor"], 1) == 5.0
