"""The GPUs of the machine: what is read of them through the real binding from a driver's library, and the words."""

from __future__ import annotations

import ctypes
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.journal.shown import width
from praxtui.tui.gpu import GB, Gpus, History, Reading, words

ROOT = Path(__file__).parents[2]
DRIVER = "libnvidia-ml.so.1"

# A driver's library for four GPUs: the functions that are asked for, by the signatures and structs of NVIDIA's nvml.h.
# 0 tells everything, 1 supports nothing but power, 2 is a small one with garbage for a name, 3 has no handle to give.
# What the test does to it from inside its process: `lose` a GPU, and read how often it was opened and asked.
LIBRARY = r"""
#include <string.h>
typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_v2_t;
typedef struct { unsigned gpu, memory; } utilization_t;
enum { OK = 0, NOT_SUPPORTED = 3, DRIVER_NOT_LOADED = 9, LOST = 15, WRONG_VERSION = 25 };

static char cards[4];
static int lost[4], opened, closed, asked;
#define AT(device) ((char *)(device) - cards)
#define ANSWER(device) do { asked++; if (!(opened > closed)) return 1; if (lost[AT(device)]) return LOST; } while (0)

void lose(int at, int is) { lost[at] = is; }
int times_opened(void) { return opened; }
int times_closed(void) { return closed; }
int times_asked(void) { return asked; }

int nvmlInitWithFlags(unsigned flags) { opened++; return INIT; }
int nvmlShutdown(void) { closed++; return OK; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = COUNT; return OK; }
int nvmlDeviceGetHandleByIndex_v2(unsigned at, void **device) { *device = cards + at; return at == 3 ? LOST : OK; }
int nvmlDeviceGetName(void *device, char *name, unsigned length) {
    const char *names[] = {"NVIDIA H100 80GB HBM3", "NVIDIA GB10", "\xff\xfe"};
    ANSWER(device);
    strncpy(name, names[AT(device)], length);
    return OK;
}
int nvmlDeviceGetUtilizationRates(void *device, utilization_t *rates) {
    ANSWER(device);
    if (AT(device) == 1) return NOT_SUPPORTED;
    rates->gpu = AT(device) ? 104 : 97;
    rates->memory = 41;
    return OK;
}
int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) {
    ANSWER(device);
    *milliwatts = AT(device) == 1 ? 11170 : 642300;
    return AT(device) == 2 ? NOT_SUPPORTED : OK;
}
int nvmlDeviceGetMemoryInfo(void *device, memory_t *memory) {
    ANSWER(device);
    memory->total = AT(device) == 1 ? 0 : AT(device) ? 4096ull << 20 : 81559ull << 20;
    memory->used = AT(device) == 1 ? 0 : AT(device) ? 3686ull << 20 : 63063ull << 20;
    memory->free = memory->total - memory->used;
    return OK;
}
#ifndef BEFORE_510
int nvmlDeviceGetMemoryInfo_v2(void *device, memory_v2_t *memory) {
    memory_t first;
    int answer = nvmlDeviceGetMemoryInfo(device, &first);
    if (answer) return answer;
    if (memory->version != (sizeof *memory | 2 << 24)) return WRONG_VERSION;
    if (AT(device) == 1) return NOT_SUPPORTED;
    memory->total = first.total;
    memory->reserved = 600ull << 20;
    memory->free = first.free;
    memory->used = first.used - memory->reserved;
    return OK;
}
#endif
"""


class Machine:
    """A process of its own for each question, on a machine with the driver that `defines` make of LIBRARY."""

    def __init__(self, folder: Path, **defines: str) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            pytest.skip("no C compiler to build a driver's library with")
        source = folder / "nvml.c"
        source.write_text(LIBRARY)
        given = [f"-D{name}={value}" for name, value in ({"INIT": "OK", "COUNT": "4"} | defines).items()]
        command = [compiler, "-shared", "-fPIC", *given, "-o", str(folder / DRIVER), str(source)]
        subprocess.run(command, check=True, capture_output=True)
        self._env = os.environ | {"LD_LIBRARY_PATH": str(folder)}

    def told(self, script: str) -> Any:
        """What the script leaves in `said`; it has `gpus`, and `driver`, the library itself."""
        head = f"import ctypes, json, sys\nfrom praxtui.tui.gpu import Gpus\ndriver = ctypes.CDLL({DRIVER!r})\n"
        tail = "\nprint(json.dumps(said))"
        command = [sys.executable, "-W", "error", "-c", f"{head}gpus = Gpus()\n{script}{tail}"]
        done = subprocess.run(command, env=self._env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("driver"))


