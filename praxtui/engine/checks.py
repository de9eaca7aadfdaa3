"""The rules that a draft must keep before it may run. What breaks one goes back to the researcher with the reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from praxtui.engine.campaign import Campaign
from praxtui.program import globs
from praxtui.research.protocol import Brief, Draft, NotAllowed, Tried
from praxtui.workspace import novelty, shadow


class Refused(NotAllowed):
    """The draft broke a rule; `reason` is for the researcher and the record."""


def check(campaign: Campaign, draft: Draft, before: Mapping[str, str], sealed: Collection[str]) -> dict[str, str]:
    """The levers as the draft leaves them, path to text; raises Refused. `before` holds the incumbent's levers."""
    if not draft.title.strip() or not draft.mechanism.strip():
        raise Refused("a draft needs a hypothesis (title) and a mechanism (why it should help) before its edit")
    if not draft.files:
        raise Refused("the draft changes no file")
    for path, text in draft.files.items():
        _allowed(campaign, path, text, before, sealed)
    after = {**before, **{path: text for path, text in draft.files.items() if text is not None}}
    after = {path: text for path, text in after.items() if draft.files.get(path, "") is not None}
    for path, text in draft.files.items():
        if text is not None and path.endswith(".py"):
            _parses(path, text)
    return after


def check_novelty(before: Mapping[str, str], after: Mapping[str, str], brief: Brief, strict: bool = False) -> None:
    """Raise Refused when a draft is no change, or was tried before, with what came of that.

    `strict`: the same change counts as tried whatever it was made on top of; else only the same content of the levers.
    """
    key = novelty.state_key(after)
    if novelty.state_key(before) == key:
        raise Refused("nothing but comments, white space or a seed differs from the incumbent; that is no change")
    if key in brief.tried_keys:
        same = [t for t in (*brief.tried, *brief.in_flight, *brief.earlier) if t.state_key == key]
        said = "the levers would be exactly what was tried already; change something that was not"
        raise Refused(said + f". {_came_of(same[-1])}", same[-1].reason or "") if same else Refused(said)
    if not strict:
        return
    change = novelty.change_digest(before, after)
    counted = [t for t in (*brief.tried, *brief.in_flight) if t.epoch == brief.epoch and t.verdict != "void"]
    repeated = [t for t in counted if t.change is not None and t.change == change]
    if repeated:
        last = repeated[-1]
        said = "this very change was tried already; change something else, or more"
        raise Refused(f"{said}. {_came_of(last)}", last.reason or "")


def _came_of(tried: Tried) -> str:
    """What became of an experiment, in a sentence; the reason, which may quote what it printed, is left out."""
    where = f" of {tried.campaign}" if tried.campaign else ""
    if tried.verdict is None:
        return f"{tried.id}{where} ({tried.title}) is under way with it."
    by = "" if tried.delta is None else f", {tried.delta:+.4g} against its parent"
    by += "" if tried.delta_sd is None else f" ({tried.delta_sd:+.1f} sd)"
    return f"{tried.id}{where} ({tried.title}): {tried.verdict}{by}."


def _allowed(
    campaign: Campaign, path: str, text: str | None, before: Mapping[str, str], sealed: Collection[str]
) -> None:
    levers = campaign.program.levers
    if path in sealed:
        raise Refused(f"{path} is sealed; the levers are: {', '.join(levers.edit)}")
    if path in before:
        if text is None and not globs.matches_any(levers.new, path):
            raise Refused(f"{path} is a lever that may be edited, not removed")
        return
    if not globs.matches_any(levers.new, path):
        allowed = f"new files may match: {', '.join(levers.new)}" if levers.new else "no new files are allowed"
        raise Refused(f"{path} is no lever; the levers are: {', '.join(levers.edit)}; {allowed}")
    why = shadow.shadowing(path, sealed, campaign.installed)
    if why:
        raise Refused(f"{path}: {why}")


def _parses(path: str, text: str) -> None:
    try:
        compile(text, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        where = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
        raise Refused(f"{path} does not parse{where}: {error.args[0] if error.args else error}") from error
