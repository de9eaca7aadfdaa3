"""Editing a program: saved whole or not at all, and said what it means."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.errors import UserError
from praxtui.tui.program_file import ChangedMeanwhile, ProgramFile, edited, editor, meaning, problems
from praxtui.tui.widgets.plain_area import cleaned, visible
from praxtui.tui.widgets.program_spans import kinds, spans
from tests.making import make_leaf, program_text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_leaf(tmp_path / "leaf", repository=False) / "program.md"


class TestSaving:
    def test_the_file_keeps_its_permissions_and_nothing_is_left_beside_it(self, path: Path) -> None:
        path.chmod(0o640)
        before = sorted(path.parent.iterdir())
        ProgramFile(path).save("new\n")
        assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new\n", 0o640)
        assert sorted(path.parent.iterdir()) == before

    def test_a_link_stays_a_link(self, path: Path, tmp_path: Path) -> None:
        link = tmp_path / "link.md"
        link.symlink_to(path)
        ProgramFile(link).save("new\n")
        assert link.is_symlink()
        assert path.read_text() == "new\n"

    def test_what_somebody_else_wrote_is_written_over_only_when_told(self, path: Path) -> None:
        file = ProgramFile(path)
        path.write_text("theirs\n")
        with pytest.raises(ChangedMeanwhile):
            file.save("mine\n")
        assert path.read_text() == "theirs\n"
        file.save("mine\n", over=True)
        file.save("mine again\n")
        assert path.read_text() == "mine again\n"

    def test_a_file_that_went_away_counts_as_changed(self, path: Path) -> None:
        file = ProgramFile(path)
        path.unlink()
        with pytest.raises(ChangedMeanwhile):
            file.save("mine\n")
        file.save("mine\n", over=True)
        assert path.read_text() == "mine\n"

    def test_a_save_that_fails_leaves_the_file_and_says_why(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file, before, there = ProgramFile(path), path.read_text(), sorted(path.parent.iterdir())

        def full(handle: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(UserError, match=r"cannot write program\.md: No space left on device"):
            file.save("mine\n")
        assert (path.read_text(), sorted(path.parent.iterdir())) == (before, there)

    def test_what_is_no_text_cannot_be_opened(self, path: Path) -> None:
        path.write_bytes(b"\xff\xfe")
        with pytest.raises(UserError, match="not UTF-8"):
            ProgramFile(path)


class TestMeaning:
    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("Raise the score.", "Raise it more.", "saved: the prose holds from the next draft on"),
            ('"budget": "20s"', '"budget": "40s"', "saved: loop.budget, loop.timeout open a new epoch after this run"),
            ('"name": "score"', '"name": "loss"', "saved: metric.name opens a new epoch after this run"),
            (
                '"repeats": 3',
                '"repeats": 4',
                "saved: the specification holds from the next draft on; the epoch goes on",
            ),
            ("Raise", "Raise", "program.md: nothing changed"),
        ],
    )
    def test_an_edit_is_told_apart_by_what_it_does_to_a_campaign(
        self, path: Path, old: str, new: str, said: str
    ) -> None:
        before = path.read_text()
        assert old in before
        assert meaning(before, before.replace(old, new), path).text == said

    def test_what_a_campaign_cannot_take_is_said_with_its_line(self, path: Path) -> None:
        answer = meaning(path.read_text(), program_text({"levers": {"edit": ["setings.py"]}}), path)
        assert not answer.ok
        assert answer.text.startswith("saved, but a campaign does not take it: line 3: levers.edit: setings.py matches")

    def test_every_problem_is_found(self, path: Path) -> None:
        found = problems(program_text({"metric": {"gaol": "x"}, "loop": {"budget": "soon"}}), path)
        assert [problem.key for problem in found] == ["metric.gaol", "loop.budget"]
        assert problems("no front matter", path)[0].line == 1


class TestEditors:
    def test_visual_comes_before_editor_and_both_may_have_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EDITOR", "nano")
        monkeypatch.setenv("VISUAL", "code --wait 'a b'")
        assert editor() == ["code", "--wait", "a b"]
        monkeypatch.setenv("VISUAL", " ")
        assert editor() == ["nano"]
        monkeypatch.delenv("EDITOR")
        assert editor() == []

    def test_words_that_cannot_be_read_are_said_to_be(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VISUAL", "vi 'x")
        with pytest.raises(UserError, match="VISUAL cannot be read"):
            editor()

    def test_what_the_editor_wrote_is_said(self, path: Path) -> None:
        write = "import sys; p = sys.argv[1]; t = open(p).read(); open(p, 'w').write(t + 'More.\\n')"
        answer = edited([sys.executable, "-c", write], path, contextlib.nullcontext())
        assert (answer.ok, answer.text) == (True, "saved: the prose holds from the next draft on")

    def test_an_editor_that_fails_is_named_with_its_exit_code(self, path: Path) -> None:
        answer = edited([sys.executable, "-c", "raise SystemExit(3)"], path, contextlib.nullcontext())
        assert (answer.ok, answer.text) == (
            False,
            f"the editor {sys.executable!r} ended with exit code 3; program.md: nothing changed",
        )

    def test_the_screen_comes_back_where_there_is_no_such_editor(self, path: Path) -> None:
        back = []

        @contextlib.contextmanager
        def away():  # type: ignore[no-untyped-def]
            yield
            back.append(True)

        with pytest.raises(UserError, match="cannot start the editor 'no-such-editor'"):
            edited(["no-such-editor"], path, away())
        assert back == [True]


class TestText:
    @given(st.text())
    def test_what_is_cleaned_and_what_is_visible_steers_no_terminal(self, text: str) -> None:
        for shown in (cleaned(text).replace("\n", ""), visible(text).replace("\t", "")):
            assert not any(c in shown for c in map(chr, [*range(32), 127, *range(128, 160), 0x202E, 0xFEFF]))
        assert len(visible(text)) == len(text)

    def test_a_paste_keeps_its_lines_and_loses_its_escapes(self) -> None:
        assert cleaned("a\r\nb\rc\x1b[31md\x1b]0;t\x07e\x00") == "a\nb\ncde"

    @given(st.lists(st.sampled_from(["---", "a: 1 # c", "# h", "```", "- `x` **y**", "", "text"]), max_size=12))
    def test_spans_lie_inside_their_lines(self, lines: list[str]) -> None:
        found = kinds(lines)
        assert len(found) == len(lines)
        for line, kind in zip(lines, found, strict=True):
            assert all(0 <= span.start <= span.end <= len(line) for span in spans(line, kind))

    def test_front_matter_and_code_are_told_from_prose(self) -> None:
        lines = ["---", "metric: # what", "---", "# Task", "```", "# no heading", "```", "- see `x`"]
        found = [[span.name for span in spans(line, kind)] for line, kind in zip(lines, kinds(lines), strict=True)]
        assert found == [
            ["fence"], ["key", "comment"], ["fence"], ["heading"], ["fence"], ["code"], ["fence"], ["mark", "code"],
        ]  # fmt: skip
