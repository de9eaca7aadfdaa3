"""The speed leaf: only a right kernel has a speed, and only its own work makes it faster."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import numpy as np
import pytest

from .conftest import Leaf, metric

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


@pytest.fixture
def leaf(copy_of: Callable[[str], Leaf]) -> Leaf:
    """A copy that times fewer pairs: what is tested is who is let through, not how fast they are."""
    copied = copy_of("speed")
    copied.set("evaluate.py", ROUNDS=6, HOLDOUT_ROUNDS=4)
    return copied


def instead(leaf: Leaf, body: str) -> None:
    """Make `attention` do something else; `honest` is what it would have answered."""
    path = leaf.path / "kernel.py"
    path.write_text(
        f"{path.read_text()}\n\nimport os, threading, time\nhonest = attention\nkept = {{}}\n\n\n"
        f"def attention(q, k, v):\n{body}\n"
    )


def test_the_starter_is_right_and_has_room(leaf: Leaf) -> None:
    printed = leaf.run("evaluate.py", PRAXTUI_HOLDOUT="1")
    assert 0.2 < metric(printed, "speedup") < 1.2
    assert "holdout_speedup: " in printed
    assert "cases: 49" in printed


def test_constants_alone_win_a_half(leaf: Leaf) -> None:
    before = metric(leaf.run("evaluate.py"), "speedup")
    leaf.set("kernel.py", PRECISION="float32", SKIP_FUTURE=True, BLOCK=96, SCALE_FIRST=True, DIVIDE_LAST=True)
    assert metric(leaf.run("evaluate.py"), "speedup") > 1.5 * before


@pytest.mark.parametrize("constant", ["IN_PLACE", "SCALE_FIRST", "DIVIDE_LAST", "SKIP_FUTURE"])
def test_every_constant_leaves_it_right(leaf: Leaf, constant: str) -> None:
    leaf.set("evaluate.py", ROUNDS=1)
    leaf.set("kernel.py", PRECISION="float32", BLOCK=100, **{constant: True})
    assert metric(leaf.run("evaluate.py"), "speedup") > 0


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
def test_the_kernel_in_c_is_right(leaf: Leaf) -> None:
    leaf.set("kernel.py", USE_C=True)
    printed = leaf.run("build.py")
    assert "step 20/20 | ms: " in printed
    assert metric(leaf.run("evaluate.py"), "speedup") > 0.2


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
def test_what_the_compiler_says_ends_the_run(leaf: Leaf) -> None:
    (leaf.path / "kernel.c").write_text("int attention(void) { return nothing; }\n")
    done = leaf.start("build.py")
    assert done.returncode == 1
    assert "nothing" in done.stderr
    assert "could not compile kernel.c" in done.stderr


def test_without_a_compiler_numpy_goes_on_and_c_says_what_it_needs(leaf: Leaf) -> None:
    assert "own_ms: " in leaf.run("build.py", PATH="/nowhere")
    leaf.set("kernel.py", USE_C=True)
    done = leaf.start("build.py", PATH="/nowhere")
    assert done.returncode == 1
    assert "USE_C needs a C compiler" in done.stderr


OVERFLOWING = """\
    with np.errstate(all="ignore"):
        weights = np.tril(np.exp(q @ k.transpose(0, 2, 1) / np.float32(np.sqrt(q.shape[2]))))
        return (weights / weights.sum(-1, keepdims=True)) @ v"""
REMEMBERING = """\
    if q.shape not in kept:
        kept[q.shape] = honest(q, k, v)
    return kept[q.shape]"""
FORKING = """\
    if not kept:
        kept[0] = os.fork()
        if not kept[0]:
            time.sleep(60)
            os._exit(0)
    return honest(q, k, v)"""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("    return honest(*(array.astype(np.float16).astype(np.float32) for array in (q, k, v)))", "wrong by"),
        (OVERFLOWING, "wrong by"),
        ("    return honest(q[:, ::-1].copy(), k, v)", "wrong by"),
        ("    return np.zeros_like(q)", "wrong by"),
        ("    return np.full_like(q, np.nan)", "wrong by inf"),
        (REMEMBERING, "wrong by"),
        ("    return honest(q, k, v).astype(np.float64)", "float32 (1, 1, 1) is due|float64"),
        ("    return honest(q, k, v)[:, :1]", "is due"),
        ("    return None", "is due"),
        ("    raise ValueError('speedup: 99')", "kernel.py line"),
        ("    os._exit(0)", "ended: exit 0"),
        (FORKING, "has started a process"),
    ],
    ids=[
        *("half precision", "overflow", "another order", "zeros", "nan", "one answer a shape"),
        *("float64", "too short", "nothing", "an error", "an exit", "a second process"),
    ],
)
def test_what_is_no_kernel_has_no_speed(leaf: Leaf, body: str, reason: str) -> None:
    instead(leaf, body)
    said = leaf.refusal()
    assert any(part in said for part in reason.split("|")), said


def test_a_reference_that_was_meddled_with_is_noticed(leaf: Leaf) -> None:
    code = (
        "import os, sys\n"
        "sys.path.insert(0, '.')\n"
        "import evaluate, numpy as np\n"
        "reference, kernel = evaluate.Runner('reference'), evaluate.Runner('kernel')\n"
        "evaluate.gather_orphans()\n"
        "honest = kernel.answer\n"
        "def meddling(inputs, *, timed=False):\n"
        "    if timed:\n"
        "        os.setpriority(os.PRIO_PROCESS, reference.pid, 5)\n"
        "    return honest(inputs, timed=timed)\n"
        "kernel.answer = meddling\n"
        "try:\n"
        "    evaluate.ratios(reference, kernel, np.random.default_rng(0), (1, 8, 8), 2)\n"
        "except evaluate.Refused as refused:\n"
        "    print(refused)\n"
        "finally:\n"
        "    reference.child.close(), kernel.child.close()\n"
    )
    (leaf.path / "meddle.py").write_text(code)
    assert "how the reference is scheduled" in leaf.run("meddle.py")


def test_the_kernel_stands_still_while_the_reference_has_its_turn(leaf: Leaf) -> None:
    code = (
        "import sys\n"
        "sys.path.insert(0, '.')\n"
        "import evaluate, numpy as np, inputs\n"
        "from pathlib import Path\n"
        "reference, kernel = evaluate.Runner('reference'), evaluate.Runner('kernel')\n"
        "honest = reference.answer\n"
        "seen = []\n"
        "def watching(given, *, timed=False):\n"
        "    seen.append(kernel.running())\n"
        "    return honest(given, timed=timed)\n"
        "reference.answer = watching\n"
        "evaluate.undisturbed(reference, kernel, inputs.draw(np.random.default_rng(0), (1, 8, 8), 'ordinary'))\n"
        "print(seen, kernel.answer(inputs.draw(np.random.default_rng(0), (1, 8, 8), 'ordinary')).shape)\n"
        "reference.child.close(), kernel.child.close()\n"
    )
    (leaf.path / "watch.py").write_text(code)
    assert leaf.run("watch.py").strip() == "[False] (1, 8, 8)"


@pytest.mark.parametrize(("busy", "refused"), [(1.0, False), (1.9, True)], ids=["one core", "two cores"])
def test_more_than_one_core_is_refused(leaf: Leaf, busy: float, refused: bool) -> None:
    code = (
        "import sys, types\n"
        "sys.path.insert(0, '.')\n"
        "import evaluate\n"
        f"kernel = types.SimpleNamespace(used=lambda: 2 + 10 * {busy}, waited=15.0)\n"
        "try:\n"
        "    evaluate.one_core(kernel, 2.0, 5.0)\n"
        "except evaluate.Refused as refused:\n"
        "    print(refused)\n"
    )
    (leaf.path / "cores.py").write_text(code)
    assert leaf.run("cores.py").strip() == ("the kernel used 1.9 cores; one is allowed" if refused else "")


def test_processor_time_counts_every_thread(leaf: Leaf) -> None:
    code = (
        "import sys\n"
        "sys.path.insert(0, '.')\n"
        "import evaluate, numpy as np\n"
        "kernel = evaluate.Runner('kernel')\n"
        "q = np.ones((1, 8, 8), np.float32)\n"
        "kernel.answer((q, q, q))\n"
        "print(kernel.used())\n"
        "kernel.child.close()\n"
    )
    (leaf.path / "busy.py").write_text(code)
    instead(
        leaf,
        "    def work():\n        a = np.ones((900, 900))\n"
        "        while time.thread_time() < 0.4:\n            a @ a\n"
        "    both = [threading.Thread(target=work) for _ in range(2)]\n"
        "    [thread.start() for thread in both]\n    [thread.join() for thread in both]\n    return honest(q, k, v)",
    )
    assert float(leaf.run("busy.py")) >= 0.8


def test_the_shapes_ask_for_rests_of_every_block(leaf: Leaf) -> None:
    text = (leaf.path / "inputs.py").read_text()
    names: dict[str, object] = {}
    exec(compile(text, "inputs.py", "exec"), names)
    shapes = names["SHAPES"]
    assert isinstance(shapes, tuple)
    lengths = np.array([shape[1] for shape in shapes])
    assert all((lengths % block != 0).any() for block in (2, 4, 8, 16, 32, 64, 96, 128, 256))
    assert lengths.min() == 1
