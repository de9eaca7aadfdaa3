"""Text broken into lines that fit a width, in columns of a terminal. Pure."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len, get_character_cell_size

Safe = Callable[[str], str]


def wrapped(text: str, width: int) -> list[str]:
    """One safe line of text as lines of at most `width` columns, broken at blanks, inside a word where it must be.

    What begins with blanks keeps them in every line, up to half of the width: code stays recognisable. Nothing but
    blanks at breaks is lost. At least one line, and one character a line.
    """
    width = max(1, width)
    text = text.rstrip()
    if len(text) <= width and (text.isascii() or cell_len(text) <= width):
        return [text]
    indent = min(len(text) - len(text.lstrip(" ")), width // 2)
    lines, rest = [], text.lstrip(" ")
    room = width - indent
    while rest:
        end = _fitting(rest, room)
        if end < len(rest):
            blank = rest.rfind(" ", 0, end + 1)
            end = blank if blank > 0 else end
        lines.append(" " * indent + rest[:end].rstrip())
        rest = rest[end:].lstrip(" ")
    return lines


def _fitting(text: str, width: int) -> int:
    """How many characters of `text` fit, at least one and those that take no room of their own."""
    if text[: width + 1].isascii():
        return min(width, len(text))
    used = 0
    for n, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > width and n:
            return n
    return len(text)


class Growing:
    """Text that comes in stretches, wrapped as it comes: what stands is not wrapped again when more is added."""

    LONG = 2000
    """Characters after which a line that does not end is taken to end at its next blank: it is wrapped at every
    addition until then."""

    def __init__(self) -> None:
        self.paragraphs: list[str] = []
        self._open = ""
        self._width = 0
        self._lines: list[str] = []
        self._taken = 0
        self._tail: tuple[str, list[str]] = ("", [])

    def add(self, text: str) -> None:
        """More of it."""
        *whole, self._open = (self._open + text).split("\n")
        self.paragraphs += whole
        while len(self._open) > self.LONG:
            cut = self._open.find(" ", self.LONG)
            if cut < 0:
                cut = self.LONG if len(self._open) > 2 * self.LONG else -1
            if cut < 0:
                return
            self.paragraphs.append(self._open[:cut])
            self._open = self._open[cut:].removeprefix(" ")

    @property
    def text(self) -> str:
        """All of it so far."""
        return "\n".join([*self.paragraphs, self._open])

    def lines(self, width: int, safe: Safe) -> list[str]:
        """The lines at a width; the list is the caller's to read only. `safe` makes a line fit for a terminal."""
        if width != self._width:
            self._width, self._lines, self._taken, self._tail = width, [], 0, ("", [])
        elif self._tail[1]:
            del self._lines[len(self._lines) - len(self._tail[1]) :]
        for paragraph in self.paragraphs[self._taken :]:
            self._lines += wrapped(safe(paragraph), width)
        self._taken = len(self.paragraphs)
        if self._open != self._tail[0] or not self._tail[1]:
            shown = safe(self._open)
            self._tail = (self._open, wrapped(shown, width) if shown.strip() else [])
        self._lines += self._tail[1]
        return self._lines
