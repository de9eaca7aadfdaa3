"""What a run sees of the person's environment, and what praxtui adds to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from praxtui.errors import UserError
from praxtui.runs.environment import environment, inherited, make_folders
from praxtui.runs.spec import LOG_CAP, log_cap

PERSON = {
    **{"PATH": "/usr/bin", "HOME": "/home/p", "LC_ALL": "C", "CUDA_VISIBLE_DEVICES": "0", "OMP_NUM_THREADS": "2"},
    **{"TERM": "xterm", "OPENAI_API_KEY": "sk-1", "HF_TOKEN": "hf", "NVIDIA_API_KEY": "nv", "HF_HUB_TOKEN": "x"},
    **{"PIP_INDEX_URL": "https://u:p@x", "PYTHONPATH": "/lever", "PYTHONSTARTUP": "x", "LD_PRELOAD": "x.so"},
    **{
        "https_proxy": "http://proxy",
        "TMPDIR": "/elsewhere",
        "XDG_CACHE_HOME": "/home/p/.cache",
        "HF_HUB_OFFLINE": "1",
    },
}


def whole(tmp_path: Path, **more: object) -> dict[str, str]:
    given = {
        **{"python": Path("/venv/bin/python"), "experiment": "e3", "seed": 7, "budget_s": 60.0, "source": PERSON},
        **{"data": tmp_path / "data", "scratch": tmp_path / "scratch", "cache": tmp_path / "cache"},
    }
    return environment(**(given | more))  # type: ignore[arg-type]


def test_only_what_is_allowed_passes() -> None:
    assert set(inherited((), PERSON)) == {
        *("PATH", "HOME", "LC_ALL", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "https_proxy", "HF_HUB_OFFLINE"),
    }


def test_secrets_pass_where_they_are_declared() -> None:
    assert inherited(["HF_TOKEN", "NVIDIA_API_KEY"], PERSON)["NVIDIA_API_KEY"] == "nv"
    with pytest.raises(UserError, match="not set in the environment: WANDB_API_KEY"):
        inherited(["HF_TOKEN", "WANDB_API_KEY"], PERSON)


def test_a_run_gets_its_budget_its_seed_and_places_of_its_own(tmp_path: Path) -> None:
    env = whole(tmp_path)
    assert env["PATH"] == "/venv/bin:/usr/bin"
    assert (env["PRAXTUI_BUDGET_S"], env["PRAXTUI_SEED"], env["PRAXTUI_EXPERIMENT"]) == ("60", "7", "e3")
    assert (env["PYTHONHASHSEED"], env["PYTHONUNBUFFERED"], env["PYTHONDONTWRITEBYTECODE"]) == ("7", "1", "1")
    assert "PYTHONSAFEPATH" not in env and "PYTHONPYCACHEPREFIX" not in env
    assert env["PRAXTUI_DATA"] == str(tmp_path / "data")
    for name in ("TMPDIR", "PRAXTUI_SCRATCH"):
        assert env[name].startswith(str(tmp_path / "scratch"))
    for name in ("XDG_CACHE_HOME", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "CUDA_CACHE_PATH", "MPLCONFIGDIR"):
        assert env[name].startswith(str(tmp_path / "cache"))
    make_folders(env)
    assert Path(env["TMPDIR"]).is_dir() and Path(env["PRAXTUI_CACHE"]).is_dir()


def test_an_evaluator_takes_no_compiled_module_from_where_levers_write(tmp_path: Path) -> None:
    env = whole(tmp_path, pycache=tmp_path / "pycache")
    assert env["PYTHONPYCACHEPREFIX"] == str(tmp_path / "pycache") and "PYTHONDONTWRITEBYTECODE" not in env


def test_numbers_are_what_scripts_can_read(tmp_path: Path) -> None:
    env = whole(tmp_path, seed=2**40 + 5, budget_s=0.5, data=None)
    assert (env["PRAXTUI_SEED"], env["PYTHONHASHSEED"], env["PRAXTUI_BUDGET_S"]) == (str(2**40 + 5), "5", "0.5")
    assert whole(tmp_path, budget_s=1_234_567.0)["PRAXTUI_BUDGET_S"] == "1234567" and "PRAXTUI_DATA" not in env


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", LOG_CAP), ("256MB", 256 * 10**6), ("1.5 gb", 1_500_000_000), ("100KiB", 102_400), ("70000", 70_000)],
)
def test_log_caps(text: str, expected: int) -> None:
    assert log_cap({"PRAXTUI_LOG_CAP": text}) == expected


@pytest.mark.parametrize("text", ["much", "12 parsecs", "-5MB", "0", "10kB", "1e9"])
def test_log_caps_that_are_none(text: str) -> None:
    with pytest.raises(UserError, match="PRAXTUI_LOG_CAP"):
        log_cap({"PRAXTUI_LOG_CAP": text})
