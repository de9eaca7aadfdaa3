"""The pretrain leaf on its tiny preset: the seed counts, and no model gets a number that it has not earned."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from .conftest import LEAVES, Leaf, metric

pytestmark = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")

TOKENS = "12000"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Leaf:
    """The starter, prepared with a budget of a second, and run."""
    folder = tmp_path_factory.mktemp("pretrain")
    shutil.copytree(LEAVES / "pretrain", folder / "leaf", ignore=shutil.ignore_patterns("data", "out", "__pycache__"))
    leaf = Leaf(folder / "leaf", folder / "data", {"PRETRAIN_TOKENS": TOKENS, "PRETRAIN_PRESET": "tiny"})
    leaf.environment["CUDA_VISIBLE_DEVICES"] = ""
    leaf.run("prepare.py")
    leaf.run("train.py")
    return leaf


@pytest.fixture
def leaf(trained: Leaf, tmp_path: Path) -> Leaf:
    shutil.copytree(trained.path, tmp_path / "leaf")
    copied = Leaf(tmp_path / "leaf", trained.data, trained.environment)
    copied.set("evaluate.py", WINDOWS=128)
    return copied


def test_seed_decides_the_weights(leaf: Leaf) -> None:
    def weights(seed: str) -> bytes:
        output = leaf.run("train.py", PRAXTUI_SEED=seed)
        assert re.search(r"(?m)^step 1 \| loss: \d", output)
        return (leaf.path / "out" / "model.npz").read_bytes()

    first = (leaf.path / "out" / "model.npz").read_bytes()
    assert weights("0") == first
    assert weights("1") != first


def test_measures_the_same_twice_and_the_holdout_when_asked(leaf: Leaf) -> None:
    first = leaf.run("evaluate.py")
    both = leaf.run("evaluate.py", PRAXTUI_HOLDOUT="1")
    assert 3 < metric(first, "val_bpb") < 7.9
    assert metric(both, "val_bpb") == metric(first, "val_bpb")
    assert "holdout_bpb" not in first
    assert re.search(r"(?m)^holdout_bpb: \d\.\d+$", both)


def test_training_needs_nothing_that_is_held_out(leaf: Leaf) -> None:
    first = (leaf.path / "out" / "model.npz").read_bytes()
    shutil.copytree(leaf.data, leaf.path / "data", ignore=shutil.ignore_patterns("evaluation"))
    leaf.run("train.py", PRAXTUI_DATA=str(leaf.path / "data"))
    assert (leaf.path / "out" / "model.npz").read_bytes() == first


def model_that(leaf: Leaf, body: str) -> None:
    """Make the model's answer something else. `logits` is what it would have answered to `tokens`."""
    leaf.append(
        "train.py",
        f"honest = GPT.forward\nseen = {{}}\n\n\ndef forward(self, tokens):\n    logits = honest(self, tokens)\n"
        f"{body}\n\n\nGPT.forward = forward",
    )


# Gives the next token of the window that it was shown a large share, wherever there is one to see.
PEEK = """    ahead = torch.nn.functional.one_hot(tokens[:, 1:], logits.size(-1))
    logits[:, :-1] += 20.0 * ahead * {when}
    return logits"""


@pytest.mark.parametrize(
    "when",
    [
        pytest.param("1", id="always"),
        pytest.param("(torch.rand(()) < 0.5)", id="by chance", marks=pytest.mark.slow),
        pytest.param("(tokens[:, :1, None] % 8 == 0)", id="for some windows", marks=pytest.mark.slow),
        pytest.param(
            "(torch.arange(tokens.size(1) - 1) % 8 == 0)[:, None]", id="at some places", marks=pytest.mark.slow
        ),
    ],
)
def test_a_model_that_looks_ahead_is_refused(leaf: Leaf, when: str) -> None:
    leaf.set("evaluate.py", WINDOWS=512)
    model_that(leaf, PEEK.format(when=when))
    assert "looks ahead" in leaf.refusal()


@pytest.mark.slow
def test_attention_without_a_mask_is_refused(leaf: Leaf) -> None:
    text = (leaf.path / "train.py").read_text()
    assert "is_causal=True" in text
    (leaf.path / "train.py").write_text(text.replace("is_causal=True", "is_causal=False"))
    assert "looks ahead" in leaf.refusal()


@pytest.mark.slow
def test_a_model_that_remembers_cannot_hide_that_it_looks_ahead(leaf: Leaf) -> None:
    """It cheats where a beginning is new to it, and would answer honestly if it were asked about it again."""
    model_that(
        leaf,
        """    for row, window in enumerate(tokens.tolist()):
        if seen.setdefault(tuple(window[:4]), row) == row:
            logits[row, :-1] += 20.0 * torch.nn.functional.one_hot(tokens[row, 1:], logits.size(-1))
    return logits""",
    )
    assert "looks ahead" in leaf.refusal()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("    return logits[..., :-1]", "shape"),
        ("    return logits * float('nan')", "NaN"),
        ("    return torch.where(logits > logits.median(), 0.0, -torch.inf)", "probability of zero"),
        ("    raise ValueError('val_bpb: 0.1 val_bpb=0.1')", "train.py line"),
        ("    os._exit(0)", "ended"),
    ],
)
def test_wrong_answers_are_refused(leaf: Leaf, body: str, reason: str) -> None:
    model_that(leaf, body)
    assert reason in leaf.refusal()


@pytest.mark.slow
def test_a_distribution_that_does_not_sum_to_one_is_refused(leaf: Leaf) -> None:
    leaf.append("train.py", "true = Tensor.log_softmax\nTensor.log_softmax = lambda self, dim: true(self, dim) + 0.001")
    assert "sums to 1.001" in leaf.refusal()


