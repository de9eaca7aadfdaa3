"""The pictures of the README and the documents, of a campaign that is really run for them.

    python -m tests.tui.pictures docs

Takes about two minutes: `ngram` is researched by `sweep` in a home of its own, and the cockpit looks at it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from textual.pilot import Pilot

from praxtui.journal import liveness
from praxtui.journal.folded import folded
from praxtui.journal.state import State
from praxtui.journal.store import Journal
from praxtui.tui.app import Praxtui
from praxtui.tui.start import First

EXPERIMENTS = 40
WIDE, SMALL = (120, 40), (80, 24)


def main(folder: Path) -> None:
    """Write every picture into `folder`."""
    with tempfile.TemporaryDirectory(prefix="praxtui-pictures-") as home:
        os.environ |= {"PRAXTUI_HOME": home}
        command = [sys.executable, "-m", "praxtui", "run", "ngram"]
        words = ["--name", "nov23-a", "--experiments", str(EXPERIMENTS), "--detach"]
        subprocess.run([*command, *words], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(
            [sys.executable, "-m", "praxtui", "hint", "nov23-a", "a larger TRAIN_BYTES seems to help: try more"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        asyncio.run(taken(folder, Path(home) / "campaigns" / "nov23-a"))


async def taken(folder: Path, campaign: Path) -> None:
    """The pictures, in the order in which there is something to be seen on them."""
    await until(campaign, lambda state: state.counted >= EXPERIMENTS // 2 and bool(state.running))
    await picture(folder / "campaign.svg", First(campaign), WIDE)
    await picture(folder / "home.svg", First(), SMALL)
    await until(campaign, lambda state: bool(state.ended))
    while liveness.alive(campaign).alive:
        await asyncio.sleep(0.1)
    await picture(folder / "replay.svg", First(campaign, replay=True, at=f"e{EXPERIMENTS // 2}"), WIDE)
    # The best one is a key away.
    await picture(folder / "experiment.svg", First(campaign), (100, 30), ["b", "enter"])


async def picture(file: Path, first: First, size: tuple[int, int], keys: Sequence[str] = ()) -> None:
    """One picture: the app on `first`, after some keys."""
    app = Praxtui(first)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
        file.write_text(app.export_screenshot(title="praxtui"))
    print(file)


async def settled(pilot: Pilot[None]) -> None:
    """Until what was begun is on the screen."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause(0.5)


async def until(campaign: Path, true: Callable[[State], bool]) -> None:
    """Wait until the campaign has come so far."""
    while not true(state_of(campaign)):
        await asyncio.sleep(0.05)


def state_of(campaign: Path) -> State:
    """The folded state of now."""
    with Journal.open(campaign) as journal:
        return folded(journal)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
