"""A person edits program.md while the campaign runs."""

from __future__ import annotations

from pathlib import Path

from praxtui.journal.facts import EpochOpened, Noticed, RunStarted
from praxtui.journal.people import ProgramChanged
from praxtui.journal.store import Journal
from tests.making import (
    EXACT,
    Script,
    Watch,
    create,
    facts,
    git,
    ledger,
    merged,
    play,
    program_text,
    send,
    state_of,
    status,
)


def edit_during(leaf: Path, folder: Path, gate: Path, text: str):  # type: ignore[no-untyped-def]
    """A director that puts another program.md there while e1 runs, and lets e1 end."""

    async def direct(watch: Watch) -> None:
        await watch.started("e1")
        (leaf / "program.md").write_text(text)
        gate.touch()

    return direct


def test_prose_counts_from_the_next_draft_and_opens_no_epoch(exact: Path, tmp_path: Path) -> None:
    folder, gate = create(exact, experiments=2), tmp_path / "gate"
    script = Script({"GAIN": 1.0, "WAIT": str(gate)}, {"GAIN": 2.0})
    text = program_text(EXACT, "# Task\nThink of the user.\n")
    state = play(folder, script, edit_during(exact, folder, gate, text))
    (changed,) = facts(folder, ProgramChanged)
    assert not changed.specification
    assert len(state.epochs) == 1
    with Journal.open(folder) as journal:
        assert "+Think of the user." in journal.get_blob(changed.diff).decode()
        assert journal.get_blob(state_of(folder).program).decode() == text
    assert "Raise the score." in script.briefs[0].program.prose
    assert "Think of the user." in script.reflected[-1].program.prose


def test_the_specification_opens_an_epoch_and_the_incumbent_is_measured_again(exact: Path, tmp_path: Path) -> None:
    folder, gate = create(exact, experiments=2), tmp_path / "gate"
    script = Script({"GAIN": 1.0, "WAIT": str(gate)}, {"GAIN": 2.0})
    text = program_text(merged(EXACT, {"loop": {"budget": "21s"}}))
    state = play(folder, script, edit_during(exact, folder, gate, text))
    assert [(epoch.number, epoch.head) for epoch in state.epochs] == [(1, "e0"), (2, "e1")]
    assert facts(folder, EpochOpened)[1].reason == "program.md: the specification was edited"
    assert [(run.experiment, run.use, run.epoch) for run in facts(folder, RunStarted)] == [
        ("e0", "baseline", 1), ("e1", "select", 1), ("e1", "baseline", 2), ("e2", "select", 2),
    ]  # fmt: skip
    rows = ledger(folder)
    assert (rows["e2"]["epoch"], rows["e2"]["parent"], rows["e2"]["delta"]) == (2, "e1", 1.0)
    assert rows["e1"]["verdict"] == "keep"
    assert status(folder)["baseline"] == 101.0
    assert git(exact, "log", "-2", "--format=%H", "praxtui/c").split() == [
        rows["e2"]["branch_commit"], rows["e1"]["branch_commit"],
    ]  # fmt: skip


def test_what_was_tried_in_an_earlier_epoch_may_be_tried_again(exact: Path, tmp_path: Path) -> None:
    folder, gate = create(exact, experiments=2), tmp_path / "gate"
    script = Script({"GAIN": -1.0, "WAIT": str(gate)}, {"GAIN": -1.0, "WAIT": str(gate)})
    text = program_text(merged(EXACT, {"metric": {"goal": "minimize"}}))
    play(folder, script, edit_during(exact, folder, gate, text))
    rows = ledger(folder)
    assert [(rows[name]["verdict"], rows[name]["epoch"]) for name in ("e1", "e2")] == [("discard", 1), ("keep", 2)]


def test_an_edit_that_is_not_valid_is_noticed_and_ignored(exact: Path, tmp_path: Path) -> None:
    folder, gate = create(exact, experiments=2), tmp_path / "gate"
    script = Script({"GAIN": 1.0, "WAIT": str(gate)}, {"GAIN": 2.0})
    text = program_text(merged(EXACT, {"loop": {"bugdet": "21s"}}))
    state = play(folder, script, edit_during(exact, folder, gate, text))
    (said,) = [fact.text for fact in facts(folder, Noticed) if "program.md" in fact.text]
    assert said.startswith("the edit of program.md is not taken: ")
    assert "bugdet" in said
    assert (len(state.epochs), state.counted, state.ended) == (1, 2, "finished")
    assert not facts(folder, ProgramChanged)


def test_an_edit_made_while_no_engine_ran_is_taken_at_the_next_start(exact: Path) -> None:
    folder = create(exact, experiments=1)
    script = Script({"GAIN": 1.0}, {"GAIN": 2.0})
    play(folder, script)
    (exact / "program.md").write_text(program_text(merged(EXACT, {"loop": {"budget": "22s"}})))
    send(folder, "budget", experiments=2)
    state = play(folder, script)
    assert [(epoch.number, epoch.head) for epoch in state.epochs] == [(1, "e0"), (2, "e1")]
    assert state.experiments["e2"].epoch == 2


def test_another_target_holds_at_once_and_opens_no_epoch(exact: Path, tmp_path: Path) -> None:
    folder, gate = create(exact, experiments=9), tmp_path / "gate"
    script = Script({"GAIN": 1.0, "WAIT": str(gate)}, {"GAIN": 2.0}, {"GAIN": 3.0})
    text = program_text(merged(EXACT, {"metric": {"target": 102}}))
    state = play(folder, script, edit_during(exact, folder, gate, text))
    assert (len(state.epochs), state.epochs[0].target) == (1, 102.0)
    assert (state.head, state.end_reason) == ("e2", "the target is met")
