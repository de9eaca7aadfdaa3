"""Campaigns that are journals only: facts and stream items as an engine would have written them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from praxtui.journal.facts import Budgets, CampaignCreated, CampaignEnded, DraftCommitted, EngineStopped, Fact
from praxtui.journal.store import Journal
from praxtui.research.llm.transcript import Transcript
from praxtui.research.llm.turns import Message, Part, Reply, Tool, ToolCall
from praxtui.research.protocol import Usage
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


PROTOCOL = "You are a researcher.\nState a hypothesis before any edit."
READ = Tool("read", "Lines of a file.", {"type": "object", "properties": {"path": {"type": "string"}}})


class Writer:
    """Writes a campaign's journal as engine and researcher would: facts and conversations, a second apart."""

    def __init__(self, folder: Path, facts: Sequence[Fact]) -> None:
        folder.mkdir(parents=True)
        self.journal = Journal.create(folder)
        self.now = 1000.0
        self.journal.append(list(facts), self.now)
        self.diff = self.journal.put_blob(DIFF)

    def tick(self) -> float:
        self.now += 1.0
        return self.now

    def facts(self, *facts: Fact) -> None:
        for fact in facts:
            self.journal.append([fact], self.tick())

    def stream(self, kind: str, text: str, experiment: str = "e1") -> None:
        """As a desk does it."""
        self.journal.stream_append(kind, text, experiment, self.tick())

    def prompt(self, parts: Sequence[str]) -> None:
        """As a desk does it."""
        self.stream("prompt", self.journal.put_parts([part.encode() for part in parts]))

    def conversation(self, what: str, brief: str) -> Transcript:
        """A conversation that begins with the protocol and a brief."""
        transcript = Transcript(self, what)  # type: ignore[arg-type]
        messages = [Message(role="system", parts=(Part(PROTOCOL),)), Message(role="user", parts=(Part(brief),))]
        transcript.prompt(messages, [READ])
        return transcript

    def reply(self, transcript: Transcript, *, thinks: str = "", says: str = "", **usage: Any) -> None:
        """A whole reply, its stretches coming in two halves."""
        for kind, text in (("thought", thinks), ("text", says)):
            for half in (text[: len(text) // 2], text[len(text) // 2 :]):
                if half:
                    self.stream(kind, half)
        used = {"model": "a-model", "prompt": 1000, "cached": 800, "output": 50, "usd": 0.01} | usage
        transcript.replied(Reply(usage=Usage(**used)), 2.5)

    def use(self, transcript: Transcript, name: str, arguments: Any, result: str) -> None:
        """A tool call with its answer; arguments that are a text are what the model wrote."""
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        call = ToolCall("t1", name, text)
        transcript.called(call)
        transcript.answered(call, result)
