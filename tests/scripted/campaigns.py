"""Whole campaigns of the model researcher against the scripted server: the engine, LiteLLM and the leaf are real."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from praxtui.journal.state import State
from praxtui.journal.store import Journal, StreamItem
from praxtui.journal.transcript import Turn, read_back
from praxtui.research.llm import provider
from praxtui.research.llm.call import Models
from praxtui.research.llm.credentials import Credentials
from praxtui.research.llm.researcher import Llm
from praxtui.settings import Limits, ModelSettings, ResearcherSettings
from tests import making
from tests.making import Director, Watch, create, ledger
from tests.scripted.ideas import Idea
from tests.scripted.researcher import GoodResearcher
from tests.scripted.said import Play
from tests.scripted.server import Seen, Server

NAMES = {"openai": "openai/gpt-4o", "anthropic": "anthropic/claude-sonnet-4-5"}
KEY = "sk-Zq81nS0meVeryPrivateThing"
# A server on this machine answers at once; on a busy one, after a while.
LIMITS = Limits(total=60, first=3, between=3)


class Pocket:
    """Keys of a server; `params` may be changed while a campaign runs."""

    def __init__(self, server: Server, key: str = KEY) -> None:
        self.key = key
        self._bases = {"openai": server.openai_base, "anthropic": server.anthropic_base}

    def lookup(self, model: str) -> Credentials:
        return Credentials({"api_key": self.key, "api_base": self._bases[model.partition("/")[0]]})

    def names(self, model: str) -> tuple[str, ...]:
        return ("SCRIPTED_API_KEY",)


class Hurried:
    """A clock on which waits between calls take no time."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def now(self) -> float:
        return time.monotonic() + self.skipped

    async def sleep(self, seconds: float) -> None:
        self.skipped += seconds
        await asyncio.sleep(0.005)


@dataclass
class Played:
    """What a campaign left."""

    folder: Path
    state: State
    requests: list[Seen]
    researcher: GoodResearcher

    @property
    def ledger(self) -> dict[str, dict[str, Any]]:
        return ledger(self.folder)

    def stream(self, experiment: str | None = None) -> list[StreamItem]:
        with Journal.open(self.folder) as journal:
            return list(journal.stream_read(experiment=experiment))

    def turns(self, experiment: str) -> list[Turn]:
        return read_back(self.stream(experiment))

    def said(self, kind: str, experiment: str | None = None) -> str:
        """All items of a kind, a line each."""
        return "\n".join(item.text for item in self.stream(experiment) if item.kind == kind)

    def calls(self, experiment: str) -> list[str]:
        return [turn.name for turn in self.turns(experiment) if turn.kind == "call"]

    def answers(self, experiment: str) -> dict[str, list[str]]:
        """What each tool said, by its name."""
        found: dict[str, list[str]] = {}
        for turn in self.turns(experiment):
            if turn.kind == "result":
                found.setdefault(turn.name, []).append(turn.text)
        return found


def campaign(
    leaf: Path, ideas: Iterable[Idea], *, experiments: int, wire: str = "openai", native: bool = True,
    spoil: Callable[[Play], Play] = lambda good: good, director: Director | None = None, models: Sequence[str] = (),
    limits: Limits = LIMITS, keys: Callable[[Server], Pocket] = Pocket, settings: dict[str, Any] | None = None,
    served: dict[str, Any] | None = None, researcher_settings: ResearcherSettings | None = None, **more: Any,
) -> Played:  # fmt: skip
    """Play a campaign of `experiments` on `leaf` to its end; `spoil` makes the server's play of the good one."""
    good = GoodResearcher(ideas)
    names = tuple(models) or (NAMES[wire],)
    clock = Hurried()
    with Server(spoil(good), **(served or {})) as server:
        said = {"limits": limits, "tools": "native" if native else "json", **(settings or {})}
        made = {name: ModelSettings(**said) for name in names}
        llm = Llm(Models(names, keys(server), made, now=clock.now, sleep=clock.sleep), researcher_settings)
        folder = create(leaf, researcher="llm", experiments=experiments, **{"unsandboxed": True, **more})
        state = making.play(folder, llm, _closing(director))  # type: ignore[arg-type]
        return Played(folder, state, server.requests, good)


def _closing(director: Director | None) -> Director:
    """LiteLLM keeps connections for each event loop; those of a loop that ends are closed in it."""

    async def direct(watch: Watch) -> None:
        if director is not None:
            await director(watch)
        await watch.until(lambda state: state.ended, "the end of the campaign")
        await provider.close()

    return direct
