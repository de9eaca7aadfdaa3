"""What a program printed as text and looks: colours and weights (ECMA-48 SGR) are kept, everything else is dropped.

The text is that of `journal.logs.collapse`: without an escape sequence, a control character or a mark that reorders
text, fit for any terminal. Every line begins plain, whatever the one before it left switched on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from praxtui.journal.log_lines import Part
from praxtui.journal.logs import CONTROLS, ESCAPES
from praxtui.masking import mask

TAB = 8  # columns

_SGR = re.compile(r"(?:\x1b\[|\x9b)([0-9;:]*)m")

Colour = int | tuple[int, int, int]
"""One of the 256 of a terminal's palette, of which the first 16 are its own; or red, green, blue, each 0 to 255."""


class Look(NamedTuple):
    """How letters look; None is the colour of the surroundings."""

    fore: Colour | None = None
    back: Colour | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    reverse: bool = False


PLAIN = Look()

_SWITCHES: dict[int, dict[str, bool]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"reverse": True},
    9: {"strike": True},
    21: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"reverse": False},
    29: {"strike": False},
}


class Styled(NamedTuple):
    """A line's text, and from which character on it has which look; before the first, the plain one."""

    text: str
    looks: tuple[tuple[int, Look], ...] = ()

    def pieces(self, begin: int = 0, end: int | None = None) -> Iterator[tuple[str, Look]]:
        """The characters from `begin` to `end`, cut where the look changes."""
        end = len(self.text) if end is None else end
        look = PLAIN
        for start, after in self.looks:
            if start > begin:
                if start >= end:
                    break
                yield self.text[begin:start], look
                begin = start
            look = after
        if begin < end:
            yield self.text[begin:end], look


def styled(line: bytes) -> Styled:
    """One line as a terminal shows it in the end: of what was rewritten with `\\r`, the last."""
    text = line.rstrip(b"\r\n").rpartition(b"\r")[2].decode(errors="replace")
    if text.isascii() and text.isprintable():
        return Styled(mask(text))
    written: list[str] = []
    looks: list[tuple[int, Look]] = []
    look, column, at = PLAIN, 0, 0
    for escape in ESCAPES.finditer(text):
        plain = _spaced(text[at : escape.start()], column)
        written.append(plain)
        column += len(plain)
        at = escape.end()
        said = _SGR.fullmatch(escape[0])
        if said is not None:
            look = sgr(look, said[1])
            while looks and looks[-1][0] == column:
                looks.pop()
            if look != (looks[-1][1] if looks else PLAIN):
                looks.append((column, look))
    written.append(_spaced(text[at:], column))
    whole = "".join(written)
    hidden = mask(whole)
    # Where looks began is lost with what is masked; such lines are rare.
    return Styled(hidden, tuple(looks)) if hidden == whole else Styled(hidden)


def shown(part: Part) -> Styled:
    """A line of any length: of a long one its last rewriting if it has any, else its beginning and its end."""
    if not part.between:
        return styled(part.first)
    if b"\r" in part.last.rstrip(b"\r\n"):
        return styled(part.last)
    first, last = styled(part.first), styled(part.last)
    mark = f" … [{part.between:,} bytes] … "
    middle = len(first.text)
    behind = middle + len(mark)
    looks = (*first.looks, (middle, Look(dim=True)), (behind, PLAIN), *((behind + at, look) for at, look in last.looks))
    return Styled(f"{first.text}{mark}{last.text}", looks)


def _spaced(text: str, column: int) -> str:
    """Without controls, and with tabs as spaces for text that begins in that column."""
    text = CONTROLS.sub("", text)
    if "\t" not in text:
        return text
    before = column % TAB
    return (" " * before + text).expandtabs(TAB)[before:]


def sgr(look: Look, parameters: str) -> Look:
    """The look after `CSI parameters m`; what is not known changes nothing."""
    fields = (parameters or "0").split(";")
    while fields:
        field = fields.pop(0)
        if ":" in field:
            look = _colons(look, field.split(":"))
            continue
        code = _number(field)
        if code in (38, 48, 58):
            found, used = _extended([_number(each) for each in fields[:4]])
            del fields[:used]
            look = _coloured(look, code, found)
        else:
            look = _switched(look, code)
    return look


def _switched(look: Look, code: int) -> Look:
    if code == 0:
        return PLAIN
    if code in _SWITCHES:
        return look._replace(**_SWITCHES[code])
    for first, base in ((30, 0), (90, 8)):
        if first <= code < first + 8:
            return look._replace(fore=code - first + base)
        if first + 10 <= code < first + 18:
            return look._replace(back=code - first - 10 + base)
    if code == 39:
        return look._replace(fore=None)
    if code == 49:
        return look._replace(back=None)
    return look


def _colons(look: Look, fields: list[str]) -> Look:
    """One parameter with parts: `4:3` is a curly underline, `38:2::r:g:b` and `38:5:n` are colours."""
    numbers = [_number(field) for field in fields]
    code = numbers[0]
    if code == 4:
        return look._replace(underline=numbers[1] != 0)
    if code not in (38, 48, 58):
        return look
    rest = numbers[1:]
    if rest[:1] == [2] and len(rest) > 4:
        del rest[1]  # the colour space
    return _coloured(look, code, _extended(rest)[0])


def _extended(numbers: list[int]) -> tuple[Colour | None, int]:
    """A colour from what follows 38, 48 or 58, None where it is none; and how many numbers it took."""
    if numbers[:1] == [5] and len(numbers) > 1:
        return (numbers[1] if 0 <= numbers[1] <= 255 else None), 2
    if numbers[:1] == [2] and len(numbers) > 3:
        red, green, blue = numbers[1:4]
        return ((red, green, blue) if max(red, green, blue) <= 255 else None), 4
    return None, len(numbers)


def _coloured(look: Look, code: int, colour: Colour | None) -> Look:
    if colour is None or code == 58:  # 58: that of an underline alone
        return look
    return look._replace(fore=colour) if code == 38 else look._replace(back=colour)


def _number(field: str) -> int:
    """A parameter's value: none is 0, and of one with too many digits only that it is too large matters."""
    return int(field[:6] or "0") if len(field) <= 6 else 10**6
