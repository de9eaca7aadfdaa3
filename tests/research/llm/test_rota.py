"""Which model is asked next, on a clock that only the test moves."""

from __future__ import annotations

import random

import pytest

from praxtui.research.llm.faults import Fault
from praxtui.research.llm.rota import REST, Rota, spoken
from tests.research.llm.counter import Clock, Pocket

ONE, TWO = "acme/one", "other/two"


def rota(*models: str, **params: dict[str, str]) -> tuple[Rota, Clock, Pocket]:
    clock = Clock()
    pocket = Pocket({model: {"api_key": "k" * 10} for model in models})
    return Rota(models, pocket, clock.now, random.Random(0)), clock, pocket


def fail(of: Rota, model: str, kind: str = "overload", **more: float) -> str:
    credentials = of.credentials(model)
    assert credentials is not None
    return of.failed(model, credentials, Fault(kind, "said", model.partition("/")[0], **more))  # type: ignore[arg-type]


def test_the_first_is_asked_and_asked_again_after_a_wait() -> None:
    made, clock, _ = rota(ONE, TWO)
    assert fail(made, ONE).startswith("waiting ")
    choice = made.choose()
    assert choice.model == ONE and 1 <= choice.wait <= 2
    assert choice.reason == "waiting 2 s for acme: overloaded or out of order"
    clock.time += choice.wait
    assert made.choose().wait == 0


def test_after_a_few_tries_another_one_stands_in_for_ten_minutes() -> None:
    made, clock, _ = rota(ONE, TWO)
    said = [fail(made, ONE) for _ in range(4)]
    assert said[-1] == f"going on with {TWO}"
    assert made.choose().model == TWO == made.current
    clock.time += REST - 1
    assert made.choose().model == TWO
    clock.time += 1
    assert made.choose().model == ONE
    fail(made, ONE)
    assert made.choose().model == TWO  # one more failure is enough, since it never came back
    clock.time += REST
    made.well(ONE)
    fail(made, ONE)
    assert made.choose().model == ONE


def test_when_all_rest_the_one_that_is_ready_first_is_asked() -> None:
    made, clock, _ = rota(ONE, TWO)
    for _ in range(8):
        fail(made, ONE)
    for _ in range(4):
        fail(made, TWO)
    choice = made.choose()
    assert choice.model == TWO and 0 < choice.wait <= 16
    assert choice.pause == choice.wait
    clock.time += 301
    assert made.choose().wait == 0


def test_a_key_that_changes_is_seen_within_seconds() -> None:
    made, clock, pocket = rota(ONE)
    assert fail(made, ONE, "auth") == "waiting for a person"
    choice = made.choose()
    assert (choice.cause, choice.pause) == ("keys", 3.0)
    assert choice.reason == "acme refused the key: set SCRIPTED_API_KEY, then `praxtui resume`"
    pocket.params[ONE]["api_key"] = "another"
    assert made.choose().wait == 0
    pocket.params.clear()
    assert made.choose().credentials is None
    assert made.choose().reason == f"no key for {ONE}: set SCRIPTED_API_KEY, then `praxtui resume`"
    clock.time += 10_000
    assert made.choose().wait > 0


def test_only_what_may_be_asked_is_chosen() -> None:
    made, _, _ = rota(ONE, TWO)
    assert made.choose([TWO]).model == TWO


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (40, "40 s"), (40.1, "41 s"), (100, "2 min"), (300, "5 min"), (5400, "1.5 h"), (21600, "6.0 h")],
)
def test_a_wait_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert spoken(seconds) == said
