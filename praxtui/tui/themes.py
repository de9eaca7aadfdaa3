"""Themes: files of colours, those that come with praxtui and the person's own, read again when they change."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from textual.app import App
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from praxtui import paths
from praxtui.errors import UserError, did_you_mean, nearest
from praxtui.settings.values import Kind, parsed, switch, table

DEFAULT = "dark"
ENDING = ".toml"

COLOURS = (
    "primary",
    "secondary",
    "warning",
    "error",
    "success",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
)
STYLES = frozenset({"none", "bold", "b", "dim", "italic", "i", "underline", "u", "reverse", "r", "strike", "not"})
HUES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
ANSI = ("ansi_default", *(f"ansi_{tone}{hue}" for tone in ("", "bright_") for hue in HUES))


def variable_defaults(theme: Theme | None = None) -> dict[str, str]:
    """The variables that Textual does not have, from the colours of `theme`; of its own dark one where None is given.

    `verdict-*`: the colour of each verdict as text. `series-1` to `series-6`: lines of a plot, the first the most seen.
    """
    theme = BUILTIN_THEMES["textual-dark"] if theme is None else theme
    made = {**theme.to_color_system().generate(), **theme.variables}
    return {
        "verdict-keep": made["text-success"],
        "verdict-provisional": made["text-success"],
        "verdict-discard": made["text-muted"],
        "verdict-crash": made["text-error"],
        "verdict-invalid": made["text-warning"],
        "verdict-void": made["text-muted"],
        "verdict-running": made["text-primary"],
        "series-1": made["primary"],
        "series-2": made["warning"],
        "series-3": made["success"],
        "series-4": made["accent"],
        "series-5": made["error"],
        "series-6": made["secondary"],
        # Textual's own widgets want these two of every theme in the terminal's colours, and of no other.
        **({"ansi-background": "ansi_default", "ansi-foreground": "ansi_default"} if theme.ansi else {}),
    }


# --- reading a file --------------------------------------------------------------------------------------------------


def _colour(value: Any) -> str | None:
    if not isinstance(value, str):
        return 'a colour such as "#7aa2c8"'
    try:
        Color.parse(value)
    except ColorParseError as error:
        known = ANSI if value.startswith("ansi") else [error.suggested_color] if error.suggested_color else []
        near = nearest(value, known, most=1)
        return f'a colour such as "#7aa2c8"; did you mean: {near[0]}?' if near else 'a colour such as "#7aa2c8"'
    return None


def _share(value: Any) -> str | None:
    fine = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
    return None if fine else "a number from 0 to 1"


def _style(value: Any) -> str | None:
    fine = isinstance(value, str) and value.split() and STYLES.issuperset(value.split())
    return None if fine else 'styles such as "bold underline", or "none"'


def _paint(value: Any) -> str | None:
    """A colour, `auto`, or either with how much of it shows through."""
    if isinstance(value, str) and (whole := re.fullmatch(r"(.*\S)\s+\d{1,3}(\.\d+)?%", value)):
        value = whole[1]
    return None if value in ("auto", "transparent", "initial") else _colour(value)


FIELDS: dict[str, Kind] = {
    **dict.fromkeys(COLOURS, _colour),
    "dark": switch,
    "ansi": switch,
    "luminosity_spread": _share,
    "text_alpha": _share,
    "variables": table,
}


@cache
def _variables() -> dict[str, Kind]:
    """Every variable there is, and what it may be."""
    names: set[str] = set(variable_defaults())
    for theme in (BUILTIN_THEMES["textual-dark"], BUILTIN_THEMES["ansi-dark"]):
        names |= theme.to_color_system().generate().keys() | theme.variables.keys()
    return {name: _style if "-style" in name else _paint for name in sorted(names)}


def read(path: Path) -> Theme:
    """The theme in a file, called as the file is. Raises UserError with all that is wrong, FileNotFoundError."""
    found, reading = parsed(path)
    said = reading.checked((), found, FIELDS)
    said["variables"] = reading.checked(("variables",), said.get("variables", {}), _variables())
    if "primary" not in said and "primary" not in found:
        reading.say(("primary",), "is missing: it is the colour of borders and headings, and the others follow from it")
    if reading.wrong:
        raise UserError("\n".join(reading.wrong), fix="the themes that come with praxtui name every key")
    theme = Theme(name=path.stem, **said)
    if not theme.ansi:
        theme.variables |= _solid(theme)
    theme.variables = {**variable_defaults(theme), **theme.variables}
    return theme


def _solid(theme: Theme) -> dict[str, str]:
    """Text in colours of its own, for `auto`: Textual works that out where a widget has a style, but takes it for white
    where a line is made of component styles."""
    made = {**theme.to_color_system().generate(), **theme.variables}
    solid = {}
    for name, ground in (
        ("text", "background"),
        ("text-muted", "background"),
        ("text-disabled", "background"),
        ("block-cursor-foreground", "block-cursor-background"),
        ("button-color-foreground", "primary"),
    ):
        if made[name].startswith("auto"):
            on = made[ground].partition(" ")[0]
            under = Color.parse(made["background"]) if on in ("auto", "transparent", "initial") else Color.parse(on)
            share = float(made[name].partition(" ")[2].rstrip("%") or 100) / 100
            solid[name] = under.blend(under.get_contrast_text(1.0), share, alpha=1).hex
    return solid


def fitting(name: str, system: str | None) -> str:
    """The theme to put on where `name` is wanted, by the terminal's colours as Rich calls them: with sixteen, the
    default gives way to the one that is made of them."""
    return "terminal" if name == DEFAULT and system in ("standard", "windows") else name


def about(path: Path) -> str:
    """The character of a theme: the comment that its file begins with."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            first = file.readline(300)
    except OSError:
        return ""
    return first.lstrip("# ").strip() if first.startswith("#") else ""


