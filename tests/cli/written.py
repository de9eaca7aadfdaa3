"""Campaigns that are journals only: facts and stream items as an engine would have written them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from praxtui.journal.facts import Budgets, CampaignCreated, CampaignEnded, DraftCommitted, EngineStopped, Fact
from praxtui.journal.store import Journal
from tests.cli.place import Place
from tests.journal.facts import begun

DIFF = b"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-LR = 1\n+LR = 2\n"
ENDED = [CampaignEnded("finished", "9 experiments done"), EngineStopped("done")]


def beginning(*, researcher: str = "llm", autonomy: str = "auto", budgets: Budgets | None = None) -> list[Fact]:
    """The facts up to the end of the baseline of the campaign `c`, of a researcher with a model."""
    facts = begun(budgets=budgets)
    facts[0] = CampaignCreated(
        "c", "/leaf", "leaf", researcher, 0, "p" * 64, budgets or Budgets(experiments=9), "0.1",
        models=["anthropic/a-model"] if researcher == "llm" else [], autonomy=autonomy,
    )  # fmt: skip
    return facts


def written(place: Place, facts: Sequence[Fact], name: str = "c", at: float | None = None) -> Path:
    """The folder of a campaign with these facts and no engine."""
    folder = place.folder(name)
    folder.mkdir(parents=True)
    with Journal.create(folder) as journal:
        diff = journal.put_blob(DIFF)
        journal.append([replace(fact, diff=diff) if isinstance(fact, DraftCommitted) else fact for fact in facts], at)
    return folder
