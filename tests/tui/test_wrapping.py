"""Text broken into lines, and pages of parts that open and close."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from praxtui.journal.logs import safe
from praxtui.tui.widgets.columns import Piece
from praxtui.tui.widgets.folds import Folds, Line
from praxtui.tui.widgets.wrapping import Growing, wrapped

words = st.text(st.sampled_from("ab  xyz回é\u0301_()"), max_size=80)
widths = st.integers(-1, 30)


@given(words, widths)
def test_wrapped_lines_fit_and_lose_nothing_but_blanks(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert lines
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        # A wide character that alone is wider than the room stands there all the same.
        assert cell_len(line) <= max(1, width) or len(line.strip().rstrip("\u0301")) == 1


def test_indented_lines_stay_indented() -> None:
    assert wrapped("    one two three", 12) == ["    one two", "    three"]


@given(st.lists(st.text(st.sampled_from("ab \n\x1b[m"), max_size=30), max_size=12), st.integers(1, 20))
def test_text_that_grows_is_wrapped_as_if_it_had_come_at_once(stretches: list[str], width: int) -> None:
    grown, at_once = Growing(), Growing()
    for stretch in stretches:
        grown.add(stretch)
        grown.lines(width, safe)
    at_once.add("".join(stretches))
    assert list(grown.lines(width, safe)) == list(at_once.lines(width, safe))
    assert grown.text == "".join(stretches)


def test_a_line_that_never_ends_is_not_wrapped_anew_each_time() -> None:
    text = Growing()
    for _ in range(1000):
        text.add("word " * 20)
        text.lines(60, safe)
    assert len(text.paragraphs) > 40
    assert "".join(" ".join(text.lines(60, safe)).split()) == "word" * 20_000


class Plainly:
    """A part of numbered lines."""

    def __init__(self, key: str, lines: int, head: bool = True) -> None:
        self.key, self._lines, self._head = key, lines, head

    def head(self, width: int, open: bool) -> Line:
        return (Piece(self.key),) if self._head else ()

    def body(self, width: int) -> Sequence[Line]:
        return [(Piece(f"{self.key}.{n}"),) for n in range(self._lines)]


parts_of_pages = st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.booleans()), max_size=8)


@given(parts_of_pages)
def test_a_page_is_its_heads_and_the_bodies_that_are_open(shape: list[tuple[int, bool, bool]]) -> None:
    parts = [Plainly(str(n), lines, head) for n, (lines, head, _) in enumerate(shape)]
    opened = {str(n) for n, (_, _, open) in enumerate(shape) if open}
    page = Folds(parts, opened)
    wanted = []
    for part, (_, head, open) in zip(parts, shape, strict=True):
        wanted += [part.key] if head else []
        wanted += [line[0].text for line in part.body(9)] if open else []
    assert [page.line(n)[0].text for n in range(page.count)] == wanted
    for n in range(page.count):
        where = page.where(n)
        assert where is not None
        assert page.find(where) == n
    assert page.where(page.count) is None


def test_a_place_in_a_part_that_was_closed_is_its_head() -> None:
    page = Folds([Plainly("a", 3), Plainly("b", 3)], {"a", "b"})
    where = page.where(6)
    assert where is not None
    page.toggle("b")
    assert page.find(where) == 4
    page.use([Plainly("a", 3)])
    assert page.find(where) is None
