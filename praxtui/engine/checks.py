"""The rules that a draft must keep before it may run. What breaks one goes back to the researcher with the reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from praxtui.engine.campaign import Campaign
from praxtui.program import globs
from praxtui.research.protocol import Draft
from praxtui.workspace import novelty, shadow


class Refused(Exception):
    """The draft broke a rule; `reason` is for the researcher and the record."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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


def check_novelty(before: Mapping[str, str], after: Mapping[str, str], tried: frozenset[str]) -> str:
    """The key of the levers' new content; raises Refused when it is the incumbent's, or was tried before."""
    key = novelty.state_key(after)
    if novelty.state_key(before) == key:
        raise Refused("nothing but comments, white space or a seed differs from the incumbent; that is no change")
    if key in tried:
        raise Refused("the levers would be exactly what was tried already; change something that was not")
    return key


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
