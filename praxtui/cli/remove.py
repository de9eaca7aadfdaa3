"""`praxtui clean --remove ID`: a campaign deleted with its record; its commits stay unless that is asked for, too."""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

from praxtui import paths
from praxtui.cli.clean import confirmed, held
from praxtui.cli.reading import readable_state
from praxtui.cli.text import print_json
from praxtui.errors import DONE, CampaignFault, UserError
from praxtui.journal import campaigns
from praxtui.journal.shown import size
from praxtui.journal.state import State


def remove(args: argparse.Namespace) -> int:
    """Delete the named campaigns once the person agrees. Raises UserError, before anything is deleted, for one that
    has an engine or a run, and where there is nobody to ask and no `--yes`."""
    from praxtui.engine.space import disk_use

    if not args.id:
        raise UserError(
            "--remove needs the campaigns by name", fix="praxtui clean --remove ID; `praxtui list` shows them"
        )
    folders = [campaigns.find(id) for id in dict.fromkeys(args.id)]
    for folder in folders:
        with held(folder):
            pass
    sizes = {folder: disk_use(folder) for folder in folders}
    states = {folder: _state(folder) for folder in folders}
    for folder in folders:
        _say(folder, states[folder], sizes[folder], refs=args.refs)
    names = " ".join(folder.name for folder in folders)
    if not args.yes and not confirmed(f"remove {names}?"):
        raise UserError("nothing was removed", fix=f"to do it: praxtui clean --remove {names} --yes")
    done = [_remove(folder, states[folder], refs=args.refs) for folder in folders]
    if args.json:
        freed = sum(sizes.values())
        print_json(
            {"removed": [folder.name for folder in folders], "freed": freed, "refs": [r for d in done for r in d]}
        )
    else:
        for folder, refs in zip(folders, done, strict=True):
            print(f"removed {folder.name}" + (f", and {len(refs)} refs of its leaf" if args.refs else ""))
    return DONE


def _state(folder: Path) -> State:
    """As far as it can be read: what is damaged can be removed, too."""
    try:
        return readable_state(folder)[0]
    except UserError:
        return State()


def _say(folder: Path, state: State, octets: int, *, refs: bool) -> None:
    tried = f"{state.counted} experiments" if state.seq else "a record that cannot be read"
    print(f"{folder.name}: {tried}, {size(octets)}", file=sys.stderr)
    print(f"  gone for good unless exported first: praxtui export {folder.name} --to archive", file=sys.stderr)
    there = f"refs/praxtui/{folder.name}/ and the branch praxtui/{folder.name} in {state.leaf}"
    print(f"  {there}: {'deleted, too' if refs else 'kept (--refs deletes them)'}", file=sys.stderr)


def _remove(folder: Path, state: State, *, refs: bool) -> list[str]:
    """Delete a campaign; the refs deleted. It leaves the list of campaigns at once, or not at all."""
    from praxtui.workspace import leftovers
    from praxtui.workspace.repository import LeafRepository
    from praxtui.workspace.transfer import forget

    leaf, forgotten = Path(state.leaf), []
    with held(folder):
        if refs and state.leaf:
            forgotten = forget(LeafRepository.open(leaf), folder.name)
        leftovers.delete_worktrees(leaf, folder / "trees")
        leftovers.erase(paths.cache_dir() / folder.name)
        gone = paths.home() / f".removed-{folder.name}-{secrets.token_hex(4)}"
        try:
            folder.rename(gone)
        except OSError as error:
            raise CampaignFault(f"cannot remove {folder}: {error.strerror}", fix="check its permissions") from error
        leftovers.erase(gone)
    return forgotten
