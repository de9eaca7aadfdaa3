"""Where keys are looked for, what each becomes in a call, and what is said where there is none."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from rich.pretty import pretty_repr

from praxtui.errors import UserError
from praxtui.research.llm import keys, providers
from praxtui.research.llm.credentials import KeysMissing
from praxtui.research.llm.keys import FileRefused, Keyring, Keys, how_to_set, keys_file, parsed
from praxtui.settings import ModelSettings, Settings


class Kept(KeyringBackend):
    """A keyring with a few keys; `gate` closed: one that waits for its person."""

    priority = 1  # type: ignore[assignment]
    values: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[str]] = []
    gate = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        assert service == "praxtui"
        self.asked.append(username)
        assert self.gate.wait(60)
        return self.values.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home without keys, and a keyring of the test's own."""
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "home" / "config").mkdir(parents=True)
    monkeypatch.setattr(Kept, "values", {})
    monkeypatch.setattr(Kept, "asked", [])
    Kept.gate.set()
    before = keyring.get_keyring()
    keyring.set_keyring(Kept())
    yield tmp_path / "home"
    Kept.gate.set()
    keyring.set_keyring(before)


def file(text: str, mode: int = 0o600) -> Path:
    keys_file().write_text(text)
    keys_file().chmod(mode)
    return keys_file()


def lacking(found: Keys, model: str) -> tuple[str, ...]:
    with pytest.raises(KeysMissing) as missing:
        found.lookup(model)
    assert missing.value.model == model
    return missing.value.names


# --- what becomes what -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "environment", "params"),
    [
        ("openai/gpt-5", {"OPENAI_API_KEY": "k"}, {"api_key": "k"}),
        ("gpt-5", {"OPENAI_API_KEY": "k", "OPENAI_ORGANIZATION": "o"}, {"api_key": "k", "organization": "o"}),
        (
            "openai/m",
            {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://a/v1", "OPENAI_API_BASE": "http://b/v1"},
            {"api_key": "k", "api_base": "http://a/v1"},
        ),
        ("claude-sonnet-4-5", {"ANTHROPIC_API_KEY": "k"}, {"api_key": "k"}),
        ("gemini/gemini-2.5-pro", {"GOOGLE_API_KEY": "k"}, {"api_key": "k"}),
        ("gemini/x", {"GEMINI_API_KEY": "a", "GOOGLE_API_KEY": "b"}, {"api_key": "a"}),
        (
            "azure/deployed",
            {"AZURE_API_KEY": "k", "AZURE_API_BASE": "https://x", "AZURE_API_VERSION": "2025-01-01"},
            {"api_key": "k", "api_base": "https://x", "api_version": "2025-01-01"},
        ),
        (
            "bedrock/m",
            {"AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-1", "AWS_SESSION_TOKEN": "t"},
            {
                "aws_access_key_id": "i", "aws_secret_access_key": "s", "aws_region_name": "eu-1",
                "aws_session_token": "t",
            },
        ),
        ("bedrock/m", {"AWS_BEARER_TOKEN_BEDROCK": "b"}, {"api_key": "b"}),
        (
            "vertex_ai/m",
            {"GOOGLE_APPLICATION_CREDENTIALS": "/a.json", "VERTEXAI_PROJECT": "p", "VERTEXAI_LOCATION": "l"},
            {"vertex_credentials": "/a.json", "vertex_project": "p", "vertex_location": "l"},
        ),
        ("poe/m", {"POE_API_KEY": "k"}, {"api_key": "k"}),
        ("ollama_chat/m", {}, {"api_key": "none", "api_base": "http://127.0.0.1:11434"}),
        ("ollama_chat/m", {"OLLAMA_API_BASE": "http://gpu:1"}, {"api_key": "none", "api_base": "http://gpu:1"}),
        (
            "hosted_vllm/m",
            {"HOSTED_VLLM_API_KEY": "k"},
            {"api_key": "k", "api_base": "http://127.0.0.1:8000/v1"},
        ),
    ],
)  # fmt: skip
def test_variables_become_parameters_of_the_call(
    model: str, environment: dict[str, str], params: dict[str, str]
) -> None:
    assert Keys(environment).lookup(model).params == params


