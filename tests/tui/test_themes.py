"""Themes: what a file may say, what is said of a faulty one, and whether what they colour can be read."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import pytest
from rich.color import Color as Rich
from rich.color import ColorSystem
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme
from textual.widgets import Static

from praxtui import paths
from praxtui.errors import UserError
from praxtui.tui.themes import DEFAULT, Themes, about, fitting, put_on, read, variable_defaults

FILES = sorted(paths.bundled_themes().glob("*.toml"))
PAINTED = [path for path in FILES if path.stem != "terminal"]
VERDICTS = ("verdict-keep", "verdict-discard", "verdict-crash")
WORDS = (
    "text",
    "text-muted",
    "text-success",
    "text-warning",
    "text-error",
    "text-primary",
    "text-accent",
    "foreground",
)


def variables(path: Path) -> dict[str, str]:
    theme = read(path)
    return {**theme.to_color_system().generate(), **theme.variables}


def colour(said: str, on: Color) -> Color:
    """A variable's value as it is seen on a background."""
    name, _, share = said.partition(" ")
    strength = float(share.rstrip("%")) / 100 if share else 1.0
    if name == "auto":
        return on.blend(on.get_contrast_text(1.0), strength, alpha=1)
    found = Color.parse(name)
    return on.blend(found, strength * found.a, alpha=1)


def contrast(one: Color, other: Color) -> float:
    """The contrast of WCAG 2, 1 to 21."""

    def luminance(c: Color) -> float:
        parts = [v / 255 for v in (c.r, c.g, c.b)]
        r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_there_are_seven_and_each_says_what_it_is_like() -> None:
    assert {path.stem for path in FILES} >= {"dark", "light", "contrast", "colorblind", "terminal", "ember", "paper"}
    assert all(about(path) for path in FILES)
    assert DEFAULT in {path.stem for path in FILES}
    readme = (paths.bundled_themes() / "README.md").read_text()
    assert all(f"`{path.stem}`" in readme for path in FILES)


@pytest.mark.parametrize("path", PAINTED, ids=lambda path: path.stem)
def test_text_can_be_read_on_every_background(path: Path) -> None:
    known = variables(path)
    wanted = 7.0 if path.stem == "contrast" else 4.5
    names = [*WORDS, *(name for name in variable_defaults() if name.startswith("verdict"))]
    names.remove("verdict-provisional")  # dimmer than a keep on purpose; its word says the same
    poor = {}
    for ground in ("background", "surface", "panel"):
        on = Color.parse(known[ground])
        for name in names:
            if (found := contrast(colour(known[name], on), on)) < wanted:
                poor[f"{name} on {ground}"] = round(found, 2)
        if (found := contrast(colour(known["verdict-provisional"], on), on)) < 3.0:
            poor[f"verdict-provisional on {ground}"] = round(found, 2)
    cursor = Color.parse(known["block-cursor-background"])
    for name in ("block-cursor-foreground",):
        if (found := contrast(colour(known[name], cursor), cursor)) < wanted:
            poor[f"{name} on the cursor"] = round(found, 2)
    assert poor == {}


@pytest.mark.parametrize("path", PAINTED, ids=lambda path: path.stem)
def test_lines_of_a_plot_can_be_seen(path: Path) -> None:
    known = variables(path)
    on = Color.parse(known["surface"])
    faint = [f"series-{n}" for n in range(1, 7) if contrast(Color.parse(known[f"series-{n}"]), on) < 3]
    assert faint == []
    assert len({known[f"series-{n}"] for n in range(1, 7)}) == 6


@pytest.mark.parametrize("system", [ColorSystem.EIGHT_BIT, ColorSystem.STANDARD], ids=["256", "16"])
@pytest.mark.parametrize("path", PAINTED, ids=lambda path: path.stem)
def test_verdicts_differ_where_there_are_few_colours(path: Path, system: ColorSystem) -> None:
    known = variables(path)
    on = Color.parse(known["surface"])
    for names in (VERDICTS, ("text-success", "text-muted", "text-error"), ("success", "error")):
        seen = [Rich.from_rgb(*colour(known[name], on).rgb).downgrade(system).number for name in names]
        assert len(set(seen)) == len(names), dict(zip(names, seen, strict=True))
        ground = Rich.from_rgb(*on.rgb).downgrade(system).number
        assert ground not in seen, names


def in_256(c: Color) -> Color:
    """A colour as a terminal with 256 of them shows it."""
    return Color(*Rich.from_rgb(*c.rgb).downgrade(ColorSystem.EIGHT_BIT).get_truecolor())