def has_driver() -> bool:
    try:
        ctypes.CDLL(DRIVER)
    except OSError:
        return False
    return True


H100 = [0, "NVIDIA H100 80GB HBM3", 0.97, 62463 << 20, 81559 << 20, 642.3]
GB10 = [1, "NVIDIA GB10", None, None, None, 11.17]
SMALL = [2, "", 1.0, 3086 << 20, 4096 << 20, None]


def test_each_gpu_tells_what_it_can_and_one_without_a_handle_is_left_out(machine: Machine) -> None:
    assert machine.told("said = gpus.readings()") == [H100, GB10, SMALL]


def test_a_driver_that_knows_the_first_version_of_memory_only_tells_it(tmp_path: Path) -> None:
    old = Machine(tmp_path, BEFORE_510="1")
    assert old.told("said = [r[3:5] for r in gpus.readings()]") == [
        [63063 << 20, 81559 << 20],
        [None, None],
        [3686 << 20, 4096 << 20],
    ]


def test_a_gpu_that_vanishes_is_left_out_and_comes_back(machine: Machine) -> None:
    script = "said = []\nfor is_lost in (0, 1, 0):\n    driver.lose(0, is_lost)\n    said.append(gpus.readings())"
    assert machine.told(script) == [[H100, GB10, SMALL], [GB10, SMALL], [H100, GB10, SMALL]]


def test_all_gpus_may_vanish(machine: Machine) -> None:
    assert machine.told("gpus.readings(); [driver.lose(i, 1) for i in range(3)]; said = gpus.readings()") == []


def test_the_driver_is_opened_once_and_let_go_once(machine: Machine) -> None:
    script = "gpus.readings(); gpus.readings(); gpus.close(); gpus.close()\nasked = driver.times_asked()\n"
    script += "said = [gpus.readings(), driver.times_opened(), driver.times_closed(), driver.times_asked() - asked]"
    assert machine.told(script) == [[], 1, 1, 0]


def test_gpus_that_were_never_read_close_without_a_driver(machine: Machine) -> None:
    script = "gpus.close()\nsaid = [gpus.readings(), driver.times_opened(), 'pynvml' in sys.modules]"
    assert machine.told(script) == [[], 0, False]


@pytest.mark.parametrize(
    ("defines", "closed"),
    [({"INIT": "DRIVER_NOT_LOADED"}, 0), ({"COUNT": "0"}, 1)],
    ids=["a driver that is not loaded", "no GPU"],
)
def test_where_nothing_can_be_read_it_is_tried_once(tmp_path: Path, defines: dict[str, str], closed: int) -> None:
    script = "said = [gpus.readings(), gpus.readings(), driver.times_opened(), driver.times_closed()]"
    assert Machine(tmp_path, **defines).told(script) == [[], [], 1, closed]


def test_all_gpus_are_shown_whatever_the_shell_hides_from_cuda(machine: Machine) -> None:
    script = "import os; os.environ['CUDA_VISIBLE_DEVICES'] = '2'\nsaid = [r.number for r in gpus.readings()]"
    assert machine.told(script) == [0, 1, 2]


# --- this machine ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(has_driver(), reason="this machine has NVIDIA's driver")
def test_a_machine_without_a_driver_has_no_readings_and_is_asked_once() -> None:
    script = (
        "import sys\nfrom praxtui.tui.gpu import Gpus\nloads = []\n"
        "sys.addaudithook(lambda e, a: loads.append(a) if e == 'ctypes.dlopen' and 'nvidia' in str(a) else None)\n"
        "gpus = Gpus()\nassert 'pynvml' not in sys.modules\n"
        "assert [gpus.readings() for _ in range(3)] == [(), (), ()]\ngpus.close()\nprint(len(loads))"
    )
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\n", "")