def test_every_parameter_is_one_that_litellm_takes() -> None:
    """Those that are not OpenAI's own are read out of `optional_params` by the provider's code."""
    litellm = pytest.importorskip("litellm")
    known = set(litellm.types.utils.all_litellm_params) | {"organization", "api_base", "api_version"}
    root = Path(litellm.__file__).parent / "llms"
    sources = "".join(
        path.read_text() for folder in ("bedrock", "vertex_ai", "azure") for path in root.glob(f"{folder}/*.py")
    )
    for name, about in providers.PROVIDERS.items():
        for params in (*about.ways, about.more):
            for param in params.values():
                assert param in known or f'"{param}"' in sources, (name, param)
        for variable in about.variables:
            assert variable.isupper()


def test_the_providers_are_those_of_litellm() -> None:
    from praxtui.research.llm import catalog

    if not catalog.providers():
        pytest.skip("litellm is not installed")
    litellm = pytest.importorskip("litellm")
    assert set(providers.PROVIDERS) <= catalog.providers() | set(litellm.provider_list)


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("gpt-5", "openai/gpt-5"),
        ("o3-mini", "openai/o3-mini"),
        ("claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
        ("gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        (" openrouter/anthropic/claude-x ", "openrouter/anthropic/claude-x"),
    ],
)
def test_a_bare_name_gets_its_provider(typed: str, whole: str) -> None:
    assert providers.whole_name(typed) == whole


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("anthropc/claude", "unknown model provider 'anthropc' in anthropc/claude; did you mean: anthropic?"),
        ("qwen3", "which provider has the model qwen3? Write PROVIDER/qwen3"),
        ("/gpt-5", "which provider has the model /gpt-5?"),
        ("", "is not the name of a model"),
        ("a b", "'a b' is not the name of a model"),
    ],
)
def test_a_name_that_means_nothing_is_refused(typed: str, words: str) -> None:
    with pytest.raises(UserError, match=r"\S") as refused:
        providers.whole_name(typed)
    assert words in refused.value.message
    assert refused.value.fix


# --- what is lacking ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "environment", "names"),
    [
        ("anthropic/x", {}, ("ANTHROPIC_API_KEY",)),
        ("anthropic/x", {"ANTHROPIC_API_KEY": ""}, ("ANTHROPIC_API_KEY",)),
        ("gemini/x", {}, ("GEMINI_API_KEY", "GOOGLE_API_KEY")),
        ("bedrock/x", {"AWS_ACCESS_KEY_ID": "i"}, ("AWS_SECRET_ACCESS_KEY",)),
        ("poe/x", {}, ("POE_API_KEY",)),
        ("azure_ai/x", {}, ("AZURE_AI_API_KEY and AZURE_AI_API_BASE",)),
    ],
)
def test_what_is_lacking_is_named(model: str, environment: dict[str, str], names: tuple[str, ...]) -> None:
    assert lacking(Keys(environment), model) == names


def test_names_for_a_message_are_the_keys() -> None:
    found = Keys({})
    assert found.names("openai/x") == ("OPENAI_API_KEY",)
    assert found.names("gemini/x") == ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    assert found.names("ollama_chat/x") == ("OLLAMA_API_KEY",)


def test_a_provider_with_a_file_of_its_own_needs_no_variable(tmp_path: Path) -> None:
    assert lacking(Keys({}), "bedrock/x")
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text("[default]\n")
    assert Keys({"AWS_REGION": "r"}).lookup("bedrock/x").params == {"aws_region_name": "r"}


# --- addresses ------------------------------------------------------------------------------------------------------


def said(model: str, **about: object) -> Settings:
    return Settings(model={model: ModelSettings(**about)})  # type: ignore[arg-type]


