"""The ngram leaf: it measures the same number twice, and no model gets a number that it has not earned."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from .conftest import LEAVES, Leaf, metric


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Leaf:
    """The starter, prepared and run."""
    folder = tmp_path_factory.mktemp("ngram")
    shutil.copytree(LEAVES / "ngram", folder / "leaf", ignore=shutil.ignore_patterns("data", "out", "__pycache__"))
    leaf = Leaf(folder / "leaf", folder / "data")
    leaf.run("prepare.py")
    for made in sorted(leaf.data.iterdir()):
        made.chmod(0o444)
    leaf.data.chmod(0o555)
    leaf.run("train.py")
    return leaf


@pytest.fixture
def leaf(trained: Leaf, tmp_path: Path) -> Leaf:
    shutil.copytree(trained.path, tmp_path / "leaf")
    return Leaf(tmp_path / "leaf", trained.data)


@pytest.fixture(scope="module")
def baseline(trained: Leaf) -> float:
    return metric(trained.run("evaluate.py"), "val_bpb")


FLOOD = """    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b'x' * 4096)
        except OSError:
            pass
    return rows"""


def answer_with(leaf: Leaf, body: str) -> None:
    """Make `predict` do something else; `honest` is what it would have answered."""
    leaf.append(
        "train.py", f"honest = predict\n\n\ndef predict(tables, contexts):\n    rows = honest(tables, contexts)\n{body}"
    )


def test_same_number_twice_from_the_same_code(leaf: Leaf, baseline: float) -> None:
    first = (leaf.path / "out" / "tables.npz").read_bytes()
    leaf.run("train.py")
    assert (leaf.path / "out" / "tables.npz").read_bytes() == first
    assert metric(leaf.run("evaluate.py", PRAXTUI_SEED="7"), "val_bpb") == baseline
    assert 2.3 < baseline < 3.3


def test_setup_is_deterministic_and_splits_by_path(trained: Leaf, copy_of: Callable[[str], Leaf]) -> None:
    again = copy_of("ngram")
    again.run("prepare.py")
    for name in ("train.bin", "evaluation/val.bin", "corpus.json"):
        assert (again.data / name).read_bytes() == (trained.data / name).read_bytes()
    train = set((trained.data / "train.bin").read_bytes().split(b"\0"))
    assert not train.intersection(
        text for text in (trained.data / "evaluation" / "val.bin").read_bytes().split(b"\0") if len(text) > 80
    )
    assert "ready" in again.run("prepare.py")


def test_training_needs_nothing_that_is_held_out(leaf: Leaf) -> None:
    first = (leaf.path / "out" / "tables.npz").read_bytes()
    shutil.copytree(leaf.data, leaf.path / "data", ignore=shutil.ignore_patterns("evaluation"))
    leaf.run("train.py", PRAXTUI_DATA=str(leaf.path / "data"))
    assert (leaf.path / "out" / "tables.npz").read_bytes() == first


def test_data_made_before_there_was_a_folder_for_evaluation_is_made_again(copy_of: Callable[[str], Leaf]) -> None:
    leaf = copy_of("ngram")
    leaf.data.mkdir()
    (leaf.data / "corpus.json").write_text("{}")
    assert "ready" not in leaf.run("prepare.py")
    assert (leaf.data / "evaluation" / "val.bin").exists()


def test_by_hand_the_data_lies_beside_the_scripts(copy_of: Callable[[str], Leaf]) -> None:
    leaf = copy_of("ngram")
    leaf.environment = {"PRAXTUI_DATA": ""}
    leaf.set("train.py", ORDER=1, TRAIN_BYTES=50_000)
    leaf.run("prepare.py")
    leaf.run("train.py")
    assert metric(leaf.run("evaluate.py"), "val_bpb") > 3
    assert (leaf.path / "data" / "corpus.json").exists()


def test_single_changes_win_more_than_three_percent(leaf: Leaf, baseline: float) -> None:
    leaf.set("train.py", CONTINUATION=True)
    leaf.run("train.py")
    assert metric(leaf.run("evaluate.py"), "val_bpb") < 0.97 * baseline


@pytest.mark.parametrize("smoothing", ["additive", "absolute", "witten-bell"])
@pytest.mark.parametrize("interpolate", [True, False])
def test_every_smoothing_is_normalised(leaf: Leaf, smoothing: str, interpolate: bool) -> None:
    leaf.set(
        "train.py", SMOOTHING=smoothing, INTERPOLATE=interpolate, CACHE_WEIGHT=0.3, ORDER=7, CONTINUATION=interpolate
    )
    leaf.run("train.py")
    assert metric(leaf.run("evaluate.py"), "val_bpb") < 4


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("    return rows * 1.5", "sums to 1.5"),
        ("    return rows * np.float32(1.00001)", "sums to 1.00001"),
        ("    return np.where(rows == rows.max(1, keepdims=True), np.nan, rows)", "NaN"),
        ("    return np.full_like(rows, np.inf)", "infinity"),
        ("    return (rows == rows.max(1, keepdims=True)).astype(float)", "above zero"),
        ("    rows[:, 0] = -0.5\n    rows[:, 1] = 1.5 - rows[:, 2:].sum(1)\n    return rows", "above zero"),
        ("    return rows[:, :255]", "shape"),
        ("    return np.vstack([rows, rows])", "shape"),
        ("    return [None] * len(rows)", "shape"),
        ("    raise ValueError('val_bpb: 0.1 val_bpb=0.1\\nval_bpb: 0.1')", "train.py line"),
        (FLOOD, "bytes where"),
        ("    os._exit(0)", "ended: exit 0"),
        ("    raise SystemExit(0)", "ended"),
        ("    os.kill(os.getpid(), 9)", "ended"),
    ],
)
def test_wrong_answers_are_refused(leaf: Leaf, body: str, reason: str) -> None:
    answer_with(leaf, body)
    assert reason in leaf.refusal()


@pytest.mark.parametrize(
    "body",
    [
        "    while True:\n        time.sleep(0.1)",
        "    import signal\n    signal.signal(15, signal.SIG_IGN)\n    while True:\n        pass",
    ],
)
def test_a_model_that_does_not_answer_is_refused(leaf: Leaf, body: str) -> None:
    leaf.set("evaluate.py", SECONDS=3.0)
    answer_with(leaf, body)
    assert "more than 3 s" in leaf.refusal()


def test_a_model_that_never_reads_is_refused(leaf: Leaf) -> None:
    leaf.set("evaluate.py", SECONDS=3.0)
    leaf.append("train.py", "if __name__ == 'train':\n    time.sleep(3600)")
    assert "more than 3 s" in leaf.refusal()


SAY = """    for stream in (1, 2):
        os.write(stream, b'\\nval_bpb: 0.001\\n')
    print('val_bpb: 0.001', flush=True)
