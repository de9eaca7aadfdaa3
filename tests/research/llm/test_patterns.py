"""Patterns match what Python's own matcher says, and no pattern hangs."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from praxtui.research.llm.patterns import Pattern
from praxtui.research.protocol import NotAllowed

CLASSES = ["[ab]", "[^a]", "[a-c1-3]", "[]a]", "[^]a]", "[a-]", "[-a]", r"[\d_]", r"[^\w]", r"[\]a]", r"[\b]", r"[\1]"]
ESCAPES = [r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", r"\.", r"\n", r"\x61", r"\u00e9", r"\0"]
OTHERS = [
    "a",
    "b",
    ".",
    "x",
    " ",
    "_",
    "é",
    "()",
    "^",
    "$",
    r"\b",
    r"\B",
    r"\A",
    r"\Z",
    "{",
    "a{,",
    "(?:a|b)",
    "(?P<n>a)",
]
ATOMS = st.sampled_from([*CLASSES, *ESCAPES, *OTHERS])
REPEATS = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}", "{0}", "*?", "+?", "{1,2}?", ""])


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeated = st.tuples(inner, REPEATS).map(lambda each: f"(?:{each[0]}){each[1]}" if each[1] else each[0])
    sequence = st.lists(repeated, min_size=1, max_size=3).map("".join)
    return st.lists(sequence, min_size=1, max_size=2).map("|".join)


PATTERNS = st.recursive(st.tuples(ATOMS, REPEATS).map("".join), joined, max_leaves=6)
LINES = st.text(alphabet="abcxABC1_ .é\t]{,-", max_size=10)


@settings(max_examples=500)
@given(st.sampled_from(["", "(?i)"]), PATTERNS, st.lists(LINES, min_size=1, max_size=4))
@example("", "(a*)*$", ["aab"])
@example("", r"(?:(?:){0,3}a|b)*\b", ["ab"])
def test_a_pattern_matches_the_lines_that_pythons_matcher_finds(flag: str, pattern: str, lines: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wanted = re.compile(flag + pattern)
        except re.error:
            assume(False)
    try:
        made = Pattern(flag + pattern)
    except NotAllowed:
        assume(False)
    assert not made.literal
    assert [made.search(line) for line in lines] == [wanted.search(line) is not None for line in lines]


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "^(a|a)*$",
        "(a|aa)+$",
        "(.*a){20}$",
        "(a*)*b",
        ".*.*.*.*=.*",
        "((a{1,9}){1,9}){1,4}$",
        "(a?){200}a{200}x",
    ],
)
def test_patterns_that_take_years_elsewhere_take_a_moment(pattern: str) -> None:
    made = Pattern(pattern)
    assert not made.search("a" * 250 + "!" * 250)


def test_a_long_line_is_matched() -> None:
    assert Pattern(r"loss: \d+\.\d+$").search("x" * 100_000 + "loss: 1.25")


def test_what_is_no_regular_expression_is_plain_text_and_says_so() -> None:
    made = Pattern("schedule(step")
    assert "unterminated" in made.literal
    assert made.search("lr = schedule(step, 10)")
    assert not made.search("lr = schedule_step")


@pytest.mark.parametrize("pattern", ["(?=a)", "(?!a)b", "(?<=a)b", r"(a)\1", "(?m)a", "a++", "(?P<x>a)(?P=x)", "(?>a)"])
def test_what_is_not_supported_is_refused_and_named(pattern: str) -> None:
    with pytest.raises(NotAllowed, match="not supported"):
        Pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "limit"),
    [
        ("", "1 to 300"),
        ("a" * 301, "1 to 300"),
        ("(a{200}){200}", "too large"),
        ("((a{1,9}){1,9}){1,99}", "too large"),
        ("a{9999999}", "too large"),
    ],
)
def test_patterns_have_limits(pattern: str, limit: str) -> None:
    with pytest.raises(NotAllowed, match=limit):
        Pattern(pattern)


def test_repeating_nothing_ends() -> None:
    assert Pattern("((((){700}){700}){700}){700}a").search("a")