@pytest.mark.parametrize("base", ["http://127.0.0.1:9/v1", "http://localhost:9/v1", "http://[::1]:9"])
def test_a_server_on_this_machine_needs_no_key(base: str) -> None:
    found = Keys({}, said("openai/mine", api_base=base))
    assert found.lookup("openai/mine").params == {"api_base": base, "api_key": "none"}
    assert Keys({"OPENAI_API_BASE": base}).lookup("openai/other").params == {"api_base": base, "api_key": "none"}
    assert lacking(found, "openai/other") == ("OPENAI_API_KEY",)


def test_a_server_elsewhere_needs_one() -> None:
    found = Keys({}, said("openai/mine", api_base="https://gpu.example.org/v1"))
    assert lacking(found, "openai/mine") == ("OPENAI_API_KEY",)


def test_the_address_of_the_settings_goes_before_that_of_the_environment() -> None:
    environment = {"OPENAI_API_KEY": "k", "OPENAI_API_BASE": "http://env/v1"}
    found = Keys(environment, said("gpt-5", api_base="http://said/v1"))
    assert found.lookup("openai/gpt-5").params["api_base"] == "http://said/v1"
    assert found.lookup("openai/gpt-4o").params["api_base"] == "http://env/v1"


def test_an_address_in_the_settings_will_do_where_one_is_needed() -> None:
    found = Keys({"AZURE_API_KEY": "k"}, said("azure/d", api_base="https://x"))
    assert found.lookup("azure/d").params == {"api_key": "k", "api_base": "https://x"}


def test_what_is_said_for_each_call_is_not_said_twice() -> None:
    found = Keys(
        {"AZURE_API_KEY": "k", "AZURE_API_BASE": "b", "AZURE_API_VERSION": "1"},
        said("azure/d", extra={"api_version": "2"}),
    )
    assert found.lookup("azure/d").params == {"api_key": "k", "api_base": "b"}


# --- the file -------------------------------------------------------------------------------------------------------


def test_the_environment_comes_first_then_the_file_then_the_keyring() -> None:
    file("# mine\nexport OPENAI_API_KEY='filed'\nANTHROPIC_API_KEY=filed too\nnonsense\n")
    Kept.values |= {"ANTHROPIC_API_KEY": "kept", "XAI_API_KEY": "kept", "OPENAI_API_KEY": "kept"}
    found = Keys({"OPENAI_API_KEY": "set"})
    assert found.lookup("openai/x").params == {"api_key": "set"}
    assert found.lookup("anthropic/x").params == {"api_key": "filed too"}
    assert Kept.asked == []
    assert found.lookup("xai/x").params == {"api_key": "kept"}
    origins = {model: found.origins(f"{model}/x") for model in ("openai", "anthropic", "xai")}
    assert origins == {
        "openai": {"OPENAI_API_KEY": "environment"},
        "anthropic": {"ANTHROPIC_API_KEY": "file"},
        "xai": {"XAI_API_KEY": "keyring"},
    }


def test_a_key_that_appears_in_the_file_is_found() -> None:
    found = Keys({}, patient=False)
    assert lacking(found, "openai/x")
    file("OPENAI_API_KEY=a")
    assert found.lookup("openai/x").params == {"api_key": "a"}
    file("OPENAI_API_KEY=bb")
    assert found.lookup("openai/x").params == {"api_key": "bb"}
    keys_file().unlink()
    assert lacking(found, "openai/x")


def test_a_file_that_changed_after_the_handing_over_is_newer() -> None:
    file("OPENAI_API_KEY=filed")
    handed = {"OPENAI_API_KEY": "handed"}
    assert Keys(handed, since=time.time() + 100).lookup("openai/x").params == {"api_key": "handed"}
    assert Keys(handed, since=time.time() - 100).lookup("openai/x").params == {"api_key": "filed"}
    assert Keys(handed).lookup("openai/x").params == {"api_key": "handed"}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o660, 0o666])
