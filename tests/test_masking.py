"""Secrets are taken out of texts whatever surrounds them, and nothing else is."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from praxtui import masking
from praxtui.journal import logs
from praxtui.journal.facts import DraftCommitted, HypothesisStated, Noticed
from praxtui.journal.inbox import Inbox
from praxtui.journal.store import Journal
from praxtui.masking import HELD, blot, blot_file, hold, mask, mask_all
from praxtui.tui.widgets.log_text import styled

ROOT = Path(__file__).resolve().parents[1]
# Put together here, so that no scanner of repositories takes them for real ones.
DRAWN = "aB3dE5gH7jK9mN1pQ3sT5vW7xY9z"
HEX = "0f1e2d3c4b5a69788796" * 2
KEYS = {
    "OpenAI": f"sk-proj-{DRAWN}",
    "OpenAI of old": f"sk-{DRAWN}",
    "Anthropic": f"sk-ant-api03-{DRAWN}",
    "Google": "AIza" + (DRAWN * 2)[:35],
    "Hugging Face": "hf_" + (DRAWN * 2)[:34],
    "GitHub": "ghp_" + (DRAWN * 2)[:36],
    "GitHub, fine-grained": "github_pat_" + DRAWN,
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "Slack": "xoxb-" + "123456789012-" + DRAWN,
    "JWT": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + DRAWN,
    "private key": "-----BEGIN RSA PRIVATE KEY-----\n" + f"{DRAWN * 2}\n" * 20 + "-----END RSA PRIVATE KEY-----",
}
AROUND = ("", " ", "\n", '"', "=", "(", "key ", "\\n", "[", "'")
VALUE = "p1anted/välue+7c1e"


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    HELD.clear()
    yield
    HELD.clear()


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("before", AROUND)
def test_a_key_is_masked_wherever_it_stands(name: str, before: str) -> None:
    said = mask(f"one{before and ' '}{before}{KEYS[name]}, two" if before else f"{KEYS[name]} two")
    assert KEYS[name] not in said and DRAWN not in said
    assert "[masked: " in said and said.endswith("two")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"OPENAI_API_KEY={DRAWN}", "OPENAI_API_KEY=[masked: OPENAI_API_KEY]"),
        (f'{{"db_password": "{DRAWN}"}}', '{"db_password": "[masked: db_password]"}'),
        (f"export MY_TOKEN='{DRAWN}'", "export MY_TOKEN='[masked: MY_TOKEN]'"),
        (f"GITHUB_TOKEN: {HEX}", "GITHUB_TOKEN: [masked: GITHUB_TOKEN]"),
        (f"wandb: paste an API key: {HEX}", "wandb: paste an API key: [masked: wandb key]"),
        (f"wandb login {HEX}", "wandb login [masked: wandb key]"),
        (f"Authorization: Bearer {DRAWN}", "Authorization: Bearer [masked: token]"),
        ("postgres://me:hunter2@db:5432/x", "postgres://me:[masked: password]@db:5432/x"),
    ],
)
def test_a_value_is_masked_by_the_name_it_has(text: str, left: str) -> None:
    assert mask(text) == left


ORDINARY = [
    "step 100 | loss: 2.3456 | lr: 1.0e-03 | tok/s: 1,234,567",
    f"commit {HEX}",
    f"key: {HEX}",
    "sha256:" + HEX + HEX[:24],
    "state_dict key: transformer.h.11.attn.c_proj.weight",
    "n_tokens=123456789012345 token=12345.6789012345",
    "cache_key=3f2a91c4-77aa-4e0b-9d10-5f6a7b8c9d0e",
    "pip install sk-learn-contrib-estimators task-management-of-everything1",
    "https://example.org:8080/a/b@c?key=value see http://host/x:y@z",
    "tokenizer=Qwen2.5-Coder-7B-Instruct max_key_length=1234567890123",
    "monkey = gorillas_in_the_mist_and_so_on",
    "password: required; secret: none",
    "/usr/lib/python3.11/site-packages/torch/nn/modules/module.py",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert mask(text) is text


def test_no_text_of_this_repository_but_of_its_tests_is_taken_for_a_secret() -> None:
    """Sources, leaves, themes, pictures, documents, results: a megabyte of what there is to be mistaken about."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True)
    names = [name for name in listed.stdout.splitlines() if not name.startswith("tests/")]
    if not names:
        pytest.skip("no checkout")
    for name in names:
        raw = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        text = raw.decode("utf-8", "replace")
        assert mask(text) == text, name


@given(st.text(), st.sampled_from([*KEYS.values(), VALUE]), st.text())
@example("eyJ" * 20, KEYS["JWT"], "-----BEGIN PRIVATE KEY-----")
def test_masking_never_raises_and_is_done_at_once(before: str, key: str, after: str) -> None:
    hold({"A_KEY": VALUE})
    text = f"{before} {key} {after}"
    said = mask(text)
    assert mask(said) == said
    assert key not in said
    raw = text.encode("utf-8", "surrogatepass")
    blotted = blot(raw)
    assert len(blotted) == len(raw) and blot(blotted) == blotted
    assert key.encode() not in blotted


@given(st.binary())
def test_any_bytes_keep_their_length_and_their_lines(raw: bytes) -> None:
    made = blot(raw)
    assert len(made) == len(raw)
    assert [at for at, byte in enumerate(made) if byte == 10] == [at for at, byte in enumerate(raw) if byte == 10]


