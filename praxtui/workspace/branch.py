"""The branch of a campaign: it only grows, and what a person does to it meanwhile is kept.

The branch `praxtui/<campaign>` is where a person looks. While it is checked out somewhere (in the person's working
folder or another worktree) it is not moved under them: the campaign's head is then `refs/praxtui/<campaign>/head`,
and the branch catches up, and that ref goes, at the first commit after they have left it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pygit2

from praxtui.errors import CampaignFault, UserError
from praxtui.workspace.names import branch_name, campaign_id


@dataclass(frozen=True)
class Grown:
    """A commit of the branch; `moved_from`: where a person had moved it (kept at a ref); `note`: what to tell them."""

    commit: str
    moved_from: str | None = None
    note: str | None = None


def target(repo: pygit2.Repository, ref: str) -> str | None:
    """The oid that `ref` names, or None."""
    found = repo.references.get(ref)
    return None if found is None else str(found.peel(pygit2.Commit).id)


def head(repo: pygit2.Repository, campaign: str) -> str | None:
    """The newest commit of the campaign's own line, wherever it is kept; None before the first."""
    held = target(repo, f"refs/praxtui/{campaign_id(campaign)}/head")
    return held or target(repo, f"refs/heads/{branch_name(campaign)}")


def advance(repo: pygit2.Repository, campaign: str, new: str, expected: str | None) -> Grown:
    """Put `new`, a child of `expected`, at the head of the branch; the second time with the same arguments, nothing.

    A branch that is not at `expected` was moved or deleted by a person: what they had is kept at
    `refs/praxtui/<campaign>/moved-<n>`, and the branch is put back on the campaign's line.
    """
    branch, held_ref = f"refs/heads/{branch_name(campaign)}", f"refs/praxtui/{campaign}/head"
    held, there = target(repo, held_ref), target(repo, branch)
    moved_from, notes = None, []
    if there is None and expected is not None and (held or expected) != new:
        notes.append(f"the branch {branch_name(campaign)} had been deleted; it is back, with all its commits")
    elif there not in (None, expected, new) and not (held and _descends(repo, expected, there)):
        assert there is not None
        kept, fresh = _keep(repo, campaign, there)
        if fresh:
            moved_from = there
            notes.append(f"the branch {branch_name(campaign)} had been moved to {there[:10]}; that is kept as {kept}")
    if there is not None and there != new and _checked_out(repo, branch):
        repo.references.create(held_ref, new, force=True)
        notes.append(
            f"{branch_name(campaign)} is checked out, so it stays where it is and the campaign goes on at {held_ref}; "
            "the branch follows when you check out another"
        )
        return Grown(new, moved_from, "; ".join(notes))
    _put(repo, branch, new, there)
    if held is not None:
        repo.references.delete(held_ref)
    return Grown(new, moved_from, "; ".join(notes) or None)


def _put(repo: pygit2.Repository, branch: str, new: str, there: str | None) -> None:
    """Create or move the branch, only if it still is where it was seen: a person may act at the same moment."""
    if there == new:
        return
    try:
        if there is None:
            repo.references.create(branch, new)
            return
        reference = repo.lookup_reference(branch)
        if str(reference.target) != there:
            raise CampaignFault(f"{branch} moved while the campaign was writing it", fix="resume the campaign")
        reference.set_target(new, "praxtui: grow")
    except (pygit2.GitError, OSError, ValueError) as error:
        if repo.references.get("refs/heads/praxtui") is not None:
            raise UserError(
                "a branch called 'praxtui' keeps git from making branches below that name",
                fix="rename it: git branch -m praxtui praxtui-old",
            ) from error
        raise


def _keep(repo: pygit2.Repository, campaign: str, commit: str) -> tuple[str, bool]:
    """Keep `commit` under the first free `moved-<n>`; (the ref, whether it is new)."""
    number = 1
    while (there := target(repo, f"refs/praxtui/{campaign}/moved-{number}")) not in (None, commit):
        number += 1
    ref = f"refs/praxtui/{campaign}/moved-{number}"
    if there is None:
        repo.references.create(ref, commit)
    return ref, there is None


def _descends(repo: pygit2.Repository, commit: str | None, from_: str | None) -> bool:
    return commit is not None and from_ is not None and (commit == from_ or repo.descendant_of(commit, from_))


def _checked_out(repo: pygit2.Repository, branch: str) -> bool:
    found = repo.lookup_branch(branch.removeprefix("refs/heads/"))
    return found is not None and found.is_checked_out()
