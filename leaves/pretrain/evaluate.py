"""Measure the saved model: bits per byte on text it was not trained on. Prints `val_bpb: ...`, or a reason and exit 1.

The model is code from train.py, so it runs in child processes, two of them: twins that know nothing of each other.
Each gets every window of the validation text once, one twin as it is and the other with another ending from a random
place on; which twin gets which is drawn anew for each window, every time. Up to that place both must answer alike: a
model that looks ahead answers differently, and cannot know which of the windows it sees is the true one.

The answers are claims: the log-probability of each token that came. Then rows are drawn, and for these the full
distribution must be shown: it must sum to one and agree with the claim. Set PRAXTUI_HOLDOUT=1 to measure the second
held-out text, too, as `holdout_bpb`.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import struct
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
from child import Child, Refused, guard
from numpy.typing import NDArray

LEAF = Path(__file__).resolve().parent
DATA = Path(os.environ.get("PRAXTUI_DATA") or LEAF / "data")

WINDOW = {"tiny": 64, "full": 1024}  # tokens that a window asks for
WINDOWS = 512
BATCH = {"tiny": 64, "full": 16}  # windows at a time
ROWS = 256  # full distributions looked at, of each batch and twin, at random
SUM_TOLERANCE = 2e-5  # of the log of the sum, in nats: float32 log-probabilities of thousands of tokens
PEEK_TOLERANCE = 1e-3  # nats; equal inputs of equal shape differ by far less
LARGEST_MODEL = {"tiny": 1_300_000, "full": 2 << 30}  # bytes, unpacked; tiny: some 320,000 parameters
SECONDS = {"tiny": 90.0, "full": 240.0}  # for the twins, all in all

Tokens = NDArray[np.uint16]
Logs = NDArray[np.float64]


def weight_bytes(path: Path, most: int) -> int:
    """The unpacked size of the weights; Refused if they are no plain archive, or take more than `most`."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise Refused(f"{path.name} is not a plain file")
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except FileNotFoundError:
        raise Refused(f"the run left no {path.parent.name}/{path.name}") from None
    except zipfile.BadZipFile:
        raise Refused(f"{path.name} is no archive of arrays") from None
    if size > most:
        raise Refused(f"the weights take {size / 1e6:.2f} MB; {most / 1e6:.2f} MB is the most")
    return size


def windows(name: str, kind: str, length: int) -> Tokens:
    """[WINDOWS, length + 1] tokens, evenly spread over a held-out text: always the same ones."""
    tokens = np.fromfile(DATA / "evaluation" / f"{name}.bin", dtype=kind).astype(np.uint16)
    stride = (len(tokens) - length - 1) // WINDOWS
    if stride < 1:
        raise Refused(f"{name}.bin has only {len(tokens)} tokens; run prepare.py on a larger corpus")
    fixed: Tokens = tokens[stride * np.arange(WINDOWS)[:, None] + np.arange(length + 1)]
    return fixed


def with_other_endings(true: Tokens, rng: np.random.Generator) -> tuple[Tokens, NDArray[np.int64]]:
    """(the windows with another window's tokens after a random position, those positions): the next token differs."""
    count, width = true.shape
    cuts = rng.integers(0, width - 1, size=count)
    donors = true[rng.permutation(count)]
    altered = np.where(np.arange(width) > cuts[:, None], donors, true)
    next_one = (np.arange(count), cuts + 1)
    altered[next_one] = np.where(altered[next_one] == true[next_one], true[next_one] ^ 1, altered[next_one])
    return altered, cuts


def ask_both(twins: list[Child], requests: list[bytes], shape: tuple[int, ...]) -> list[Logs]:
    """The answers of the two, float32 of that shape; they work side by side."""
    for twin, request in zip(twins, requests, strict=True):
        twin.send(request)
    size = 4 * int(np.prod(shape))
    return [np.frombuffer(twin.answer(size), dtype="<f4").reshape(shape).astype(np.float64) for twin in twins]