@pytest.mark.parametrize("path", PAINTED, ids=lambda path: path.stem)
def test_in_256_colours_the_grounds_keep_their_hue_and_text_can_be_read(path: Path) -> None:
    known = variables(path)
    poor = {}
    for ground in ("background", "surface", "panel", "block-cursor-background"):
        on = Color.parse(known[ground])
        if apart(on, in_256(on)) > 20:
            poor[ground] = in_256(on).hex
        words = WORDS if ground != "block-cursor-background" else ("block-cursor-foreground",)
        for name in words:
            if (found := contrast(in_256(colour(known[name], on)), in_256(on))) < 4:
                poor[f"{name} on {ground}"] = f"{found:.2f}"
    assert poor == {}


# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
SIGHT = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}


def seen_as(c: Color, sight: str) -> Color:
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c.r / 255, c.g / 255, c.b / 255)]
    mixed = [min(1.0, max(0.0, sum(m * v for m, v in zip(row, linear, strict=True)))) for row in SIGHT[sight]]
    return Color(*(round(255 * (v * 12.92 if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)) for v in mixed))


def apart(one: Color, other: Color) -> float:
    """Distance in CIE L*a*b*; 2.3 can just be seen."""
    (l1, a1, b1), (l2, a2, b2) = (_lab(c) for c in (one, other))
    return ((l1 - l2) ** 2 + (a1 - a2) ** 2 + (b1 - b2) ** 2) ** 0.5


def _lab(c: Color) -> tuple[float, float, float]:
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c.r / 255, c.g / 255, c.b / 255))
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("sight", SIGHT)
def test_verdicts_are_told_apart_without_red_and_green(sight: str) -> None:
    [path] = [path for path in FILES if path.stem == "colorblind"]
    known = variables(path)
    on = Color.parse(known["surface"])
    for names in (VERDICTS, ("success", "error", "warning"), ("text-success", "text-muted", "text-error")):
        for one, other in combinations(names, 2):
            pair = [seen_as(colour(known[name], on), sight) for name in (one, other)]
            assert apart(*pair) > 20, (one, other)
    # The measure is worth something: what the dark theme does for most eyes it does not do for these.
    plain = variables(paths.bundled_themes() / "dark.toml")
    pair = [seen_as(Color.parse(plain[name]), sight) for name in ("success", "error")]
    own = [seen_as(Color.parse(known[name]), sight) for name in ("success", "error")]
    assert apart(*own) > 1.5 * apart(*pair)


def test_the_terminals_own_colours_are_left_to_the_terminal() -> None:
    theme = read(paths.bundled_themes() / "terminal.toml")
    assert theme.ansi
    known = variables(paths.bundled_themes() / "terminal.toml")
    assert len({known[name] for name in VERDICTS}) == 3
    assert [name for name, value in known.items() if "#" in value] == []


# --- files -----------------------------------------------------------------------------------------------------------


def write(folder: Path, name: str, text: str, at: int = 1) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text)
    os.utime(path, ns=(at, at))
    return path


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('primry = "red"', "F:1: primry is unknown; did you mean: primary?"),
        ('# x\nprimary = "#12345"', 'F:2: primary is "#12345", not a colour such as "#7aa2c8"'),
        ('primary = "rde"', 'F:1: primary is "rde", not a colour such as "#7aa2c8"; did you mean: red?'),
        ('primary = "ansi_rde"', "did you mean: ansi_red?"),
        ("primary = 3", "F:1: primary is 3, not a colour"),
        ('primary = "red"\ndark = 1', "F:2: dark is 1, not true or false"),
        ('primary = "red"\ntext_alpha = 2', "F:2: text_alpha is 2, not a number from 0 to 1"),
        ('primary = "red"\n[variables]\nverdict-kept = "red"', "F:3: variables.verdict-kept is unknown; did you mean"),
        ('primary = "red"\n[variables]\nborder = "; } * { color: red"', "F:3: variables.border is"),
        ('primary = "red"\n[variables]\nlink-style = "loud"', "F:3: variables.link-style is"),
        ("dark = true", "F: primary is missing"),
        ("dark = ", "is not TOML"),
    ],
)
def test_a_faulty_file_is_said_with_its_line_and_what_is_near(tmp_path: Path, text: str, fault: str) -> None:
    path = write(tmp_path, "mine", text)
    with pytest.raises(UserError) as found:
        read(path)
    assert fault in found.value.message.replace(str(path), "F")


