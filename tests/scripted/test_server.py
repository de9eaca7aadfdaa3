"""The scripted server, asked without any client's library: what it refuses, and the plays made of other plays."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from tests.scripted import Asked, Fault, Said, Server, Turn
from tests.scripted.faults import WIRE_FAULTS
from tests.scripted.plays import RandomFaults, first_try


def test_models_and_keys_that_are_not_known_are_refused() -> None:
    with Server(lambda asked: Said("fine"), models=["scripted"], keys=["sk-1"]) as server:
        assert b'"scripted"' in get(server.openai_base + "/models", {"authorization": "Bearer sk-1"})
        named = {"x-api-key": "sk-1", "anthropic-version": "2023-06-01"}
        assert b'"display_name"' in get(server.anthropic_base + "/v1/models", named)
        with pytest.raises(urllib.error.HTTPError, match="401") as refused:
            get(server.openai_base + "/models", {"authorization": "Bearer sk-2"})
        refused.value.close()


def get(url: str, headers: dict[str, str]) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
        raw: bytes = answer.read()
        return raw


def asked(n: int = 1, text: str = "hello") -> Asked:
    return Asked("openai", n, "scripted", "k", "", (Turn("user", text),), (), None, True, {})


def test_an_error_in_a_play_is_not_lost() -> None:
    def play(asked: Asked) -> Said:
        raise ValueError("no such scene")

    server = Server(play)
    server.up()
    request = urllib.request.Request(server.openai_base + "/chat/completions", b'{"model": "m", "messages": []}')
    with pytest.raises(urllib.error.HTTPError, match="500") as refused:
        urllib.request.urlopen(request, timeout=30)
    refused.value.close()
    with pytest.raises(AssertionError, match="no such scene"):
        server.__exit__(None, None, None)


def test_random_faults_follow_from_their_seed_and_never_last() -> None:
    def thrown(seed: int) -> list[tuple[int, str]]:
        play = RandomFaults(lambda asked: Said("fine"), 0.5, dict.fromkeys(WIRE_FAULTS, 1.0), seed, in_a_row=2)
        for n in range(1, 301):
            play(asked(n))
        return play.thrown

    numbers = [n for n, _ in thrown(1)]
    assert thrown(1) == thrown(1) != thrown(2)
    assert 90 < len(numbers) < 160
    assert not any(n + 1 in numbers and n + 2 in numbers for n in numbers)
    assert {name for _, name in thrown(1)} == set(WIRE_FAULTS)


def test_a_first_try_is_spoiled_and_the_second_is_not() -> None:
    play = first_try(lambda asked: Said("fine"), "server_error")
    assert [isinstance(play(asked(n, text)), Fault) for n, text in enumerate("aabba", 1)] == [
        True, False, True, False, False,
    ]  # fmt: skip