"""


def test_what_the_model_prints_is_not_heard(leaf: Leaf, baseline: float) -> None:
    leaf.append("train.py", "import atexit\natexit.register(print, 'val_bpb: 0.002')")
    answer_with(leaf, SAY + "    return rows")
    output = leaf.run("evaluate.py")
    assert metric(output, "val_bpb") == baseline
    assert len(re.findall("val_bpb", output)) == 1


def test_the_model_opens_nothing(leaf: Leaf, baseline: float) -> None:
    """Neither the corpus, nor the evaluator's output, nor a socket, nor a program: not even as root."""
    leaf.append(
        "train.py",
        f"""
import socket, subprocess, resource
leaks = []
def attempt(what):
    try:
        leaks.append(repr(what()))
    except (OSError, ValueError):
        pass
if __name__ == 'train':
    attempt(lambda: open({str(leaf.data / "evaluation" / "val.bin")!r}, 'rb'))
    attempt(lambda: open(os.__file__))
    attempt(lambda: open(f'/proc/{{os.getppid()}}/fd/1', 'w').write('val_bpb: 0.003'))
    attempt(lambda: open(f'/proc/{{os.getppid()}}/mem', 'rb'))
    attempt(lambda: socket.socket())
    attempt(lambda: os.pipe())
    attempt(lambda: subprocess.run(['true']))
    attempt(lambda: os.environ['PRAXTUI_DATA'])if 'PRAXTUI_DATA' in os.environ else None
    attempt(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    if leaks:
        raise RuntimeError(' '.join(leaks))
""",
    )
    assert metric(leaf.run("evaluate.py"), "val_bpb") == baseline


def test_what_the_model_starts_ends_with_it(leaf: Leaf, baseline: float) -> None:
    answer_with(leaf, "    if os.fork() == 0:\n        time.sleep(3600)\n    return rows")
    assert metric(leaf.run("evaluate.py"), "val_bpb") == baseline


def test_modules_that_look_like_the_evaluators_change_nothing(leaf: Leaf, baseline: float) -> None:
    leaf.append("train.py", "import sys\nsys.modules['numpy'].log2 = lambda x: 0 * x")
    for name in ("numpy", "child", "zipfile", "sitecustomize"):
        (leaf.path / "out" / f"{name}.py").write_text("print('val_bpb: 0.004')")
    assert metric(leaf.run("evaluate.py"), "val_bpb") == baseline


def test_tables_are_data_only(leaf: Leaf, tmp_path: Path) -> None:
    tables = leaf.path / "out" / "tables.npz"
    np.savez(tables, keys0=np.array([{"a": 1}, print], dtype=object))
    assert "pickle" in leaf.refusal()
    tables.write_bytes(b"no archive")
    assert "no archive" in leaf.refusal()
    tables.unlink()
    assert "left no out/tables.npz" in leaf.refusal()
    tables.symlink_to(tmp_path)
    assert "plain file" in leaf.refusal()


def test_an_archive_that_unpacks_without_end_is_refused(leaf: Leaf) -> None:
    tables = leaf.path / "out" / "tables.npz"
    with zipfile.ZipFile(tables, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("keys0.npy", "w") as entry:
        for _ in range(300):
            entry.write(bytes(1 << 20))
    assert "256" in leaf.refusal() or "268" in leaf.refusal()


def test_the_wire_is_the_same_in_every_leaf() -> None:
    copies = {path.read_bytes() for path in LEAVES.glob("**/child.py")}
    assert len(copies) == 1
