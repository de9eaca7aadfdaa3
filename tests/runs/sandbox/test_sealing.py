"""Which files are made read-only, and that many of them are, too."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from praxtui.runs.sandbox.sealing import MOST, SINGLY, bound
from tests.runs.sandbox.conftest import Yard
from tests.runs.sandbox.test_stage import TRY, only


def files(folder: Path, count: int) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"f{n}.py" for n in range(count)]
    for path in made:
        path.write_text("content")
    return [str(path) for path in made]


def test_few_are_bound_one_by_one_without_links_and_what_is_hidden(tmp_path: Path) -> None:
    few = files(tmp_path / "a", SINGLY - 1)
    (tmp_path / "link").symlink_to(few[0])
    given = (*few, str(tmp_path / "link"), str(tmp_path / "missing"), *files(tmp_path / "evaluation", 3))
    assert bound(given, (str(tmp_path / "evaluation"),)) == tuple(few)


def test_many_are_bound_by_folders_that_hold_nothing_else(tmp_path: Path) -> None:
    whole = [*files(tmp_path / "whole", 30), *files(tmp_path / "whole" / "inner", 5)]
    mixed = files(tmp_path / "mixed", 30)
    (tmp_path / "mixed" / "lever.py").write_text("x")
    linked = files(tmp_path / "linked", 3)
    (tmp_path / "linked" / "link").symlink_to(linked[0])
    found = bound((*mixed, *whole, *linked))
    assert found == (str(tmp_path / "whole"), *mixed, *linked)
    (tmp_path / "whole" / "inner" / "lever.py").write_text("x")
    assert set(bound((*mixed, *whole))) == {*mixed, *whole}


def test_there_is_an_end_to_it(tmp_path: Path) -> None:
    many = files(tmp_path / "many", MOST + 5)
    (tmp_path / "many" / "lever.py").write_text("x")
    assert bound(many) == tuple(many[:MOST])


@only(["full", "namespaces"])
@pytest.mark.parametrize("alone", [True, False])
def test_hundreds_of_sealed_files_cannot_be_written(yard: Yard, alone: bool) -> None:
    sealed = files(yard.tree / "oracle", 300)
    if not alone:
        (yard.tree / "oracle" / "lever.py").write_text("x")
    code = f"""{TRY}
attempt(write, *{sealed!r})
attempt(os.unlink, *{sealed!r})
write("mine")
attempt(lambda path: os.rename("mine", path), {sealed[-1]!r})
"""
    began = time.monotonic()
    end, said = yard.run(code, yard.sight(sealed=tuple(sealed)))
    assert (end.ok, said) == (True, ""), time.monotonic() - began
    assert {Path(path).read_text() for path in sealed} == {"content"}
