"""What the llm researcher of a campaign is made with: its models, keys as they can be found now, settings."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from praxtui import settings
from praxtui.engine.handed import Handed
from praxtui.journal.state import State
from praxtui.research.llm import providers
from praxtui.research.llm.keys import Keys


async def options(state: State, given: Handed) -> dict[str, Any]:
    """The options of the campaign's researcher; none where it uses no model. Raises UserError for faulty settings."""
    if state.researcher != "llm":
        return {}
    said = settings.read()
    keys = Keys(given.environment(), said, since=given.at, patient=False)
    # Later answers of the keyring come while the loop goes on; the first call should not be told that there is no key.
    await asyncio.to_thread(keys.warm, state.models)
    named = {providers.with_provider(name): about for name, about in said.model.items()}
    return {"models": tuple(state.models), "keys": keys, "settings": msgspec.structs.replace(said, model=named)}
