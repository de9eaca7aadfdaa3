"""Search and replace: what is meant once is done, everything else is an error that helps, nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from praxtui.research.llm.edits import BOM, Edited, apply, broken
from praxtui.research.llm.tools import Block
from praxtui.research.protocol import NotAllowed

TEXT = """import math

LR = 3e-3
BATCH = 64


def schedule(step, steps):
    if step < 100:
        return LR * step / 100
    return LR * 0.5


def other(step, steps):
    if step < 100:
        return 0
    return LR * 0.25
"""

LINE = st.sampled_from(
    ["", " ", "a", "b = 1", "    b = 1", "\tb = 1", "a  ", "\u201ca\u201d", "x\u2013y", "é", "a\u00a0b", "    a"]
)
LINES = st.lists(LINE, min_size=1, max_size=8).map("\n".join)
ANY = st.text(alphabet="ab \n\t\u00e9\u2013-\"'\u201c\u201d", min_size=1, max_size=12)


def edit(text: str, search: str, replace: str) -> str:
    return apply("train.py", text, [Block(search, replace)]).text


def refused(text: str, *blocks: tuple[str, str]) -> str:
    with pytest.raises(NotAllowed) as raised:
        apply("train.py", text, [Block(*block) for block in blocks])
    return raised.value.reason


def overlapping(text: str, search: str) -> int:
    return sum(text.startswith(search, at) for at in range(len(text)))


# --- properties ------------------------------------------------------------------------------------------------------


@given(LINES | ANY, ANY, ANY, st.data())
def test_an_exact_unique_replacement_is_what_str_replace_does(
    text: str, search: str, replace: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + search + text[at:]
    assume(overlapping(text, search) == 1 and search != replace)
    assert edit(text, search, replace) == text.replace(search, replace)


@given(LINES, ANY, ANY)
def test_an_exact_text_that_occurs_twice_is_never_replaced(text: str, search: str, replace: str) -> None:
    assume(search != replace)
    said = refused(text + search + "\n" + search, (search, replace))
    assert "add lines before or after it" in said


@given(LINES, LINES, LINES, ANY, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_was_not_meant_stays_byte_for_byte(
    before: str, body: str, after: str, replace: str, end: str, mark: bool
) -> None:
    whole = (BOM if mark else "") + f"{before}\n{body}\n{after}".replace("\n", end)
    try:
        made = apply("a.txt", whole, [Block(body, replace)])
    except NotAllowed:
        return
    assert len(made.lines) == 1
    first, last = made.lines[0]
    old, new = whole.split("\n"), made.text.split("\n")
    assert new[: first - 1] == old[: first - 1]
    tail = len(new) - last - 1  # the line after it may be what is left of a line that was cut in two
    assert tail <= 0 or new[-tail:] == old[-tail:]
    assert made.text.startswith(BOM) == mark
    if end == "\r\n":
        assert made.text.count("\n") == made.text.count("\r\n")


@given(st.lists(st.sampled_from(["a = 1", "b = 2", "if x:", "    c", ""]), min_size=1, max_size=6), st.integers(1, 8))
def test_a_uniform_indent_is_passed_on_to_the_replacement(body: list[str], shift: int) -> None:
    assume(body[0].strip() and body[-1].strip() and any(line.startswith("a") for line in body))
    there = [" " * shift + line if line else "" for line in body]
    text = "\n".join(["start", *there, "end", ""])
    search, replace = "\n".join(body), "\n".join(["fresh = 0", *body, "    deep = 1"])
    assume(search not in text)
    wanted = "\n".join(
        ["start", " " * shift + "fresh = 0", *there, " " * (shift + 4) + "deep = 1", "end", ""]
    )  # fmt: skip
    made = apply("a.txt", text, [Block(search, replace)])
    assert made.text == wanted
    assert made.loosely == ("with the indent shifted",)


@given(LINES, LINES)
def test_a_text_that_is_nowhere_is_never_replaced_whatever_is_like_it(text: str, search: str) -> None:
    assume(search.strip())
    key = "".join(search.split()) + "z"
    said = refused(text, (key + "\n" + search, "new"))
    assert "search does not occur in the file" in said


@given(st.text(max_size=60), st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=1, max_size=3))
def test_any_blocks_on_any_text_are_applied_or_refused(text: str, blocks: list[tuple[str, str]]) -> None:
    try:
        made = apply("a.txt", text, [Block(*block) for block in blocks])
    except NotAllowed:
        return
    assert made.text != text
    assert all(1 <= first <= last <= made.text.count("\n") + 1 for first, last in made.lines)


# --- the ladder ------------------------------------------------------------------------------------------------------


def test_an_exact_place_wins_over_others_that_would_match_loosely() -> None:
    text = "x = 1  \n    x = 1\nif y:\n    x = 1;\n"
    assert edit("x = 1 \n" + text, "x = 1 \n", "x = 2\n").startswith("x = 2\nx = 1  \n")


def test_trailing_white_space_does_not_matter_and_only_the_place_changes() -> None:
    made = apply("a.txt", "a  \nb\t\nc \n", [Block("a\nb  ", "A\nB")])
    assert made == Edited("A\nB\nc \n", ((1, 2),), ("trailing white space aside",))


def test_an_indent_that_is_too_deep_in_the_search_is_taken_from_the_replacement() -> None:
    assert edit("def f():\n    return 1\n", "        return 1", "        x = 2\n        return x") == (
        "def f():\n    x = 2\n    return x\n"
    )


def test_a_replacement_that_cannot_lose_the_indent_is_refused() -> None:
    assert "has too little to lose" in refused("a\n", ("    a", "b"))


def test_indents_that_differ_by_line_do_not_match() -> None:
    assert "does not occur" in refused("if a:\n        b\n    c\n", ("if a:\n    b\n    c", "x"))
    assert "does not occur" in refused("if a:\n\tb = 1\n", ("if a:\n    b = 1", "x"))
    assert "does not occur" in refused("\tx\n y\n", ("x\ny", "z"))


def test_tabs_stay_tabs() -> None:
    text = "def f():\n\tif a:\n\t\treturn 1\n"
    assert edit(text, "if a:\n\treturn 1", "if b:\n\treturn 2") == "def f():\n\tif b:\n\t\treturn 2\n"


def test_unicode_punctuation_matches_its_plain_form_both_ways() -> None:
    assert (
        edit("# it\u2019s \u2013 \u201cso\u201d\u00a0\u2026\nx = 1\n", '# it\'s - "so" ...', "# plain")
        == "# plain\nx = 1\n"
    )
    assert edit("print('a')\n", "print(\u2018a\u2019)", "print('b')") == "print('b')\n"


def test_a_looser_rung_must_match_once_too() -> None:
    text = "if a:\n    x = 1 \nif b:\n        x = 1 \n"
    assert "2 times (with the indent shifted), beginning in lines 2, 4" in refused(text, ("  x = 1\n", "y = 1\n"))


def test_the_end_of_a_file_is_no_blank_line() -> None:
    assert "does not occur" in refused("x = 1 \nx = 2 \n", ("x = 2\n\n", "y = 1\n"))


def test_a_later_rung_is_not_asked_where_an_earlier_one_found_too_much() -> None:
    assert "occurs 2 times (trailing white space aside)" in refused("a \n  b\na  \n", ("a   ", "c"))


# --- errors ----------------------------------------------------------------------------------------------------------


def test_too_many_places_are_named_by_their_first_lines() -> None:
    said = refused("a = 1\n" * 9, ("a = 1", "b"))
    assert "more than 5 times" in said
    assert "lines 1, 2, 3, 4, 5 and more" in said
    assert "lines 8, 14" in refused(TEXT, ("if step < 100:", "if True:"))


def test_overlapping_places_are_not_unique() -> None:
    assert "2 times" in refused("aXaXa\n", ("aXa", "b"))


def test_an_edit_that_was_made_already_is_recognised() -> None:
    once = edit(TEXT, "LR = 3e-3\n", "LR = 1e-2\n")
    said = refused(once, ("LR = 3e-3\n", "LR = 1e-2\n"))
    assert "replace is there already, in line 3: already applied?" in said


def test_a_miss_shows_the_nearest_lines_with_their_numbers_and_where_they_differ() -> None:
    said = refused(TEXT, ("def schedule(step, steps):\n    if step < 200:\n        return LR", "x"))
    assert "    7\tdef schedule(step, steps):\n" in said
    assert "line 8 is '    if step < 100:', not '    if step < 200:'" in said


def test_a_miss_of_one_line_finds_the_line_that_has_most_in_common() -> None:
    assert "    9\t        return LR * step / 100" in refused(TEXT, ("return LR * step / 1000", "x"))
    assert "no line is like it" in refused(TEXT, ("completely different words", "x"))


def test_line_numbers_that_were_copied_are_said_to_be_none_of_the_file() -> None:
    assert "leave out the line numbers" in refused(TEXT, ("    3\tLR = 3e-3\n    4\tBATCH = 64", "LR = 1"))


def test_an_escaped_line_break_is_pointed_out() -> None:
    assert "a backslash and an n" in refused(TEXT, ("LR = 3e-3\\nBATCH = 64", "x"))


def test_an_empty_search_and_a_replacement_by_the_same_are_errors() -> None:
    assert "use write" in refused(TEXT, ("", "x"))
    assert "changes nothing" in refused(TEXT, ("LR = 3e-3", "LR = 3e-3"))
    assert "changes nothing" in refused("a\nb\n", ("a  ", "a"))
    assert "change nothing" in refused(TEXT, ("LR = 3e-3", "LR = 1"), ("LR = 1\n", "LR = 3e-3\n"))


def test_a_long_miss_is_answered_in_bounded_length() -> None:
    text = "".join(f"x_{n} = {n}{' ' * 3000}\n" for n in range(300))
    assert len(refused(text, ("x_5 = 6\n" * 300, "y"))) < 4000


# --- several blocks, line ends, ends of files ------------------------------------------------------------------------


def test_blocks_apply_in_order_each_in_the_result_of_the_one_before() -> None:
    made = apply(
        "a.txt", TEXT, [Block("LR = 3e-3", "LR = 1e-2\nWARM = 1"), Block("WARM = 1\nBATCH = 64", "BATCH = 32")]
    )
    assert "LR = 1e-2\nBATCH = 32\n\n" in made.text
    assert made.lines == ((3, 4), (4, 4)) or made.lines[1] == (4, 4)


def test_places_of_earlier_blocks_move_with_later_ones_above_them() -> None:
    made = apply("a.txt", TEXT, [Block("return LR * 0.5", "return LR"), Block("import math\n", "")])
    assert made.text.split("\n")[made.lines[0][0] - 1] == "    return LR"


def test_one_block_that_fails_undoes_all_and_is_named() -> None:
    said = refused(TEXT, ("LR = 3e-3", "LR = 1"), ("nowhere to be found", "x"), ("BATCH = 64", "BATCH = 1"))
    assert said.startswith("train.py: block 2 of 3: ")
    assert "no block was applied" in said


def test_crlf_files_stay_crlf_and_mixed_ones_take_the_ends_of_the_place() -> None:
    text = "a = 1\r\nb = 2\r\nc = 3\r\n"
    assert edit(text, "a = 1\nb = 2\n", "x\ny\nz\n") == "x\r\ny\r\nz\r\nc = 3\r\n"
    assert edit(text, "b = 2", "b = 3\nd = 4") == "a = 1\r\nb = 3\r\nd = 4\r\nc = 3\r\n"
    assert edit("a\r\nb\nc\nd\n", "a\nb", "x\ny") == "x\r\ny\nc\nd\n"
    assert edit("a\r\nb\nc\nd\n", "b\nc\n", "x\ny\n") == "a\r\nx\ny\nd\n"
    assert edit("a\nb\n", "a\r\nb\r\n", "x\r\ny\r\n") == "x\ny\n"
    assert edit("a  \r\nb\r\n", "a\nb", "x\ny") == "x\r\ny\r\n"


def test_a_missing_final_newline_stays_missing_and_one_that_is_there_stays() -> None:
    assert edit("a\nb", "a\nb\n", "c\nd\n") == "c\nd"
    assert edit("a\nb\n", "b", "c") == "a\nc\n"
    assert edit("a\nb", "b", "c") == "a\nc"


def test_a_byte_order_mark_stays_and_does_not_stand_in_the_way() -> None:
    assert edit(BOM + "a = 1\nb\n", "a = 1\nb\n", "x\n") == BOM + "x\n"
    assert edit(BOM + "a = 1 \nb\n", "a = 1\nb", "x") == BOM + "x\n"
    assert edit(BOM + "a\n", BOM + "a", BOM + "b") == BOM + "b\n"


def test_bytes_that_are_no_text_pass_through() -> None:
    odd = b"caf\xe9 = 1\nb = 2\n".decode("utf-8", "surrogateescape")
    assert edit(odd, "b = 2", "b = 3").encode("utf-8", "surrogateescape") == b"caf\xe9 = 1\nb = 3\n"


def test_line_separators_of_unicode_are_no_line_ends() -> None:
    assert edit("a\u2028b\x0cc\nd \n", "a\u2028b\x0cc\nd", "x") == "x \n"


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("x = 1\n" * 180_000, "x = 1\n" * 90_000 + "y = 2"),
        ("    x = 1\n" * 100_000, "x = 1\n" * 50_000 + "y = 2\n"),
        ("    x = 1\n" * 100_000, "x = 1\n" * 50_000 + "  x = 1\n"),
        ("a" * 1_000_000, "a" * 500_000 + "b"),
        ("\n" * 1_000_000, "\n" * 400_000 + "b"),
        ("".join(f"    value_{n} = {n}\n" for n in range(45_000)), "value_44000 = 44001 and more"),
    ],
)
def test_a_megabyte_is_searched_without_a_product_of_lengths(text: str, search: str) -> None:
    # with a product of both lengths this would take hours
    assert "does not occur" in refused(text, (search, "z"))


# --- Python ----------------------------------------------------------------------------------------------------------


def test_what_does_not_compile_is_told_with_its_line() -> None:
    said = broken("a.py", "x = 1\ny = (\nz = 3\n")
    assert said.startswith("line 2: ")
    assert "    2\ty = (" in said
    assert "outside function" in broken("a.py", "return 1\n")
    assert broken("a.py", "x = '\\d'\n" + BOM * 0) == ""
    assert broken("a.py", BOM + "x = 1\r\n") == ""
    assert broken("a.txt", "x = (") == ""
    assert broken("a.py", "x = " + "(" * 5000) != ""
    assert broken("a.py", "# -*- coding: latin-1 -*-\nx = 'caf\udce9'\n") == ""