# --- all of them -----------------------------------------------------------------------------------------------------


class Seen(NamedTuple):
    """A theme file that is new or was changed: the theme, or what is wrong with the file; neither where it is gone."""

    name: str
    theme: Theme | None = None
    fault: str = ""


class Themes:
    """The themes of praxtui and of the person, who may give one of them anew under the same name.

    Where the person's file is broken, what it said last holds, or what comes with praxtui under its name.
    """

    def __init__(self, own: Path | None = None) -> None:
        self._own = paths.config_dir() / "themes" if own is None else own
        self._bundled = {path.stem: path for path in sorted(paths.bundled_themes().glob(f"*{ENDING}"))}
        self._marks: dict[str, tuple[int, ...]] = {}
        self._themes: dict[str, Theme] = {}
        """Those that were read: of what comes with praxtui only what was asked for, since reading takes its time."""
        self.faults: dict[str, str] = {}
        """What is wrong with files of the person, by the theme's name."""
        self.changed()

    def names(self) -> list[str]:
        """The themes that can be chosen, the default first, the person's own last."""
        return sorted(self._known(), key=lambda name: (name != DEFAULT, name not in self._bundled, name))

    def _known(self) -> set[str]:
        return {*self._bundled, *self._themes}

    def themes(self) -> list[Theme]:
        """The themes that can be chosen."""
        return [self.named(name) for name in self.names()]

    def named(self, name: str) -> Theme:
        """One of them. Raises UserError where there is none, or where its file is broken and never was not."""
        if name not in self._themes and name in self._bundled:
            self._themes[name] = read(self._bundled[name])
        if name in self._themes:
            return self._themes[name]
        if name in self.faults:
            raise UserError(self.faults[name])
        raise UserError(
            f"there is no theme {name!r}{did_you_mean(name, self._known())}",
            fix=f"themes: {', '.join(self.names())}; your own go into {self._own}",
        )

    def about(self, name: str) -> str:
        """The character of a theme, in a line."""
        return about(self._own / f"{name}{ENDING}") or (about(self._bundled[name]) if name in self._bundled else "")

    def changed(self) -> list[Seen]:
        """Read the person's files that are new or differ since the last call, and say what came of it.

        Costs one listing of a folder where nothing changed.
        """
        marks = _marks(self._own)
        before, self._marks = self._marks, marks
        seen = [self._take(name) for name, mark in marks.items() if before.get(name) != mark]
        return seen + [self._drop(name) for name in before if name not in marks]

    def _take(self, name: str) -> Seen:
        try:
            theme = read(self._own / f"{name}{ENDING}")
        except FileNotFoundError:
            return self._drop(name)
        except UserError as error:
            self.faults[name] = error.message
            return Seen(name, fault=error.message)
        self.faults.pop(name, None)
        self._themes[name] = theme
        return Seen(name, theme)

    def _drop(self, name: str) -> Seen:
        """Without the person's file, what comes with praxtui under its name holds again."""
        self.faults.pop(name, None)
        if name not in self._bundled:
            self._themes.pop(name, None)
            return Seen(name)
        self._themes[name] = read(self._bundled[name])
        return Seen(name, self._themes[name])


def _marks(folder: Path) -> dict[str, tuple[int, ...]]:
    """What tells one content of the theme files in a folder from another, by name."""
    marks: dict[str, tuple[int, ...]] = {}
    try:
        for path in sorted(folder.glob(f"*{ENDING}")):
            found = path.stat()
            marks[path.stem] = (found.st_mtime_ns, found.st_size, found.st_ino)
    except OSError:
        pass  # a folder or file that just went away is no theme
    return marks


def put_on(app: App[Any], theme: Theme) -> None:
    """Make the app know a theme, and show it at once where it is the one in use."""
    app.register_theme(theme)
    if app.theme == theme.name:
        app.mutate_reactive(App.theme)
