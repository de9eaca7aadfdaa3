"""Colours that a program asked for, as the theme has them: the sixteen by their meaning, others kept readable."""

from __future__ import annotations

from collections.abc import Callable

from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color

from praxtui.tui.widgets.log_text import Colour, Look

NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
"""The sixteen colours are these and, brighter, these again."""

READABLE = 3.0
"""Contrast (WCAG 2) of letters on their background, at least."""

STEPS = (0.35, 0.6, 0.8, 1.0)


class Colours:
    """Styles for looks, in one theme. `component(name)`: the theme's style for `name`, and for `on-name` as background;
    `base`: that of plain text."""

    def __init__(self, base: Style, component: Callable[[str], Style]) -> None:
        self.base = base
        self._component = component
        self._found: dict[Look, Style] = {}

    def style(self, look: Look) -> Style:
        """The style of letters with a look."""
        found = self._found.get(look)
        if found is None:
            if len(self._found) > 4096:  # a program may go through all the colours there are
                self._found.clear()
            found = self._found[look] = self._made(look)
        return found

    def _made(self, look: Look) -> Style:
        fore, back = self._on(look.back)
        if look.fore is not None:
            fore = self._fore(look.fore, back)
        return self.base + Style(
            color=fore,
            bgcolor=back,
            bold=look.bold or None,
            dim=look.dim or None,
            italic=look.italic or None,
            underline=look.underline or None,
            strike=look.strike or None,
            reverse=look.reverse or None,
        )

    def _fore(self, colour: Colour, back: RichColor | None) -> RichColor | None:
        if isinstance(colour, int) and colour < 16:
            return self._component("bright-black" if colour == 8 else NAMES[colour % 8]).color
        return _readable(_rich(colour), back or self.base.bgcolor, self.base.color)

    def _on(self, colour: Colour | None) -> tuple[RichColor | None, RichColor | None]:
        """Plain letters and their background, where a program asked for one."""
        if colour is None:
            return None, None
        if isinstance(colour, int) and colour < 16:
            style = self._component(f"on-{NAMES[colour % 8]}")
            return style.color, style.bgcolor
        back = _rich(colour)
        both = [plain for plain in (self.base.color, self.base.bgcolor) if plain is not None and plain.triplet]
        return max(both, key=lambda plain: _contrast(plain, back), default=None), back


def _rich(colour: Colour) -> RichColor:
    if isinstance(colour, int):
        return RichColor.from_triplet(RichColor.from_ansi(colour).get_truecolor())
    return RichColor.from_rgb(*colour)


def _contrast(one: RichColor, other: RichColor) -> float:
    return contrast(Color.from_rich_color(one), Color.from_rich_color(other))


def _readable(colour: RichColor, back: RichColor | None, plain: RichColor | None) -> RichColor:
    """`colour`, mixed with that of plain text as far as it needs to be read on `back`.

    Nothing is changed where the terminal's own colours are used: nobody knows those.
    """
    if back is None or plain is None or back.triplet is None or plain.triplet is None:
        return colour
    ground, sure = Color.from_rich_color(back), Color.from_rich_color(plain)
    given = Color.from_rich_color(colour)
    if contrast(given, ground) >= READABLE:
        return colour
    for share in STEPS:
        mixed = given.blend(sure, share)
        if contrast(mixed, ground) >= READABLE:
            break
    return RichColor.from_rgb(*mixed.rgb)


def contrast(one: Color, other: Color) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
