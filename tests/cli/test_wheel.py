"""What is built and installed: everything praxtui needs at run time is inside the wheel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import praxtui

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="the build backend is not installed")
    folder = tmp_path_factory.mktemp("dist")
    words = ["build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_package_the_leaves_and_the_themes(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "praxtui", "leaves", "themes"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    wanted = {name if name.startswith("praxtui/") else f"praxtui/{name}" for name in tracked}
    assert wanted - names == set()
    # Nothing that a leaf's scripts left there when they ran by hand.
    assert {name for name in names if name.startswith("praxtui/leaves/")} <= wanted
    assert "praxtui/leaves/ngram/program.md" in names
    assert not [name for name in names if name.endswith(".pyc") or "__pycache__" in name]
    assert not [name for name in names if name.startswith("tests/")]


def test_the_wheel_declares_version_and_commands(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    info = f"praxtui-{praxtui.__version__}.dist-info"
    assert f"Version: {praxtui.__version__}\n" in archive.read(f"{info}/METADATA").decode()
    entries = archive.read(f"{info}/entry_points.txt").decode()
    assert "praxtui = praxtui.cli.main:main" in entries
    assert "lab = praxtui.cli.lab:main" in entries


def test_an_installed_praxtui_finds_its_bundled_leaves(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    # The dependencies come from this environment; praxtui itself only from the wheel.
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=300)
    python = environment / "bin" / "python"
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([python, *install], check=True, timeout=300)
    packages = [path for path in sys.path if path.endswith("site-packages")]
    environ = {**os.environ, "PRAXTUI_HOME": str(tmp_path / "home"), "PYTHONPATH": os.pathsep.join(packages)}
    script = (
        "import sys; from pathlib import Path; site = Path(sys.prefix); "
        "sys.path.sort(key=lambda path: not path.startswith(sys.prefix)); import praxtui; "
        "assert Path(praxtui.__file__).is_relative_to(site), praxtui.__file__; "
        "from praxtui.cli.main import main; sys.exit(main(['leaves', '--json']))"
    )
    done = subprocess.run(
        [python, "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    found = {about["name"]: about["path"] for about in json.loads(done.stdout)}
    assert {"ngram", "circles"} <= set(found)
    assert all(Path(path).is_relative_to(environment) for path in found.values())