@given(st.text(min_size=8, max_size=40), st.text(max_size=5), st.text(max_size=5))
def test_a_value_that_is_held_is_found_in_every_form(value: str, before: str, after: str) -> None:
    HELD.clear()
    HELD.add("A_KEY", value)
    if not HELD._named:
        return
    raw = value.encode("utf-8", "surrogateescape") if value.isprintable() else b""
    if not raw:
        return
    for form in (value, quote(value, safe=""), raw.hex(), json.dumps(value)[1:-1]):
        assert form not in mask(f"{before}{form}{after}") or form in "[masked: A_KEY]"


@pytest.mark.parametrize("shift", range(6))
def test_base64_is_found_wherever_it_begins(shift: int) -> None:
    hold({"A_KEY": VALUE})
    whole = base64.b64encode(b"x" * shift + VALUE.encode() + b"y" * shift).decode()
    said = mask(f"Basic {whole}")
    kept = said.replace("[masked: A_KEY]", "")
    assert "[masked: A_KEY]" in said and len(kept) < len("Basic ") + 2 * shift + 8


def test_what_sounds_like_no_secret_or_is_too_short_is_not_held() -> None:
    hold({"API_BASE": "http://localhost:8000", "A_KEY": "short", "AWS_REGION": "eu-central-1", "KEY": "none"})
    text = "http://localhost:8000 short eu-central-1 none"
    assert mask(text) == text
    hold({"WORD": "a long enough one"}, declared=True)
    assert mask("say a long enough one") == "say [masked: WORD]"


def test_nested_values_are_masked_but_for_places() -> None:
    given = {"a": [KEYS["OpenAI"]], "commit": KEYS["OpenAI"], "n": 3, "deep": {"b": (KEYS["AWS"],)}}
    said = mask_all(given, frozenset({"commit"}))
    assert said["a"] == ["[masked: OpenAI key]"] and said["commit"] == KEYS["OpenAI"]
    assert (said["n"], said["deep"]) == (3, {"b": ["[masked: AWS key]"]})


def test_a_file_is_blotted_out_across_the_borders_of_its_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masking, "BLOCK", 4096)
    monkeypatch.setattr(masking, "LONGEST", 1024)
    hold({"A_KEY": VALUE})
    path = tmp_path / "run.log"
    for offset in range(3990, 4110, 3):
        key, value = KEYS["Anthropic"].encode(), VALUE.encode()
        raw = (b"x" * (offset - 1) + b" " + key + b"\n").ljust(9000, b".") + b" " + value + b"\nscore: 1.5\n"
        path.write_bytes(raw)
        fd = os.open(path, os.O_RDWR)
        try:
            assert blot_file(fd) >= len(key)
        finally:
            os.close(fd)
        made = path.read_bytes()
        assert len(made) == len(raw)
        assert DRAWN.encode() not in made and value not in made and b"sk-ant" not in made
        assert made.endswith(b"\nscore: 1.5\n") and made.startswith(raw[: offset - 1])


def test_nothing_but_beginnings_of_keys_takes_no_longer_than_any_text() -> None:
    """Twice the text is about twice the work: counted in time, with much room."""
    hostile = ["sk-", "eyJ", "-----BEGIN PRIVATE KEY-----", "://", "a_key=", "AKIA", "wandb", "sk-ant-", "x://y:"]
    for word in hostile:
        spent = []
        for size in (1 << 16, 1 << 19):
            text = word * (size // len(word))
            began = time.process_time()
            mask(text)
            spent.append(time.process_time() - began)
        assert spent[1] < 64 * spent[0] + 2.0, word


# --- the doors -------------------------------------------------------------------------------------------------------


def test_the_journal_takes_no_secret(tmp_path: Path) -> None:
    hold({"A_KEY": VALUE})
    key = KEYS["OpenAI"]
    with Journal.create(tmp_path) as journal:
        written = journal.append(
            [
                HypothesisStated("e1", f"use {key}", "why", f"+1 {VALUE}", "llm", detail={"seen": [key]}),
                Noticed(f"said {key}"),
                DraftCommitted("e1", 1, HEX, HEX, "e0", ["settings.py"], {"settings.py": HEX}, HEX, HEX),
            ]
        )
        journal.stream_append("thought", f"I see {key} and {VALUE}")
        assert list(journal.read()) == written
        commit = written[2].fact
        assert isinstance(commit, DraftCommitted) and commit.commit == HEX
    with Inbox(tmp_path) as inbox:
        inbox.send("hint", {"text": f"my key is {key}"}, "me")
        assert inbox.pending()[0].args == {"text": "my key is [masked: OpenAI key]"}
    for path in tmp_path.iterdir():
        raw = path.read_bytes()
        assert key.encode() not in raw and VALUE.encode() not in raw, path


def test_every_view_of_a_log_hides_keys_that_its_bytes_still_hold() -> None:
    key = KEYS["Hugging Face"]
    coloured = f"\x1b[31mtoken\x1b[0m {key[:10]}\x1b[1m{key[10:]} é".encode()
    assert logs.collapse(coloured) == "token [masked: Hugging Face token] é"
    assert styled(coloured).text == "token [masked: Hugging Face token] é"
    assert styled(f"plain {key}".encode()).text == "plain [masked: Hugging Face token]"


def test_the_engines_log_hides_keys_in_tracebacks_too() -> None:
    key = KEYS["AWS"]
    made = masking.Masked("%(message)s")
    try:
        raise ValueError(f"refused {key}")
    except ValueError as error:
        record = logging.LogRecord("x", 40, "x", 1, "with %s", (key,), (type(error), error, error.__traceback__))
    said = made.format(record)
    assert key not in said and said.count("[masked: AWS key]") == 2
