"""`praxtui`: find the verb, import its module and no other, turn what goes wrong into a message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from praxtui.cli.verbs import COCKPIT_FLAGS, LATER, VERBS
from praxtui.errors import DONE, FAULT, INTERRUPTED, MISSING, UserError, did_you_mean


def main(argv: Sequence[str] | None = None) -> int:
    """Answer one command line (without the program's name); returns the exit code, and raises nothing."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        _widen(sys.stdout)
        code = _answer(words)
        sys.stdout.flush()
        return code
    except UserError as error:
        _say(f"praxtui: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # `praxtui ledger ID | head`: who reads has seen enough. Python flushes once more at exit, into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return DONE
    except ModuleNotFoundError as error:
        if not error.name or error.name.partition(".")[0] == "praxtui":
            return _crash(error, words)
        _say(f"praxtui: the Python package {error.name} is missing from {sys.prefix}")
        _say(f"  {sys.executable} -m pip install praxtui  installs what praxtui needs")
        return MISSING
    except Exception as error:
        return _crash(error, words)


def _answer(words: list[str]) -> int:
    if words[:1] in (["-h"], ["--help"]) or (not words and not _on_terminal()):
        from praxtui.cli.help_ import overview

        print(overview())
        return DONE
    if not words or words[0].partition("=")[0] in COCKPIT_FLAGS:
        from praxtui.cli.cockpit import home

        return home(words)
    verb, rest = words[0], words[1:]
    if verb in ("-V", "--version"):
        from praxtui import __version__

        print(f"praxtui {__version__}")
        return DONE
    if verb not in VERBS:
        raise _unknown(verb)
    return _dispatch(verb, rest)


def _on_terminal() -> bool:
    """Whether there is a terminal that can show the cockpit; without one `praxtui` alone says what there is."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def _dispatch(verb: str, rest: list[str]) -> int:
    from importlib import import_module

    from praxtui.cli.arguments import Parser

    module_name, about = VERBS[verb]
    module = import_module(module_name)
    parser = Parser(prog=f"praxtui {verb}", description=about, allow_abbrev=False)
    parser.set_defaults(verb=verb)
    module.add_arguments(parser)
    try:
        args = parser.read(rest)
    except SystemExit as ended:  # argparse has printed its help
        return ended.code if isinstance(ended.code, int) else DONE
    code: int = module.run(args)
    return code


def _unknown(verb: str) -> UserError:
    if verb in LATER:
        return UserError(
            f"not available yet: `praxtui {verb}` ({LATER[verb]}) comes with a later version",
            fix="`praxtui --help` lists what there is today",
        )
    what, known = ("option", ["--version", "--help"]) if verb.startswith("-") else ("verb", [*VERBS, *LATER])
    return UserError(f"unknown {what}: {verb}{did_you_mean(verb, known)}", fix="`praxtui --help` lists them all")


def _crash(error: BaseException, words: list[str]) -> int:
    from praxtui.cli.crash import write_crash

    text, where = write_crash(error, words)
    _say(f"praxtui: unexpected {type(error).__name__}: {str(error).partition(chr(10))[0]}")
    if where is not None:
        _say(f"  this is a fault of praxtui; the traceback is in {where}")
    if where is None or os.environ.get("PRAXTUI_DEBUG"):
        _say(text)
    return FAULT


def _say(text: str) -> None:
    """To the person; a closed stderr is no reason to fail."""
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return


def _widen(stream: object) -> None:
    """A terminal that cannot show a character gets `?` instead of ending the program."""
    if getattr(stream, "errors", None) == "strict" and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
