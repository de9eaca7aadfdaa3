"""Every key of the cockpit, in one table: bindings, footer, help, palette, `--keys` and the settings all read it.

Small letters look, capitals act on the campaign. An action that cannot be undone has a question in `ask`, which is put
in a line and answered with y. The method `action_<name>` of the screen or pane in `where` does it.
"""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding


class Action(NamedTuple):
    """`keys` as Textual names them; `label`: one or two words for the footer; `rank`: lower stands further left there,
    0 is not shown there; `about`: one sentence for help and palette."""

    where: str
    name: str
    keys: tuple[str, ...]
    label: str
    about: str
    rank: int = 0
    ask: str = ""

    @property
    def id(self) -> str:
        """How the settings name it."""
        return f"{self.where}.{self.name}"


PLACES: dict[str, str] = {
    "everywhere": "everywhere",
    "scroll": "to scroll",
    "home": "on the home screen",
    "campaign": "on a campaign",
    "program": "in the program",
    "metrics": "in the metrics",
    "ledger": "in the ledger",
    "researcher": "in the researcher's pane",
    "output": "in the output",
    "replay": "in a replay",
    "experiment": "on an experiment",
    "settings": "in the settings",
}
"""Where an action holds, in the order of the help."""

ACTIONS: tuple[Action, ...] = (
    Action("everywhere", "help", ("question_mark",), "help", "What can be done here, and with which key.", 90),
    Action("everywhere", "palette", ("colon", "ctrl+p"), "commands", "Find any action by its name.", 80),
    Action("everywhere", "settings", ("comma",), "settings", "Theme, keys, notifications and more.", 0),
    Action("everywhere", "back", ("escape", "backspace"), "back", "Back to where you came from.", 0),
    Action("everywhere", "leave", ("q",), "leave", "Leave this screen; a campaign goes on without it.", 95),
    Action("everywhere", "screenshot", ("f8",), "picture", "Write what is on the screen to an SVG file.", 0),
    Action("scroll", "down", ("j", "down"), "down", "One line down."),
    Action("scroll", "up", ("k", "up"), "up", "One line up."),
    Action("scroll", "page_down", ("pagedown", "ctrl+f"), "page down", "One page down."),
    Action("scroll", "page_up", ("pageup",), "page up", "One page up."),
    Action("scroll", "top", ("g", "home"), "top", "To the beginning."),
    Action("scroll", "bottom", ("G", "end"), "bottom", "To the end."),
    Action("home", "start", ("s",), "start", "Start a campaign on the leaf.", 10),
    Action("home", "open", ("enter",), "open", "Open the campaign, or see the leaf's program.", 12),
    Action("home", "replay", ("r",), "replay", "Play the campaign back.", 14),
    Action("home", "edit", ("e",), "edit", "Edit the leaf's program.", 16),
    Action("home", "new", ("n",), "new leaf", "Make a leaf of your own from this one.", 18),
    Action("home", "missing", ("d",), "what is missing", "What the leaf lacks to run here, and how to get it.", 20),
    Action("home", "models", ("m",), "models", "The language models within reach.", 22),
    Action("home", "resume", ("R",), "resume", "Restart the engine of a dead campaign, or unpause it.", 24),
    Action("home", "filter", ("slash",), "filter", "Show only what holds these words.", 26),
    Action("home", "sort", ("o",), "sort", "Sort the campaigns by another column.", 28),
    Action("home", "switch", ("tab",), "leaves/campaigns", "Go to the other list.", 0),
    Action("campaign", "pane_1", ("1",), "program", "Go to the program; again to maximise it."),
    Action("campaign", "pane_2", ("2",), "metrics", "Go to the metrics; again to maximise them."),
    Action("campaign", "pane_3", ("3",), "ledger", "Go to the ledger; again to maximise it."),
    Action("campaign", "pane_4", ("4",), "researcher", "Go to the researcher; again to maximise it."),
    Action("campaign", "pane_5", ("5",), "output", "Go to the output; again to maximise it."),
    Action("campaign", "next_pane", ("tab",), "next pane", "Go to the next pane."),
    Action("campaign", "previous_pane", ("shift+tab",), "previous pane", "Go to the pane before."),
    Action("campaign", "maximise", ("z",), "maximise", "Give the pane the whole screen, and back.", 70),
    Action("campaign", "wider", ("right_square_bracket",), "wider", "Make the pane wider."),
    Action("campaign", "narrower", ("left_square_bracket",), "narrower", "Make the pane narrower."),
    Action("campaign", "taller", ("right_curly_bracket",), "taller", "Make the pane taller."),
    Action("campaign", "shorter", ("left_curly_bracket",), "shorter", "Make the pane shorter."),
    Action("campaign", "sizes", ("0",), "sizes", "All panes as they were."),
    Action("campaign", "hint", ("h",), "hint", "Write a hint to the researcher.", 10),
    Action("campaign", "pause", ("space",), "pause", "Let the run end, then wait; again to go on.", 12),
    Action("campaign", "kill", ("K",), "kill run", "End the run under way; it counts as void.", 14, "kill {run}?"),
    Action("campaign", "veto", ("V",), "veto draft", "Refuse the draft.", 16),
    Action("campaign", "approve", ("A",), "approve", "Let the waiting draft run.", 18),
    Action("campaign", "stop", ("S",), "stop", "End the campaign after the current run; again: now.", 20, "{stop}?"),
    Action("campaign", "budget", ("B",), "budget", "Change what the campaign may use.", 22),
    Action("campaign", "autonomy", ("U",), "autonomy", "Let drafts run by themselves, or wait for you.", 0),
    Action("campaign", "edit", ("E",), "edit program", "Edit the program; prose holds from the next draft on.", 24),
    Action("campaign", "resume", ("R",), "resume", "Restart a dead or stopped engine.", 26),
    Action("campaign", "replay", ("p",), "replay", "Play this campaign back from its beginning.", 28),
    Action("ledger", "open", ("enter",), "open", "Open the experiment.", 30),
    Action("ledger", "keep", ("plus",), "keep", "Overrule: keep.", 32, "keep {experiment}?"),
    Action("ledger", "discard", ("minus",), "discard", "Overrule: discard.", 34, "discard {experiment}?"),
    Action(
        "ledger",
        "fork",
        ("F",),
        "fork",
        "A new campaign from this experiment.",
        36,
        "fork {experiment}?",
    ),
    Action("ledger", "mark", ("m",), "mark", "Mark the experiment, to compare with it.", 38),
    Action("ledger", "compare", ("c",), "compare", "Side by side with the marked one, else its parent.", 40),
    Action("ledger", "filter", ("slash",), "filter", "Show only what holds these words.", 42),
    Action("ledger", "sort", ("o",), "sort", "Sort by another column.", 44),
    Action("ledger", "best", ("b",), "best", "To the best one.", 46),
    Action("output", "follow", ("f",), "follow", "Keep showing the newest lines.", 30),
    Action("output", "wrap", ("w",), "wrap", "Wrap long lines, or cut them.", 32),
    Action("output", "search", ("slash",), "search", "Find a word or a regular expression.", 34),
    Action("output", "next", ("n",), "next", "The next hit.", 0),
    Action("output", "previous", ("N",), "previous", "The hit before.", 0),
    Action("output", "next_run", ("greater_than_sign",), "next run", "The next run's output.", 36),
    Action("output", "previous_run", ("less_than_sign",), "previous run", "The output of the run before.", 0),
    Action("output", "copy", ("y",), "copy", "Copy what is shown.", 0),
    Action("output", "left", ("left",), "left", "Move the view left along lines that are cut.", 0),
    Action("output", "right", ("right",), "right", "Move the view right along lines that are cut.", 0),
    Action("researcher", "follow", ("f",), "follow", "Keep showing the newest thoughts.", 30),
    Action("researcher", "wrap", ("w",), "wrap", "Wrap long lines, or cut them.", 0),
    Action("researcher", "fold", ("enter",), "fold", "Open or close the experiment's thoughts.", 32),
    Action("researcher", "search", ("slash",), "search", "Find a word.", 34),
    Action("researcher", "next", ("n",), "next", "The next hit.", 0),
    Action("researcher", "previous", ("N",), "previous", "The hit before.", 0),
    Action("researcher", "copy", ("y",), "copy", "Copy what is shown.", 0),
    Action("metrics", "series", ("s",), "series", "Choose the series that are drawn.", 30),
    Action("metrics", "log", ("l",), "log scale", "Logarithmic, or linear.", 32),
    Action("metrics", "axis", ("x",), "axis", "Over experiments, time or USD.", 34),
    Action("metrics", "inspect", ("i",), "inspect", "Read values off with a cursor.", 36),
    Action("metrics", "open", ("enter",), "open", "Open the experiment under the cursor.", 38),
    Action("metrics", "zoom_in", ("plus",), "zoom in", "Closer.", 0),
    Action("metrics", "zoom_out", ("minus",), "zoom out", "Further.", 0),
    Action("metrics", "left", ("left",), "left", "Move the view, or the cursor, left.", 0),
    Action("metrics", "right", ("right",), "right", "Move the view, or the cursor, right.", 0),
    Action("replay", "play", ("space",), "play", "Play, or stand still.", 10),
    Action("replay", "previous_experiment", ("left_square_bracket",), "experiment", "The verdict before.", 12),
    Action("replay", "next_experiment", ("right_square_bracket",), "experiment", "The next verdict.", 12),
    Action("replay", "previous_keep", ("left_curly_bracket",), "keep", "The keep before.", 14),
    Action("replay", "next_keep", ("right_curly_bracket",), "keep", "The next keep.", 14),
    Action("replay", "slower", ("less_than_sign",), "slower", "Half as fast.", 16),
    Action("replay", "faster", ("greater_than_sign",), "faster", "Twice as fast.", 16),
    Action("replay", "earlier", ("comma",), "1 s back", "One second back.", 0),
    Action("replay", "later", ("full_stop",), "1 s on", "One second on.", 0),
    Action("replay", "skip", ("t",), "skip the waiting", "Shorten the stretches in which nothing happens.", 18),
    Action("replay", "begin", ("home",), "begin", "Back to the beginning.", 0),
    Action("replay", "live", ("end",), "live", "To the end; of a campaign that runs, back to live.", 20),
    Action("experiment", "next", ("right_square_bracket", "n"), "next", "The next experiment.", 30),
    Action("experiment", "previous", ("left_square_bracket", "N"), "previous", "The experiment before.", 32),
    Action("experiment", "next_tab", ("tab", "right"), "next part", "The next part of it.", 34),
    Action("experiment", "previous_tab", ("shift+tab", "left"), "part before", "The part before.", 0),
    Action("experiment", "aside", ("greater_than_sign",), "to the right", "Further along long lines.", 0),
    Action("experiment", "aside_back", ("less_than_sign",), "to the left", "Back along long lines.", 0),
    Action("experiment", "next_run", ("right_curly_bracket",), "next run", "The log of its next run.", 40),
    Action("experiment", "previous_run", ("left_curly_bracket",), "run before", "The log of its run before.", 0),
    Action("experiment", "fold", ("enter",), "open/close", "Open or close what the line begins.", 0),
    Action("experiment", "compare", ("c",), "compare", "Side by side with its parent.", 36),
    Action("experiment", "copy", ("y",), "copy commit", "Copy the commit's id.", 38),
    Action("settings", "keys", ("K",), "keys", "Every action with its keys.", 10),
    Action("settings", "edit", ("e",), "edit the file", "Edit settings.toml.", 12),
    Action("settings", "own", ("d", "delete"), "its own keys", "Among the keys: give an action its own again.", 14),
)


def bindings(where: str, *only: str) -> list[Binding]:
    """The bindings of one place, or of the actions named in `only`, for a screen's or pane's BINDINGS.

    The settings may change their keys by id.
    """
    return [
        Binding(",".join(action.keys), action.name, action.label, show=action.rank > 0, id=action.id)
        for action in ACTIONS
        if action.where == where and (not only or action.name in only)
    ]


BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


def bound(id: str, name: str, label: str = "") -> Binding:
    """The keys of an action for what a screen does in its place, by the method `action_<name>`; they follow the
    settings as the action's own do."""
    action = BY_ID[id]
    return Binding(",".join(action.keys), name, label or action.label, id=id)
