"""The commits of a campaign, gathered from its leaf's repository and put back into it, or into another copy of it."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path

import pygit2

from praxtui.errors import UserError
from praxtui.workspace import branch, leftovers
from praxtui.workspace.names import branch_name, campaign_id
from praxtui.workspace.opening import open_repository
from praxtui.workspace.refusals import RefTaken, disk_faults
from praxtui.workspace.repository import LeafRepository


def gather(common: Path, campaign: str, to: Path) -> dict[str, str]:
    """Make `to` a bare repository of every commit that the campaign keeps in the repository `common`; its refs.

    History that these commits build on is in it. Raises CampaignFault.
    """
    with disk_faults("gather the commits", to):
        source, fresh = open_repository(common), pygit2.init_repository(str(to), bare=True)
        found = refs(source, campaign)
        if found:
            _fetch(fresh, common, {name: name for name in found})
    return found


def receive(packs: Path, to: Path, found: dict[str, str], prefix: str) -> None:
    """Make `to` a bare repository of the pack files in `packs`, which are moved, with these refs (name to oid).

    `prefix`: where the leaf is in it. Raises CampaignFault, KeyError or ValueError for a commit that is not there.
    """
    with disk_faults("make a repository of the commits", to):
        repo = pygit2.init_repository(str(to), bare=True)
        place = to / "objects" / "pack"
        place.mkdir(parents=True, exist_ok=True)
        for path in packs.iterdir():
            path.rename(place / path.name)
        for name, oid in found.items():
            repo.references.create(name, repo[oid].peel(pygit2.Commit).id)
        repo.config["praxtui.prefix"] = prefix


def prefix_of(source: Path) -> str:
    """Where the leaf is in a repository that `receive` was given; empty at its top."""
    config = pygit2.Repository(str(source)).config
    return str(config["praxtui.prefix"]) if "praxtui.prefix" in config else ""


def brought_back(source: Path, campaign: str, leaf: Path) -> str:
    """The command that makes a leaf that is gone again, as the campaign began with it."""
    prefix = prefix_of(source)
    root = shlex.quote(str(leaf).removesuffix(f"/{prefix}") if prefix else str(leaf))
    fetched = f"git -C {root} fetch {shlex.quote(str(source))} refs/praxtui/{campaign}/e0"
    return f"git init -b main {root} && {fetched} && git -C {root} reset --hard FETCH_HEAD"


def refs(repo: pygit2.Repository, campaign: str) -> dict[str, str]:
    """`refs/praxtui/<campaign>/*` and the campaign's branch, name to oid of the commit."""
    below, line = f"refs/praxtui/{campaign_id(campaign)}/", f"refs/heads/{branch_name(campaign)}"
    names = [name.decode("utf-8", "surrogateescape") for name in repo.raw_listall_references()]
    return {name: branch.target(repo, name) or "" for name in names if name.startswith(below) or name == line}


def restore(source: Path, repository: LeafRepository, campaign: str) -> list[str]:
    """Put the commits of the bare repository `source` into a leaf's; the refs made, none if all are there.

    A ref that is there with another commit is not touched: RefTaken for an experiment's; the branch stays as it is.
    """
    line = f"refs/heads/{branch_name(campaign)}"
    with disk_faults("restore the commits", repository.common):
        missing = []
        for name, oid in refs(open_repository(source), campaign).items():
            there = branch.target(repository.repo, name)
            if there is None:
                missing.append(name)
            elif there != oid and name != line:
                raise RefTaken(
                    f"{name} is {there} in {repository.common}, not {oid}",
                    fix="another campaign used this name in this repository: import it with another --name",
                )
        if missing:
            _fetch(repository.repo, source, {name: name for name in missing})
    return sorted(missing)


def take_back(source: Path, repository: LeafRepository, campaign: str) -> list[str]:
    """`restore`, and then `source` is deleted: the leaf holds what it held."""
    made = restore(source, repository, campaign)
    leftovers.erase(source)
    return made


def forget(repository: LeafRepository, campaign: str) -> list[str]:
    """Delete the refs and the branch of a campaign; those deleted. Raises UserError where the branch is checked out."""
    found = refs(repository.repo, campaign)
    name = branch_name(campaign)
    line = repository.repo.lookup_branch(name)
    if line is not None and line.is_checked_out():
        raise UserError(f"{name} is checked out in {repository.root}", fix="check out another branch first")
    with disk_faults("delete the refs", repository.common):
        for ref in found:
            repository.repo.references.delete(ref)
    return sorted(found)


def _fetch(repo: pygit2.Repository, source: Path, wanted: dict[str, str]) -> None:
    """Copy commits with all they need, each object checked by its id, and make refs for them."""
    told = Path(repo.path) / "FETCH_HEAD"
    before = told.read_bytes() if told.exists() else None
    remote = repo.remotes.create_anonymous(str(source))
    try:
        remote.fetch([f"{name}:{to}" for name, to in wanted.items()])
    finally:
        # The person's, about what they fetched.
        with contextlib.suppress(OSError):
            told.write_bytes(before) if before is not None else told.unlink(missing_ok=True)