@pytest.mark.skipif(not has_driver(), reason="this machine has no NVIDIA driver")
def test_the_gpus_of_this_machine_tell_what_can_be() -> None:
    gpus = Gpus()
    readings = gpus.readings()
    gpus.close()
    for reading in readings:
        assert reading.busy is None or 0 <= reading.busy <= 1
        assert reading.used is None or reading.total is None or 0 <= reading.used <= reading.total
        assert reading.watts is None or 0 <= reading.watts < 5000
    assert gpus.readings() == ()


# --- words -----------------------------------------------------------------------------------------------------------


def test_what_does_not_fit_is_left_out_from_the_right() -> None:
    reading = Reading(*H100)  # type: ignore[arg-type]  # a row as JSON has it
    assert words(reading, 80) == "gpu 0    97%  61/80 GB   642 W  NVIDIA H100 80GB HBM3"
    assert words(reading, 52) == "gpu 0    97%  61/80 GB   642 W"
    assert words(reading, 29) == "gpu 0    97%  61/80 GB"
    assert words(reading, 21) == "gpu 0    97%"
    assert words(reading, 11) == "gpu 0 97%"
    assert words(reading, 8) == "gpu 0"
    assert words(reading, 4) == "…"
    assert words(reading, 0) == ""


def test_the_columns_of_several_gpus_stand_below_each_other() -> None:
    readings = [
        Reading(0, "", 1.0, 3 * GB, 80 * GB, 1104.0),
        Reading(9, "", None, None, None, None),
        Reading(10, "", 0.004, int(3.6 * GB), 4 * GB, 9.6),
    ]
    assert [words(reading, 40) for reading in readings] == [
        "gpu 0   100%   3/80 GB  1104 W",
        "gpu 9      -         -       -",
        "gpu 10    0%  3.6/4 GB    10 W",
    ]


def test_a_name_steers_no_terminal() -> None:
    assert words(Reading(0, "a\x1b[31m\nb", None, None, None, None), 60).endswith("a?[31m b")


READINGS = st.builds(
    Reading,
    number=st.integers(0, 300),
    name=st.text(max_size=30),
    busy=st.none() | st.floats(0, 1),
    used=st.none() | st.integers(0, 2**64 - 1),
    total=st.none() | st.integers(1, 2**64 - 1),
    watts=st.none() | st.floats(0, 2**32 / 1000),
)


@given(READINGS, st.integers(-2, 120))
def test_words_are_never_wider_than_the_columns_and_never_cut_a_number(reading: Reading, columns: int) -> None:
    said, whole = words(reading, columns), words(reading, 500)
    assert width(said) <= max(0, columns)
    parts = said.split()
    assert parts in ([], ["…"]) or parts == whole.split()[: len(parts)]
    assert width(words(reading, columns + 1)) >= width(said)


# --- history ---------------------------------------------------------------------------------------------------------


def busy(**shares: float | None) -> list[Reading]:
    return [Reading(int(number[1:]), "", share, None, None, None) for number, share in shares.items()]


def test_the_last_shares_of_each_gpu_are_kept() -> None:
    history = History()
    for n in range(130):
        history.add(busy(g0=n / 130, g1=0.5))
    assert history.busy(0) == [n / 130 for n in range(10, 130)]
    assert history.busy(1) == [0.5] * 120
    assert history.busy(2) == []


def test_a_gpu_that_is_away_or_does_not_tell_has_gaps() -> None:
    history = History(kept=3)
    for reading in (busy(g0=0.1), busy(g0=None), busy(g1=0.7), busy(g0=0.2, g1=0.8)):
        history.add(reading)
    assert [None if math.isnan(share) else share for share in history.busy(0)] == [None, None, 0.2]
    assert history.busy(1) == [0.7, 0.8]