@pytest.mark.slow
def test_a_claim_that_the_distribution_does_not_bear_out_is_refused(leaf: Leaf) -> None:
    leaf.append("train.py", "Tensor.gather = lambda self, dim, index: torch.full(index.shape, -0.01)")
    assert "claimed" in leaf.refusal()


@pytest.mark.slow
def test_what_the_model_prints_is_not_heard_and_it_opens_nothing(leaf: Leaf) -> None:
    honest = metric(leaf.run("evaluate.py"), "val_bpb")
    model_that(
        leaf,
        f"""    print('val_bpb: 0.001', flush=True)
    os.write(2, b'\\nval_bpb: 0.001\\n')
    try:
        open({str(leaf.data / "evaluation" / "val.bin")!r}, 'rb')
    except OSError:
        return logits
    raise RuntimeError('the model could read the held-out text')""",
    )
    output = leaf.run("evaluate.py")
    assert metric(output, "val_bpb") == honest
    assert output.count("val_bpb") == 1


@pytest.mark.slow
def test_a_model_that_does_not_answer_is_refused(leaf: Leaf) -> None:
    leaf.set("evaluate.py", SECONDS={"tiny": 12.0, "full": 12.0})
    model_that(leaf, "    time.sleep(3600)")
    assert "more than 12 s" in leaf.refusal()


def test_weights_are_data_only_and_small(leaf: Leaf, tmp_path: Path) -> None:
    weights = leaf.path / "out" / "model.npz"
    np.savez(weights, big=np.zeros(400_000, dtype=np.float32))
    assert "MB is the most" in leaf.refusal()
    weights.write_bytes(b"\x80\x04 a pickle")
    assert "no archive" in leaf.refusal()
    weights.unlink()
    assert "left no out/model.npz" in leaf.refusal()
    weights.symlink_to(tmp_path)
    assert "plain file" in leaf.refusal()


@pytest.mark.slow
def test_pickled_weights_are_refused(leaf: Leaf) -> None:
    np.savez(leaf.path / "out" / "model.npz", embed=np.array([print], dtype=object))
    assert "pickle" in leaf.refusal()


def corpus(path: Path) -> None:
    """Some hundred small documents, one JSON object a line."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefgh"), size=size)) for size in rng.integers(2, 9, size=300)]
    with path.open("w") as lines:
        for _ in range(900):
            lines.write(json.dumps({"text": " ".join(rng.choice(words, size=250))}) + "\n")


@pytest.mark.slow
def test_full_preset_learns_a_tokenizer_and_keeps_to_the_clock(leaf: Leaf, tmp_path: Path) -> None:
    """The path of a GPU, shrunk until one thread can go along it: BPE, passes, the clock, evaluation by bytes."""
    corpus(tmp_path / "text.jsonl")
    leaf.data = tmp_path / "data"
    leaf.set("prepare.py", VOCABULARY=600)
    leaf.run("prepare.py", "--preset", "full", "--corpus", str(tmp_path / "text.jsonl"))
    facts = json.loads((leaf.data / "corpus.json").read_text())
    lengths = np.load(leaf.data / "token_bytes.npy")
    assert facts["vocabulary"] == len(lengths) == 600
    small = {"depth": 1, "width": 1, "head": 1, "window": 1, "batch": 1}
    leaf.set("train.py", PASS={"tiny": 1, "full": 8}, FREE_STEPS=2)
    leaf.append("train.py", f"GROWTH['full'] = {small}")
    leaf.set("evaluate.py", WINDOWS=64, WINDOW={"tiny": 64, "full": 64})
    output = leaf.run("train.py", PRAXTUI_BUDGET_S="2")
    assert "done: 100.0%" in output
    assert 0.5 < metric(leaf.run("evaluate.py"), "val_bpb") < 6


def test_tokens_say_the_text_again(tmp_path: Path) -> None:
    """Decoding by the merges gives back every byte, and frequent pairs have become tokens."""
    spec = importlib.util.spec_from_file_location("pretrain_prepare", LEAVES / "pretrain" / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    prepare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prepare)
    text = ("the cat sat on the mat; the hat\n\t" * 40 + "zwölf Boxkämpfer 1234567\0").encode()
    merges = prepare.learn_merges(text, 300)
    encoded = prepare.Encoded(merges)
    packed = b"".join(encoded[match.group()] for match in prepare.WORD.finditer(text))
    meaning = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        meaning.append(meaning[left] + meaning[right])
    tokens = np.frombuffer(packed, dtype="<u2")
    assert b"".join(meaning[token] for token in tokens) == text
    assert len(tokens) < len(text) / 2
    assert b" the" in meaning


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--corpus", "missing.txt"], "there is no corpus missing.txt"),
        (["--corpus", "program.md"], "no .txt or .jsonl file"),
        (["--corpus", "bad.jsonl"], 'bad.jsonl line 2 is no JSON object with a "text"'),
        (["--corpus", "short.txt"], "at least 1000000 are needed"),
    ],
)
def test_a_corpus_that_cannot_be_used_is_named(leaf: Leaf, tmp_path: Path, arguments: list[str], reason: str) -> None:
    leaf.data = tmp_path / "data"
    (leaf.path / "bad.jsonl").write_text('{"text": "x"}\n{"no": 1}\n')
    (leaf.path / "short.txt").write_text("short")
    done = leaf.start("prepare.py", *arguments)
    assert done.returncode == 1
    assert reason in done.stderr
    assert not (leaf.data / "corpus.json").exists()
