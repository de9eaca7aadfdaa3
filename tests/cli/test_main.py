"""The command line as a whole: verbs, exit codes, messages, crash files."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import praxtui
from praxtui.cli import lab
from praxtui.cli.main import main
from praxtui.cli.verbs import LATER, VERBS
from praxtui.errors import CampaignFault, RequirementMissing, UserError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PRAXTUI_DEBUG", raising=False)
    return tmp_path / "home"


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A verb `probe` whose answer a test chooses: `does` is called with the parsed arguments."""
    probe = SimpleNamespace(does=lambda args: 0)
    module = ModuleType("tests_probe")
    module.add_arguments = lambda parser: parser.add_argument("--number", type=int)  # type: ignore[attr-defined]
    module.run = lambda args: probe.does(args)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests_probe", module)
    monkeypatch.setitem(VERBS, "probe", ("tests_probe", "a verb of the tests"))
    return probe


def raising(error: BaseException):
    def act(args: object) -> int:
        raise error

    return act


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"praxtui {praxtui.__version__}\n"


@pytest.mark.parametrize("words", [[], ["--help"], ["help"]])
def test_the_overview_lists_every_verb_and_fits_a_terminal(words: list[str], capsys) -> None:
    assert main(words) == 0
    out = capsys.readouterr().out
    for name in VERBS:
        assert f"\n  {name} " in out
    assert max(map(len, out.splitlines())) < 80
    assert "praxtui run ngram" in out


def test_every_verb_has_its_module() -> None:
    lacking = {module for module, _ in VERBS.values() if find_spec(module) is None}
    assert not lacking


@pytest.mark.parametrize("name", [name for name, (module, _) in VERBS.items() if find_spec(module)])
def test_every_verb_has_help_of_its_own(name: str, capsys) -> None:
    module = import_module(VERBS[name][0])
    assert callable(module.add_arguments)
    assert callable(module.run)
    assert main([name, "--help"]) == 0
    assert f"usage: praxtui {name}" in capsys.readouterr().out


def test_an_unknown_verb_names_the_nearest(capsys) -> None:
    assert main(["leafs"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "unknown verb: leafs" in said.err
    assert "leaves" in said.err


def test_an_unknown_option_names_the_nearest(capsys) -> None:
    assert main(["--verson"]) == 2
    assert "unknown option: --verson; did you mean: --version" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[name, "x"] for name in LATER])
def test_what_comes_later_says_so(words: list[str], capsys) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("praxtui: not available yet: ")


def test_arguments_reach_the_verb_and_its_code_is_the_exit_code(verb: SimpleNamespace) -> None:
    seen = []
    verb.does = lambda args: seen.append((args.verb, args.number)) or 4
    assert main(["probe", "--number", "7"]) == 4
    assert seen == [("probe", 7)]


@pytest.mark.parametrize("words", [["--number", "x"], ["--num", "1"], ["--other"], ["stray"]])
def test_wrong_arguments_are_usage_errors(words: list[str], verb: SimpleNamespace, capsys) -> None:
    verb.does = raising(AssertionError("must not run"))
    assert main(["probe", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("praxtui: ")
    assert said.err.endswith("\n  `praxtui probe --help` shows what it takes\n")
    assert len(said.err.splitlines()) == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UserError("no campaign x", fix="praxtui list"), 2),
        (RequirementMissing("no torch", fix="pip install torch"), 3),
        (CampaignFault("the journal is corrupt"), 4),
        (UserError("waits", exit_code=4), 4),
    ],
)
def test_a_user_error_is_its_message_and_its_code(error: UserError, code: int, verb, home: Path, capsys) -> None:
    verb.does = raising(error)
    assert main(["probe"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"praxtui: {error.message}\n" + (f"  {error.fix}\n" if error.fix else "")
    assert not home.exists()


def test_an_interruption_exits_130(verb: SimpleNamespace) -> None:
    verb.does = raising(KeyboardInterrupt())
    assert main(["probe"]) == 130


def test_an_unexpected_error_is_one_line_and_a_crash_file(verb: SimpleNamespace, home: Path, capsys) -> None:
    verb.does = raising(ZeroDivisionError("by zero\nand more"))
    assert main(["probe", "--number", "3"]) == 4
    said = capsys.readouterr().err
    (crash,) = home.glob("crash-*.txt")
    assert said.splitlines()[0] == "praxtui: unexpected ZeroDivisionError: by zero"
    assert str(crash) in said
    assert "Traceback" not in said
    text = crash.read_text()
    assert "Traceback" in text
    assert "probe --number 3" in text


def test_debug_shows_the_traceback(verb: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("PRAXTUI_DEBUG", "1")
    verb.does = raising(ZeroDivisionError("by zero"))
    assert main(["probe"]) == 4
    assert "Traceback" in capsys.readouterr().err


def test_a_home_that_cannot_be_made_does_not_hide_the_error(
    verb: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    verb.does = raising(ZeroDivisionError("by zero"))
    assert main(["probe"]) == 4
    assert "ZeroDivisionError: by zero" in capsys.readouterr().err
    assert list((tmp_path / "elsewhere").glob("crash-*.txt"))


def test_a_missing_package_is_a_missing_requirement(verb: SimpleNamespace, capsys) -> None:
    verb.does = lambda args: import_module("no_such_package_of_praxtui")
    assert main(["probe"]) == 3
    assert "no_such_package_of_praxtui" in capsys.readouterr().err


def test_a_missing_module_of_praxtui_is_a_fault(verb: SimpleNamespace) -> None:
    verb.does = lambda args: import_module("praxtui.no_such_module")
    assert main(["probe"]) == 4


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    script = (
        "import sys, types\n"
        "from praxtui.cli import main, verbs\n"
        "probe = types.ModuleType('probe')\n"
        "probe.add_arguments = lambda parser: None\n"
        "probe.run = lambda args: print('line\\n' * 100_000) or 0\n"
        "sys.modules['probe'] = probe\n"
        "verbs.VERBS['probe'] = ('probe', '')\n"
        "sys.exit(main.main(['probe']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "line\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


def test_a_terminal_without_the_characters_gets_substitutes() -> None:
    script = (
        "import sys\nfrom praxtui.cli.main import main\nfrom praxtui.cli import topics\n"
        "topics.TOPICS['loop'] = 'a \\u2192 b'\nsys.exit(main(['help', 'loop']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        env={"PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(Path(praxtui.__file__).parent.parent)},
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, b"a ? b\n")


def test_python_dash_m_is_the_same(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "praxtui", "nonsense"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("praxtui: unknown verb: nonsense")


@pytest.mark.parametrize("words", [[], ["result"], ["nonsense"], ["--json"]])
def test_lab_says_what_it_will_be(words: list[str], capsys) -> None:
    assert lab.main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("not available yet: ")
    for name in ("hypothesis", "experiment", "result", "context", "failures"):
        assert f"lab {name}" in said.err