def test_the_colours_of_a_theme_are_those_of_its_file(tmp_path: Path) -> None:
    theme = read(write(tmp_path, "mine", 'primary = "#102030"\ntext_alpha = 0.5\n[variables]\nseries-2 = "auto 50%"'))
    assert (theme.name, theme.primary, theme.text_alpha) == ("mine", "#102030", 0.5)
    assert theme.variables["series-2"] == "auto 50%"
    assert theme.variables["series-1"] == "#102030"


def test_no_text_is_left_to_be_worked_out_where_it_is_drawn(tmp_path: Path) -> None:
    # Textual takes `auto` for white in component styles, which a light theme would show as nothing.
    poor = 'primary = "#103050"\ndark = false\nbackground = "#ffffff"\n[variables]\ntext = "auto 100%"'
    for path in (*PAINTED, write(tmp_path, "mine", poor)):
        known = variables(path)
        assert [
            name for name in (*WORDS, *variable_defaults(), "block-cursor-foreground") if "auto" in known[name]
        ] == []
    assert variables(tmp_path / "mine.toml")["text"] == "#000000"
    assert variables(tmp_path / "mine.toml")["block-cursor-foreground"] == "#FFFFFF"


def test_sixteen_colours_get_the_theme_that_is_made_of_them_unless_another_was_chosen() -> None:
    assert fitting(DEFAULT, "standard") == "terminal"
    assert fitting(DEFAULT, "256") == fitting(DEFAULT, None) == DEFAULT
    assert fitting("paper", "standard") == "paper"


def test_a_theme_of_ones_own_is_read_again_when_it_changes_and_stays_while_it_is_broken(tmp_path: Path) -> None:
    own = tmp_path / "themes"
    themes = Themes(own)
    assert themes.names()[0] == DEFAULT
    assert themes.changed() == []
    write(own, "mine", '# Loud\nprimary = "#111111"', at=1)
    [seen] = themes.changed()
    assert seen.theme is not None
    assert themes.names()[-1] == "mine"
    assert themes.about("mine") == "Loud"
    assert themes.changed() == []
    write(own, "mine", 'primary = "#11111"', at=2)
    [seen] = themes.changed()
    assert seen.theme is None
    assert "mine.toml:1: primary" in seen.fault
    assert themes.faults["mine"] == seen.fault
    assert themes.named("mine").primary == "#111111"
    write(own, "mine", 'primary = "#222222"', at=3)
    [seen] = themes.changed()
    assert themes.named("mine").primary == "#222222"
    assert themes.faults == {}
    (own / "mine.toml").unlink()
    assert [(seen.name, seen.theme) for seen in themes.changed()] == [("mine", None)]
    assert "mine" not in themes.names()


def test_ones_own_theme_replaces_one_of_the_same_name_until_it_is_gone(tmp_path: Path) -> None:
    path = write(tmp_path / "themes", DEFAULT, 'primary = "#123456"')
    themes = Themes(tmp_path / "themes")
    assert themes.named(DEFAULT).primary == "#123456"
    path.unlink()
    [seen] = themes.changed()
    assert seen.theme == themes.named(DEFAULT) == read(paths.bundled_themes() / f"{DEFAULT}.toml")


def test_a_theme_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    themes = Themes(tmp_path / "none")
    with pytest.raises(UserError) as found:
        themes.named("drak")
    assert "did you mean: dark" in found.value.message
    write(tmp_path / "none", "broken", "primary = 1")
    themes.changed()
    with pytest.raises(UserError) as found:
        themes.named("broken")
    assert "primary is 1" in found.value.message


class Coloured(App[None]):
    CSS = "Static { color: $verdict-keep; background: $series-1; border: round $panel-lighten-1; }"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults()

    def compose(self) -> ComposeResult:
        yield Static("kept")


async def test_an_app_shows_a_changed_theme_at_once(tmp_path: Path) -> None:
    app = Coloured()
    async with app.run_test() as pilot:
        theme = Theme("mine", primary="#111111", variables={"series-1": "#112233"})
        put_on(app, theme)
        app.theme = "mine"
        await pilot.pause()
        static = app.query_one(Static)
        assert static.styles.background.hex == "#112233"
        put_on(app, Theme("mine", primary="#111111", variables={"series-1": "#445566"}))
        await pilot.pause()
        assert static.styles.background.hex == "#445566"


@pytest.mark.parametrize("name", [*(path.stem for path in FILES), *BUILTIN_THEMES])
async def test_every_theme_has_every_variable(name: str, tmp_path: Path) -> None:
    app = Coloured()
    for theme in Themes(tmp_path).themes():
        app.register_theme(theme)
    app.theme = name
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.query_one(Static).styles.color.a > 0
