"""`praxtui fork ID eN`: a new campaign that begins where an experiment of another stands."""

from __future__ import annotations

from pathlib import Path

from praxtui.cli.reading import experiment_of
from praxtui.errors import DONE, UserError
from praxtui.journal.folded import folded
from praxtui.journal.store import Journal


def fork(folder: Path, experiment: str, name: str | None) -> int:
    """Create the campaign and start its engine; prints the new id."""
    from praxtui.cli.leaving import warn
    from praxtui.engine.supervisor import Request, create, start
    from praxtui.program.read import parse
    from praxtui.workspace.repository import LeafRepository

    with Journal.open(folder) as journal:
        state = folded(journal)
        program = parse(journal.get_blob(state.program).decode(), Path(state.leaf) / "program.md")
    found = experiment_of(state, experiment)
    if found.commit is None and found.id != "e0":
        raise UserError(f"{experiment} of {state.id} has no commit: {found.reason or 'it is being drafted'}")
    leaf = Path(state.leaf)
    request = Request(
        leaf=leaf,
        leaf_name=state.leaf_name,
        program=program,
        researcher=state.researcher,
        budgets=state.budgets,
        name=name,
        models=tuple(state.models),
        seed=state.seed,
        lookahead=state.lookahead,
        autonomy=state.autonomy,
        unsandboxed=state.unsandboxed,
        after=(state.id,),
        overrides=state.overrides,
        forked_from=f"{state.id}/{experiment}",
        start_commit=found.commit or found.base,
    )
    new = create(request, LeafRepository.open(leaf).campaigns())
    warn()
    start(new)
    print(f"{new.name} began at {experiment} of {state.id}: praxtui status {new.name}")
    return DONE
