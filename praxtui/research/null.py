"""A researcher that changes nothing measurable: what it is seen to gain is what the judge lets through by luck.

Its edit is a mark that the lever's language ignores, on a line that is already there: a comment where the language has
one at any line's end, else blanks at the end of a line.
"""

from __future__ import annotations

import io
import json
import re
import tokenize
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from praxtui.research.protocol import Brief, Draft, Failure, GivenUp, Outcome, Recorder, Reflection
from praxtui.research.words import reflection

_MARK = re.compile(r"  (#|//) unchanged variant \S+$")


class Null:
    """The `null` researcher: every draft differs from every other, and none makes a difference."""

    name = "null"
    exempt_from_novelty = True

    async def draft(self, brief: Brief, record: Recorder) -> Draft:
        """A mark at the end of a line of the first lever that can take one; raises GivenUp when none can."""
        attempt = len(brief.refusals)
        variant = f"{brief.experiment}.{attempt}" if attempt else brief.experiment
        path, text = _marked(brief.incumbent.levers, variant)
        record.stream("thought", f"{path}: a mark that changes nothing ({variant})")
        return Draft(
            title=f"nothing changed, variant {variant}",
            mechanism="none: any difference that is measured is noise",
            predicted="no difference",
            files={path: text},
            detail={"variant": variant},
        )

    async def repair(self, brief: Brief, failure: Failure, record: Recorder) -> Draft | None:
        """None: there is nothing to mend in a change of nothing."""
        return None

    async def reflect(self, brief: Brief, outcome: Outcome, record: Recorder) -> Reflection:
        """What was measured, though nothing was changed."""
        return reflection(outcome)


def _marked(levers: Mapping[str, str], variant: str) -> tuple[str, str]:
    reasons = []
    for path in sorted(levers):
        mark = _MARKS.get(PurePosixPath(path).suffix.lower())
        if mark is None:
            reasons.append(f"{path}: no mark is known that its format ignores")
            continue
        marked = mark(levers[path], variant)
        if marked is not None and marked != levers[path]:
            return path, marked
        reasons.append(f"{path}: no line can take a mark safely")
    valid = ", ".join(sorted(_MARKS))
    raise GivenUp(f"null changes nothing in {'; '.join(reasons) or 'no lever'}; files that it can mark: {valid}")


def _last_line(text: str, add: Callable[[str], str]) -> str | None:
    """`text` with `add` applied to the content of its last line that is not blank; None for a blank text."""
    lines = text.splitlines(keepends=True)
    for number in range(len(lines) - 1, -1, -1):
        content = lines[number].rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
        if content.strip():
            lines[number] = add(content) + lines[number][len(content) :]
            return "".join(lines)
    return None


def _comment(text: str, variant: str, sign: str) -> str | None:
    return _last_line(text, lambda line: f"{_MARK.sub('', line)}  {sign} unchanged variant {variant}")


def _blanks(text: str, variant: str) -> str | None:
    """The variant's name in blanks and tabs (one for each bit) at the end of the last line with content."""
    bits = "".join(f"{byte:08b}" for byte in variant.encode())
    return _last_line(text, lambda line: line.rstrip(" \t") + bits.replace("0", " ").replace("1", "\t"))


def _python(text: str, variant: str) -> str | None:
    marked = _comment(text, variant, "#")
    return marked if marked is not None and _tokens(marked) == _tokens(text) is not None else None


def _tokens(text: str) -> list[tuple[int, str]] | None:
    """The tokens that mean something to Python; None for a text that is no Python."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER}
    try:
        found = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return None
    return [(token.type, token.string) for token in found if token.type not in silent]


def _yaml(text: str, variant: str) -> str | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    # a comment at the end of a block scalar would be content: only what reads the same is void
    marked = _comment(text, variant, "#")
    try:
        same = marked is not None and [*YAML(typ="safe", pure=True).load_all(marked)] == [
            *YAML(typ="safe", pure=True).load_all(text)
        ]
    except YAMLError:
        return None
    return marked if same else None


def _toml(text: str, variant: str) -> str | None:
    import tomllib

    marked = _comment(text, variant, "#")
    try:
        return marked if marked is not None and tomllib.loads(marked) == tomllib.loads(text) else None
    except tomllib.TOMLDecodeError:
        return None


def _json(text: str, variant: str) -> str | None:
    marked = _blanks(text, variant)
    try:
        return marked if marked is not None and json.loads(marked) == json.loads(text) else None
    except ValueError:
        return None


def _slashes(text: str, variant: str) -> str | None:
    """For languages with `//` comments: no string or comment is still open at the end of a file that compiles."""
    last = text.rstrip().rsplit("\n", 1)[-1]
    return None if last.endswith("\\") else _comment(text, variant, "//")


_MARKS: dict[str, Callable[[str, str], str | None]] = {
    ".py": _python,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".toml": _toml,
    ".json": _json,
    ".md": _blanks,
    ".txt": _blanks,
    **dict.fromkeys((".c", ".cc", ".cpp", ".cu", ".cuh", ".h", ".hpp", ".js", ".ts", ".rs", ".go"), _slashes),
}
