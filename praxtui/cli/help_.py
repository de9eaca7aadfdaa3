"""`praxtui help [TOPIC]`, and the overview of `praxtui --help`, which `praxtui` prints where there is no terminal."""

from __future__ import annotations

import argparse
from textwrap import wrap

from praxtui import __version__
from praxtui.cli.topics import TOPICS
from praxtui.cli.verbs import VERBS
from praxtui.errors import DONE, UserError, did_you_mean


def overview() -> str:
    """What to type first, and every verb with one line."""
    lines = [
        f"praxtui {__version__}: it improves a program by experiment, and records all of it.",
        "",
        "  praxtui             the cockpit: choose a leaf, press s, then enter",
        "  praxtui leaves      what can be improved here",
        "  praxtui run ngram   start a campaign on one, and follow it",
        "  praxtui doctor      what is missing",
        "",
        "verbs (praxtui VERB --help for each):",
    ]
    lines += [f"  {verb:<9} {about}" for verb, (_, about) in VERBS.items()]
    lines += ["", *wrap(f"help topics: {', '.join(TOPICS)}", 78, subsequent_indent="  ")]
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help=f"a verb, or one of: {', '.join(TOPICS)}")


def run(args: argparse.Namespace) -> int:
    topic = args.topic
    if topic is None:
        print(overview())
    elif topic in TOPICS:
        print(text_of(topic))
    elif topic in VERBS:
        from praxtui.cli.main import main

        return main([topic, "--help"])
    else:
        near = did_you_mean(topic, [*TOPICS, *VERBS])
        raise UserError(f"no help on {topic!r}{near}", fix=f"topics: {', '.join(TOPICS)}; or any verb")
    return DONE


def text_of(topic: str) -> str:
    """The text of one of TOPICS, with what is looked up filled in."""
    text = TOPICS[topic]
    if topic == "program":
        return text.replace("{keys}", _keys())
    if topic == "detach":
        return text.replace("{praxtui}", _command())
    if topic == "home":
        from praxtui.paths import home

        return text.replace("{home}", str(home()))
    if topic == "models":
        from praxtui.paths import config_dir

        return text.replace("{keys_file}", str(config_dir() / "keys"))
    if topic == "settings":
        from praxtui.paths import config_dir
        from praxtui.settings import file

        return text.replace("{settings}", str(file())).replace("{themes}", str(config_dir() / "themes"))
    return text


def _command() -> str:
    """The command line of praxtui for whoever has no PATH: the script beside the interpreter, or the interpreter."""
    import shlex
    import sys
    from pathlib import Path

    script = Path(sys.executable).with_name("praxtui")
    return shlex.quote(str(script)) if script.exists() else f"{shlex.quote(sys.executable)} -m praxtui"


def _keys() -> str:
    """Every key of the front matter, a block a paragraph."""
    import textwrap

    from praxtui.program.keys import BLOCKS

    blocks = [(block, ", ".join(keys)) for block, keys in BLOCKS.items()]
    blocks.append(("report", "one mapping"))
    return "\n".join(
        textwrap.fill(f"{block + ':':<12} {keys}", 79, initial_indent="  ", subsequent_indent=" " * 15)
        for block, keys in blocks
    )
