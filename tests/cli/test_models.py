"""`praxtui models`: what is within reach, where its key is from, and no key's value anywhere."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from praxtui.research.llm.providers import PROVIDERS
from tests.cli.place import Inside, Place
from tests.scripted.said import Said
from tests.scripted.server import Server

KEY = "sk-planted-90ab"
WIDE = 80


@pytest.fixture
def at(tmp_path: Path) -> Place:
    """A place without keys, and where nothing listens at the addresses of local servers."""
    made = Inside(tmp_path / "place")
    for name in {name for about in PROVIDERS.values() for name in about.variables}:
        made.env.pop(name, None)
    with socket.create_server(("127.0.0.1", 0)) as held:
        silent = f"http://127.0.0.1:{held.getsockname()[1]}"
    for stem in ("OLLAMA", "HOSTED_VLLM", "LLAMAFILE", "LM_STUDIO"):
        made.env[f"{stem}_API_BASE"] = silent
    (made.home / "config").mkdir(parents=True)
    return made


@pytest.fixture
def listing() -> Iterator[Any]:
    """Starts servers that list models: `listing({path: document})` is the address of one."""
    begun: list[ThreadingHTTPServer] = []

    def start(documents: Mapping[str, Any]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                document = documents.get(self.path)
                raw = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(200 if document is not None else 404)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: Any) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        begun.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in begun:
        server.shutdown()
        server.server_close()


def document(at: Place, *words: str, **environment: str) -> dict[str, Any]:
    done = at.praxtui("models", "--json", *words, **environment)
    assert "planted" not in done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_without_any_key_it_says_how_to_get_going(at: Place) -> None:
    done = at.praxtui("models")
    for words in ("No language model is within reach", "export ANTHROPIC_API_KEY=...", "chmod 600", "sweep"):
        assert words in done.stdout
    assert document(at) == {"models": [], "servers": [], "providers": {}}


def test_models_of_a_provider_whose_key_is_there(at: Place) -> None:
    done = at.praxtui("models", ANTHROPIC_API_KEY=KEY)
    assert "anthropic: ANTHROPIC_API_KEY in the environment" in done.stdout
    assert KEY not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= WIDE
    found = document(at, ANTHROPIC_API_KEY=KEY)
    assert found["providers"] == {"anthropic": {"ANTHROPIC_API_KEY": "environment"}}
    assert len(found["models"]) == 4
    for model in found["models"]:
        assert model["name"].startswith("anthropic/claude-")
        assert model["name"] in done.stdout
        assert (model["from"], model["usable"], model["tools"], model["check"]) == ("key", True, True, None)
        assert model["context"] > 100_000
        assert 0 < model["price_cached"] < model["price_input"] < model["price_output"]


def test_where_a_key_is_from(at: Place) -> None:
    file = at.home / "config" / "keys"
    file.write_text(f"OPENAI_API_KEY={KEY}\n")
    file.chmod(0o600)
    found = document(at, GEMINI_API_KEY=KEY, OPENROUTER_API_KEY=KEY)["providers"]
    assert found == {
        "openai": {"OPENAI_API_KEY": "file"},
        "gemini": {"GEMINI_API_KEY": "environment"},
        "openrouter": {"OPENROUTER_API_KEY": "environment"},
    }
    assert f"openai: OPENAI_API_KEY in {file}" in at.praxtui("models").stdout
    file.chmod(0o640)
    assert f"chmod 600 {file}" in at.refused("models", code=3)


def test_what_the_settings_name_comes_first_with_what_they_say(at: Place) -> None:
    (at.home / "config" / "settings.toml").write_text(
        'models = ["openai/gpt-4o", "openai/mine"]\n'
        '[model."openai/mine"]\ncontext = 4096\ntools = "json"\nprice_input = 0.25\nprice_output = 0\n'
        '[model."claude-sonnet-4-5"]\nmax_output = 100\n'
    )
    first, second, third, *_ = document(at, OPENAI_API_KEY=KEY)["models"]
    assert [first["name"], second["name"], third["name"]] == [
        "openai/gpt-4o", "openai/mine", "anthropic/claude-sonnet-4-5"
    ]  # fmt: skip
    assert {model["from"] for model in (first, second, third)} == {"settings"}
    assert (second["context"], second["tools"], second["price_input"]) == (4096, False, 0.25)
    assert second["price_cached"] is None
    assert (third["usable"], third["missing"]) == (False, ["ANTHROPIC_API_KEY"])
    shown = at.praxtui("models", OPENAI_API_KEY=KEY).stdout
    assert "no key: set ANTHROPIC_API_KEY" in shown
    assert shown.index("openai/mine") < shown.index("openai: OPENAI_API_KEY")


def test_what_nobody_knows_is_unknown(at: Place) -> None:
    (at.home / "config" / "settings.toml").write_text('models = ["openai/no-such-model"]\n')
    found = document(at, OPENAI_API_KEY=KEY)["models"][0]
    assert [found[name] for name in ("context", "price_input", "price_output", "tools")] == [None] * 4
    line = next(line for line in at.praxtui("models", OPENAI_API_KEY=KEY).stdout.splitlines() if "no-such" in line)
    assert line.split()[1:] == ["unknown"] * 4


def test_local_servers_are_found_with_the_name_to_type(at: Place, listing: Any) -> None:
    addresses = {
        "OLLAMA_API_BASE": listing({"/api/tags": {"models": [{"name": "qwen3:8b"}, {"name": "smollm2"}]}}),
        "HOSTED_VLLM_API_BASE": listing({"/v1/models": {"data": [{"id": "org/big", "max_model_len": 32768}]}}) + "/v1",
        "LLAMAFILE_API_BASE": listing({"/v1/models": {"data": [{"id": "m.gguf", "meta": {"n_ctx": 4096}}]}}) + "/v1",
        "LM_STUDIO_API_BASE": listing({"/v1/models": {"data": []}}) + "/v1",
    }
    found = document(at, **addresses)
    assert [(server["kind"], server["address"]) for server in found["servers"]] == [
        ("Ollama", addresses["OLLAMA_API_BASE"]),
        ("vLLM", addresses["HOSTED_VLLM_API_BASE"]),
        ("llama.cpp", addresses["LLAMAFILE_API_BASE"]),
        ("LM Studio", addresses["LM_STUDIO_API_BASE"]),
    ]
    models = {model["name"]: model for model in found["models"]}
    assert list(models) == ["ollama_chat/qwen3:8b", "ollama_chat/smollm2", "hosted_vllm/org/big", "llamafile/m.gguf"]
    assert {model["price_input"] for model in models.values()} == {0}
    assert (models["hosted_vllm/org/big"]["context"], models["llamafile/m.gguf"]["context"]) == (32768, 4096)
    shown = at.praxtui("models", **addresses).stdout
    assert f"Ollama at {addresses['OLLAMA_API_BASE']}: no key needed" in shown
    assert "no key needed; it has no model" in shown
    assert all(name in shown for name in models)
    assert max(map(len, shown.splitlines())) <= WIDE


@pytest.mark.parametrize(
    "said", [b"<html>hello</html>", {"models": 3}, {"models": [3, {"name": None}, {"name": "\x1b[31m"}]}, [], b"{" * 5]
)
def test_something_else_at_a_port_is_no_model_server(at: Place, listing: Any, said: Any) -> None:
    found = document(at, OLLAMA_API_BASE=listing({"/api/tags": said}))
    assert found["models"] == []


def test_a_port_that_does_not_answer_holds_nothing_up(at: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert document(at, OLLAMA_API_BASE=address, HOSTED_VLLM_API_BASE=address)["servers"] == []


@pytest.mark.slow
def test_a_trial_is_a_real_call_and_says_what_came_back(at: Place) -> None:
    place = Place(at.root / "real")
    with Server(lambda asked: Said(text="ready"), keys=[KEY]) as server:
        base = {"OPENAI_BASE_URL": server.openai_base}
        done = place.praxtui("models", "--check", "gpt-4o", OPENAI_API_KEY=KEY, **base)
        assert done.stdout.startswith("openai/gpt-4o  answers in ")
        assert done.stdout.endswith(" s: ready\n")
        words = ["models", "--json", "--check", "openai/gpt-4o", "anthropic/claude-sonnet-4-5"]
        done = place.praxtui(*words, code=3, OPENAI_API_KEY="sk-planted-wrong", ANTHROPIC_API_KEY="", **base)
        assert "planted" not in done.stdout + done.stderr
        first, second = json.loads(done.stdout)["models"]
    assert (first["from"], first["check"]["ok"], second["check"]["ok"]) == ("check", False, False)
    assert "Incorrect API key" in first["check"]["said"]
    assert second["check"]["said"] == "no key: set ANTHROPIC_API_KEY"
    assert second["missing"] == ["ANTHROPIC_API_KEY"]
    assert len(server.requests) == 2
    assert server.requests[0].body["max_tokens"] <= 16
