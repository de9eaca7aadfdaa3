"""A diff as rows, and as lines on the screen."""

from __future__ import annotations

import difflib
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from praxtui.tui.widgets.diff import DiffLines, Row, rows, undone, unified
from praxtui.tui.widgets.folds import Line

DIFF = """\
diff --git a/train.py b/train.py
index 1..2 100644
--- a/train.py
+++ b/train.py
@@ -9,3 +9,3 @@ def f():
 # a comment
-ROPE_BASE = 10_000
+ROPE_BASE = 200_000
 x = "text"
\\ No newline at end of file
--- /dev/null
+++ b/new.txt
@@ -0,0 +1 @@
+--- not a file
"""
texts = st.lists(st.sampled_from(["a", "b", "--- x", "+++ y", "@@ -1 +1 @@", "", "\\ z", " "]), max_size=8)


def text(line: Line) -> str:
    return "".join(piece.text for piece in line)


def test_rows_have_their_files_and_numbers() -> None:
    found = list(rows(DIFF))
    assert [(row.kind, row.number) for row in found] == [
        ("file", None),
        ("hunk", None),
        ("same", 9),
        ("removed", 10),
        ("added", 10),
        ("same", 11),
        ("note", None),
        ("file", None),
        ("hunk", None),
        ("added", 1),
    ]
    assert found[-1] == Row("added", "--- not a file", 1, "new.txt")
    assert found[7].text == "new.txt"


@given(texts, texts)
def test_both_texts_can_be_read_off_a_diff_of_all_of_them(before: list[str], after: list[str]) -> None:
    diff = "\n".join(difflib.unified_diff(before, after, "a/x", "b/x", lineterm="", n=99))
    found = list(rows(diff))
    if before == after:
        assert not found
        return
    assert [row.text for row in found if row.kind in ("same", "removed")] == before
    assert [row.text for row in found if row.kind in ("same", "added")] == after
    new = [row for row in found if row.kind in ("same", "added")]
    assert [row.number for row in new] == list(range(1, len(new) + 1))


@given(st.text())
def test_anything_can_be_read_as_a_diff(diff: str) -> None:
    lines = DiffLines(diff)
    for n in range(lines.count):
        assert not any(unicodedata.category(c) == "Cc" for c in text(lines.line(n)))


def test_lines_keep_their_signs_and_say_what_they_mean() -> None:
    lines = DiffLines(DIFF)
    shown = [text(lines.line(n)) for n in range(lines.count)]
    assert shown[2:6] == [
        "   9   # a comment",
        "  10 - ROPE_BASE = 10_000",
        "  10 + ROPE_BASE = 200_000",
        '  11   x = "text"',
    ]
    assert {piece.text: piece.kind for piece in lines.line(4)}["200_000"] == "added number"
    assert {piece.text: piece.kind for piece in lines.line(2)}["# a comment"] == "comment"
    assert lines.wide >= max(len(line) for line in shown)


def test_files_of_an_unknown_kind_and_endless_lines_are_shown_as_they_are() -> None:
    lines = DiffLines(f"--- a/x.unknown\n+++ b/x.unknown\n@@ -1 +1 @@\n-def\n+{'y = 1 ' * 1000}\n")
    assert [piece.kind for piece in lines.line(2)] == ["weak", "removed", "removed"]
    assert lines.wide > 6000


def test_what_turns_one_text_into_another() -> None:
    assert unified("a\nb", "a\nb", "x.py") == ""
    assert [row.kind for row in rows(unified("a\nb", "a\nc", "x.py"))] == ["file", "hunk", "same", "removed", "added"]


@given(texts, texts)
def test_a_diff_can_be_undone(before: list[str], after: list[str]) -> None:
    old, new = "\n".join(before), "\n".join(after)
    assert undone(new, unified(old, new, "x.py"), "x.py") == old
    other = unified("q", "r", "other.py") + "\n" + unified(old, new, "x.py")
    assert undone(new, other, "x.py") == old
