"""Loading LiteLLM: which one, how, and what must not happen."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Callable

import pytest

from praxtui.errors import MISSING, RequirementMissing
from praxtui.research.llm import provider

LOAD = """
import asyncio, logging, os, socket, sys, threading

def refused(*given, **more):
    raise AssertionError("it went out into the network")

socket.socket.connect = refused
socket.getaddrinfo = refused
os.environ.update(LITELLM_LOG="DEBUG", OPENAI_LOG="debug")
import praxtui.research.llm.call, praxtui.research.llm.provider as provider
assert "litellm" not in sys.modules and "openai" not in sys.modules
ticks = []

async def main():
    loading = asyncio.create_task(provider.load())
    while not loading.done():
        ticks.append(1)
        await asyncio.sleep(0.01)
    await loading

asyncio.run(main())
import litellm
assert ticks[10:], "the event loop stood still"
assert "openai.resources.chat" in sys.modules
assert not litellm.callbacks and not litellm.success_callback and not litellm.failure_callback
logging.basicConfig(level=0)
logging.getLogger("LiteLLM").error("seen")
"""


def version(**found: str) -> Callable[[str], str]:
    def look(name: str) -> str:
        if name not in found:
            raise importlib.metadata.PackageNotFoundError(name)
        return found[name]

    return look


@pytest.mark.parametrize("litellm", ["1.106.0", "1.106.2", "1.108.11", "1.109.1"])
def test_these_versions_are_used(monkeypatch: pytest.MonkeyPatch, litellm: str) -> None:
    monkeypatch.setattr(importlib.metadata, "version", version(litellm=litellm, mcp="2.3.0"))
    provider.check_version()


@pytest.mark.parametrize("litellm", ["1.82.7", "1.82.8", "1.105.9", "1.107.0", "1.110.0", "2.0.0", "nonsense"])
def test_these_versions_are_not(monkeypatch: pytest.MonkeyPatch, litellm: str) -> None:
    monkeypatch.setattr(importlib.metadata, "version", version(litellm=litellm, mcp="2.3.0"))
    with pytest.raises(RequirementMissing, match="is not used") as missing:
        provider.check_version()
    assert missing.value.exit_code == MISSING
    assert missing.value.fix == "pip install 'litellm==1.106.2' mcp"


@pytest.mark.parametrize(("found", "name"), [({}, "litellm"), ({"litellm": "1.106.2"}, "mcp")])
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, found: dict[str, str], name: str) -> None:
    monkeypatch.setattr(importlib.metadata, "version", version(**found))
    with pytest.raises(RequirementMissing, match=f"needs the package {name}"):
        provider.check_version()


def test_loading_is_silent_stays_at_home_and_leaves_the_event_loop_free() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", LOAD], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
