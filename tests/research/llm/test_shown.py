"""What a brief shows of the leaf and of an experiment, beside the record."""

from __future__ import annotations

from pathlib import Path

import msgspec

from praxtui.program.spec import Metric
from praxtui.research.llm.shown import CHARACTERS, LOG_BYTES, Sealed, diff_of, log_tail_of
from tests.research.llm.desks import LEAF, FolderDesk


async def test_what_the_loop_names_comes_first_and_the_program_and_the_levers_not_at_all(tmp_path: Path) -> None:
    more = {"a.md": "notes", "data.bin": b"\1\2", "lib/deep.py": "X = 1\n", "weights.npz": b"\0\1", "zeros.txt": b"\0"}
    desk = FolderDesk(tmp_path, {**LEAF, **more})
    texts = await Sealed().texts(desk.brief(), desk)
    assert list(texts) == ["evaluate.py", "a.md", "lib/deep.py"]
    assert texts["evaluate.py"] == LEAF["evaluate.py"]


async def test_a_new_incumbent_is_read_afresh(tmp_path: Path) -> None:
    desk, sealed = FolderDesk(tmp_path), Sealed()
    brief = desk.brief()
    await sealed.texts(brief, desk)
    (desk.leaf / "evaluate.py").write_text("changed\n")
    assert (await sealed.texts(brief, desk))["evaluate.py"] == LEAF["evaluate.py"]
    moved = msgspec.structs.replace(brief, incumbent=msgspec.structs.replace(brief.incumbent, commit="1" * 40))
    assert (await sealed.texts(moved, desk))["evaluate.py"] == "changed\n"


async def test_a_file_too_large_to_be_worth_it_is_left_to_the_model(tmp_path: Path) -> None:
    desk = FolderDesk(tmp_path, {**LEAF, "corpus.txt": "x" * (CHARACTERS + 1), "small.txt": "y"})
    assert list(await Sealed().texts(desk.brief(), desk)) == ["evaluate.py", "small.txt"]


async def test_the_end_of_a_log_is_shown_without_the_hold_out_metric(tmp_path: Path) -> None:
    desk = FolderDesk(tmp_path)
    program = msgspec.structs.replace(desk.brief().program, metric=Metric("loss", holdout="test_loss"))
    desk.ran("e5", 1, "early\n" + "step: 1\n" * LOG_BYTES + "test_loss: 1.5\nloss: 1.25\n")
    tail = await log_tail_of("e5", program, desk)
    assert tail.endswith("hidden: 1.5\nloss: 1.25\n")
    assert len(tail) < LOG_BYTES + 10 and "early" not in tail


async def test_what_an_experiment_does_not_have_is_empty(tmp_path: Path) -> None:
    desk = FolderDesk(tmp_path)
    assert await diff_of("e9", desk) == ""
    assert await log_tail_of("e9", desk.brief().program, desk) == ""
