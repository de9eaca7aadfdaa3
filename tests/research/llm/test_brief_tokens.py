"""The count of tokens, against tokenizers that litellm brings along."""

from __future__ import annotations

import base64
import importlib.util
import inspect
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.research.llm.brief import protocol, tokens
from tests.research.llm import briefs

ROOT = Path(__file__).resolve().parents[3]
Count = Callable[[str], int]


@pytest.fixture(scope="module", params=["cl100k_base", "o200k_base"])
def real(request: pytest.FixtureRequest) -> Count:
    """A tokenizer's own count; its vocabulary is among litellm's files, so nothing is fetched."""
    tiktoken = pytest.importorskip("tiktoken")
    litellm = importlib.util.find_spec("litellm")
    if litellm is None or not litellm.submodule_search_locations:
        pytest.skip("litellm is not installed")
    folder = Path(litellm.submodule_search_locations[0]) / "litellm_core_utils" / "tokenizers"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
        known = {
            "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
            "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
        }
        if not (folder / known[request.param]).exists():
            pytest.skip(f"litellm does not bring {request.param}")
        encoding = tiktoken.get_encoding(request.param)
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def prose_and_code() -> list[str]:
    leaves = [path.read_text() for path in sorted((ROOT / "leaves").glob("*/*")) if path.suffix in (".py", ".md")]
    own = [inspect.getsource(module) for module in (random, base64, inspect, tokens, briefs)]
    return [*leaves, *own, protocol.system(True), (ROOT / "README.md").read_text()]


def test_english_and_python_are_never_counted_too_low_and_at_most_a_quarter_too_high(real: Count) -> None:
    for text in prose_and_code():
        assert 1.0 <= tokens.count(text) / real(text) <= 1.25, text[:80]


def tables() -> list[str]:
    draw = random.Random(3)
    forms = ("{:.4f}", "{:+.3g}", "{:.3e}", "{:d}")
    values = [draw.gauss(0, 3) for _ in range(400)]
    found = [" | ".join(form.format(int(v * 1e6) if form == "{:d}" else v) for v in values) for form in forms]
    return [*found, found[0].replace(" | ", "\n"), found[3].replace(" | ", ",")]


def test_numbers_blobs_and_east_asian_text_are_not_counted_too_low(real: Count) -> None:
    raw = random.Random(5).randbytes(3000)
    blobs = [base64.b64encode(raw).decode(), base64.encodebytes(raw).decode(), raw.hex()]
    asian = [
        "学习率过高会导致损失发散。因此我们降低了它、并在固定的预算内重新训练。然后比较结果。" * 4,
        "学習率が高すぎると損失が発散するため、それを下げて、決められた予算で学習し直しました。" * 4,
        "학습률이 너무 높으면 손실이 발산하므로 낮추고 정해진 예산 안에서 다시 학습했습니다." * 4,
    ]
    log = "".join(
        f"step {n:05d} | loss: {9 / (n + 1):.6f} | dt: {n * 7}ms | tok/sec: {n * 1000:,}\n" for n in range(80)
    )
    for text in [*tables(), *blobs, *asian, log]:
        assert tokens.count(text) >= real(text), text[:60]


@given(
    text=st.text(max_size=300) | st.sampled_from(["a b\n" * 9000, "=" * 9000, " " * 9000, "\n" * 9000, "aB3+" * 9000]),
    room=st.integers(-2, 400),
)
def test_what_is_cut_fits_and_is_a_beginning(text: str, room: int) -> None:
    kept = tokens.cut(text, room)
    assert tokens.count(kept) <= max(0, room)
    assert text.startswith(kept.removesuffix(" ...")) or kept == text
    if tokens.fits(text, room) and room > 0:
        assert kept == text


def test_nothing_has_no_tokens_and_something_has_some() -> None:
    assert tokens.count("") == 0
    assert tokens.count("a") >= 1
    assert tokens.count("語") >= 1


def test_a_huge_text_is_cut_as_quickly_as_a_long_one() -> None:
    text = "one line of many\n" * 4_000_000
    assert not tokens.fits(text, 100)
    assert tokens.cut(text, 100).endswith("...")
    assert tokens.count(tokens.cut(text, 100)) > 80