def test_a_file_that_others_may_open_is_refused(mode: int) -> None:
    path = file("OPENAI_API_KEY=filed", mode)
    found = Keys({})
    assert found.find("OPENAI_API_KEY") is None
    with pytest.raises(FileRefused, match=f"can be read by others .mode {mode:04o}.") as refused:
        found.check()
    assert (refused.value.fix, refused.value.exit_code) == (f"chmod 600 {path}", 3)
    # An engine that waits for the key says so, too, and goes on once that is mended.
    assert lacking(found, "openai/x") == ("OPENAI_API_KEY", f"do `chmod 600 {path}`")
    path.chmod(0o600)
    found.check()
    assert found.lookup("openai/x").params == {"api_key": "filed"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_file_of_somebody_else_is_refused() -> None:
    os.chown(file("OPENAI_API_KEY=filed"), 12345, -1)
    found = Keys({})
    assert found.find("OPENAI_API_KEY") is None
    with pytest.raises(FileRefused, match="belongs to somebody else"):
        found.check()


def test_a_folder_in_the_place_of_the_file_is_refused() -> None:
    keys_file().mkdir()
    found = Keys({})
    assert lacking(found, "openai/x")
    with pytest.raises(FileRefused, match="is no file"):
        found.check()


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), st.text("abc=#'\" \t", min_size=1)))
def test_what_is_written_line_by_line_is_read_back(values: dict[str, str]) -> None:
    clean = {name: value.strip() for name, value in values.items() if value.strip()}
    assert parsed("".join(f'{name}="{value}"\n' for name, value in clean.items())) == clean


# --- the keyring -----------------------------------------------------------------------------------------------------


def test_a_locked_keyring_is_not_waited_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "KEYRING_S", 0.05)
    Kept.gate.clear()
    Kept.values["OPENAI_API_KEY"] = "kept"
    found = Keys({})
    assert lacking(found, "openai/x")
    assert lacking(found, "anthropic/x")
    assert Kept.asked == ["OPENAI_API_KEY"]


def test_who_may_not_wait_gets_the_answer_the_next_time() -> None:
    Kept.gate.clear()
    Kept.values["OPENAI_API_KEY"] = "kept"
    found = Keys({}, patient=False)
    assert lacking(found, "openai/x")
    Kept.gate.set()
    deadline = time.monotonic() + 60
    while found.find("OPENAI_API_KEY", ask=False) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert found.lookup("openai/x").params == {"api_key": "kept"}


def test_asking_beforehand_asks_only_for_what_is_nowhere_else() -> None:
    Kept.values["XAI_API_KEY"] = "kept"
    found = Keys({"OPENAI_API_KEY": "set"}, patient=False)
    found.warm(["openai/x", "xai/x"])
    assert Kept.asked == ["XAI_API_KEY"]
    assert found.lookup("xai/x").params == {"api_key": "kept"}


def test_a_keyring_that_fails_has_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Kept, service: str, username: str) -> str:
        raise RuntimeError("no session")

    monkeypatch.setattr(Kept, "get_password", broken)
    asked = Keyring(patient=True)
    assert asked.get("OPENAI_API_KEY") is None


# --- nothing is shown ------------------------------------------------------------------------------------------------


def test_no_value_shows_in_a_repr() -> None:
    file("XAI_API_KEY=sk-planted-2")
    found = Keys({"OPENAI_API_KEY": "sk-planted-1"})
    shown = [found.lookup("openai/x"), found.find("XAI_API_KEY"), found, found.lookup("xai/x"), found.origins("xai/x")]
    assert "planted" not in " ".join([*map(repr, shown), *map(str, shown), *map(pretty_repr, shown)])


def test_the_ways_to_set_a_key_are_said() -> None:
    said = how_to_set("X_KEY")
    assert "export X_KEY=" in said and str(keys_file()) in said and "keyring set praxtui X_KEY" in said
