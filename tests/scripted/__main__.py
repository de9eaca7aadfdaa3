"""The server by hand: `python -m tests.scripted --port 8000 --play good` prints its addresses and serves."""

from __future__ import annotations

import argparse
import json
import threading
from dataclasses import replace

from tests.scripted.faults import FAULTS, WIRE_FAULTS
from tests.scripted.ideas import numeric
from tests.scripted.plays import RandomFaults, Spoiled
from tests.scripted.researcher import GoodResearcher
from tests.scripted.said import Answer, Asked, Play, Said
from tests.scripted.server import Server


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.scripted", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--play", default="good", choices=["good", "faults", *FAULTS], help="what the model does")
    parser.add_argument("--constant", default="GAIN", help="what its ideas change")
    parser.add_argument("--lever", default="settings.py", help="in which file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.0, metavar="S", help="rest between events of a stream")
    parser.add_argument("--keep", type=int, default=100, help="requests that are kept")
    given = parser.parse_args()
    good = GoodResearcher(numeric(given.constant, path=given.lever, seed=given.seed))

    def slow(asked: Asked) -> Answer:
        answer = good(asked)
        return replace(answer, pause_s=given.pause) if isinstance(answer, Said) else answer

    play: Play = slow
    if given.play == "faults":
        play = RandomFaults(slow, 0.2, dict.fromkeys(WIRE_FAULTS, 1.0), given.seed)
    elif given.play != "good":
        play = Spoiled(slow, given.play, when=lambda asked: True)
    with Server(play, port=given.port, keep=given.keep) as server:
        addresses = {"openai": server.openai_base, "anthropic": server.anthropic_base, "port": server.port}
        print(json.dumps(addresses), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