def check_rows(rows: Logs, claimed: Logs, targets: NDArray[np.int64]) -> None:
    """Refused unless every row is a distribution, and gives its target what was claimed."""
    if not np.isfinite(rows).all():
        raise Refused("a distribution holds zero, NaN or infinity")
    top = rows.max(axis=1)
    sums = top + np.log(np.exp(rows - top[:, None]).sum(axis=1))
    if np.abs(sums).max() > SUM_TOLERANCE:
        raise Refused(f"a distribution sums to {np.exp(sums[np.abs(sums).argmax()]):.6g}, not to 1")
    if np.abs(rows[np.arange(len(rows)), targets] - claimed).max() > SUM_TOLERANCE:
        raise Refused("a distribution differs from the probability that was claimed before")


def measure_batch(twins: list[Child], true: Tokens, vocabulary: int, rng: np.random.Generator) -> Logs:
    """[N, T] log-probabilities of the true windows' tokens. Refused if a check fails."""
    count, length = true.shape[0], true.shape[1] - 1
    altered, cuts = with_other_endings(true, rng)
    swap = rng.integers(0, 2, size=count).astype(bool)[:, None]
    sent = [np.where(swap, altered, true), np.where(swap, true, altered)]
    head = b"W" + struct.pack("<II", count, length)
    claims = ask_both(twins, [head + window.astype("<u2").tobytes() for window in sent], (count, length))
    if not all(np.isfinite(claim).all() and claim.max() <= SUM_TOLERANCE for claim in claims):
        raise Refused("a token got a probability of zero, above one, or NaN")
    every = np.arange(count)
    drawn = np.column_stack([rng.integers(0, count, ROWS), rng.integers(0, length, ROWS)])
    at = np.concatenate([np.column_stack([every, cuts]), drawn])
    request = b"R" + at.astype("<u4").tobytes()
    shown = ask_both(twins, [request, request], (len(at), vocabulary))
    for rows, claim, window in zip(shown, claims, sent, strict=True):
        check_rows(rows, claim[at[:, 0], at[:, 1]], window[at[:, 0], at[:, 1] + 1].astype(np.int64))
    before = np.arange(length) < cuts[:, None]
    ahead = max(np.abs((claims[0] - claims[1])[before]).max(initial=0), np.abs(shown[0] - shown[1])[every].max())
    if ahead > PEEK_TOLERANCE:
        raise Refused(f"the model looks ahead: other later tokens changed a prediction by {ahead:.3g} nats")
    scored: Logs = np.where(swap, claims[1], claims[0])
    return scored


def bits_per_byte(twins: list[Child], name: str, facts: dict[str, str | int]) -> float:
    preset, vocabulary = str(facts["preset"]), int(facts["vocabulary"])
    true = windows(name, str(facts["dtype"]), WINDOW[preset])
    token_bytes = np.load(DATA / "token_bytes.npy", allow_pickle=False)
    # What is checked is drawn anew every time, so that no model can be made to fit; the windows stay.
    rng = np.random.default_rng(secrets.randbits(64))
    nats = 0.0
    for start in range(0, WINDOWS, BATCH[preset]):
        nats -= float(measure_batch(twins, true[start : start + BATCH[preset]], vocabulary, rng).sum())
    return nats / float(np.log(2)) / int(token_bytes[true[:, 1:]].sum())


def main() -> None:
    guard()
    began = time.monotonic()
    facts = json.loads((DATA / "corpus.json").read_bytes())
    preset = str(facts["preset"])
    names = ["holdout", "val"] if os.environ.get("PRAXTUI_HOLDOUT") == "1" else ["val"]
    twins: list[Child] = []
    try:
        size = weight_bytes(LEAF / "out" / "model.npz", LARGEST_MODEL[preset])
        arguments = [str(LEAF), preset, str(facts["vocabulary"])]
        twins.extend(Child(LEAF / "serve.py", arguments, SECONDS[preset]) for _ in range(2))
        found = {name: bits_per_byte(twins, name, facts) for name in names}
    except Refused as reason:
        sys.exit(f"evaluate.py: {reason}")
    finally:
        for twin in twins:
            twin.close()
    print(f"model_mb: {size / 1e6:.3f}")
    print(f"evaluation_seconds: {time.monotonic() - began:.2f}")
    for name in names:
        print(f"{name}_bpb: {found[name]:.6f}")


if __name__ == "__main__":
    main()
