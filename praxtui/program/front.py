"""The front matter of `program.md` as a tree whose every value knows its line and its place in the text."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

_FENCED = re.compile(
    r"\A(\ufeff?---[ \t]*(?:#[^\n]*)?\r?\n)(.*?)^---[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)
_SKIPPED = 1
"""Lines before the YAML: the opening fence."""


class Malformed(Exception):
    """Front matter that is not there or not YAML. `line` is 1-based in the file, `found` says what is wrong."""

    def __init__(self, found: str, line: int) -> None:
        super().__init__(found)
        self.found = found
        self.line = line


class NoFrontMatter(Malformed):
    """A file that does not begin with a `---` line and a second one that closes the block."""


class Item(Struct, frozen=True):
    """A YAML value. `start` and `end` are its span in the YAML text; `line` is 1-based in the file.

    A mapping has `entries` (duplicates included), a sequence has `items`; `flow` is True for `{...}` and `[...]`.
    """

    value: Any
    line: int
    start: int
    end: int
    entries: tuple[Entry, ...] | None = None
    items: tuple[Item, ...] | None = None
    flow: bool = False


class Entry(Struct, frozen=True):
    """A key of a mapping, as written, with its value; `start` to `end` is the key's span, `column` is 0-based."""

    key: str
    line: int
    column: int
    start: int
    end: int
    item: Item


def split(text: str) -> tuple[str, str, str, str]:
    """Opening fence, YAML, closing fence and prose: together exactly `text`. Raises NoFrontMatter."""
    found = _FENCED.match(text)
    if not found:
        opened = re.match(r"\ufeff?---[ \t]*(#[^\n]*)?\r?\n", text)
        reason = "the front matter that begins here is not closed by a line `---`" if opened else "no front matter"
        raise NoFrontMatter(reason, 1)
    return text[: found.end(1)], found[2], text[found.end(2) : found.end()], text[found.end() :]


def tree(yaml: str) -> Item:
    """The YAML text of a front matter as a tree; an empty text is an empty mapping. Raises Malformed."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    reader = YAML(typ="safe", pure=True)
    try:
        node = reader.compose(yaml)
        if node is None:
            return Item(value={}, line=_SKIPPED + 1, start=0, end=0, entries=())
        return _Builder(reader.constructor).item(node)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        if "'\\t'" in said:
            said += "; indent with spaces"
        raise Malformed(f"not valid YAML: {said or error}", (mark.line if mark else 0) + 1 + _SKIPPED) from None
    except YAMLError as error:
        position = getattr(error, "position", 0)
        said = str(getattr(error, "reason", "") or error).splitlines()[0]
        raise Malformed(f"not valid YAML: {said}", yaml.count("\n", 0, position) + 1 + _SKIPPED) from None
    except RecursionError:
        raise Malformed("not valid YAML: nested too deeply", 1 + _SKIPPED) from None
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        # ruamel lets Python's own errors through for a few malformed scalars and directives.
        raise Malformed(f"not valid YAML: {error}", 1 + _SKIPPED) from None


class _Builder:
    """Turns composed nodes into items. Aliases share one item, and a node that holds itself is refused."""

    def __init__(self, constructor: Any) -> None:
        self.constructor = constructor
        self.built: dict[int, Item | None] = {}

    def item(self, node: Any) -> Item:
        if id(node) in self.built:
            done = self.built[id(node)]
            if done is None:
                raise Malformed("not valid YAML: a value that contains itself", node.start_mark.line + 1 + _SKIPPED)
            return done
        self.built[id(node)] = None
        made = self.built[id(node)] = self._made(node)
        return made

    def _made(self, node: Any) -> Item:
        at = {"line": node.start_mark.line + 1 + _SKIPPED, "start": node.start_mark.index, "end": node.end_mark.index}
        if node.id == "mapping":
            entries = tuple(self._entry(key, value) for key, value in node.value)
            value = {entry.key: entry.item.value for entry in entries}
            return Item(value=value, entries=entries, flow=bool(node.flow_style), **at)
        if node.id == "sequence":
            items = tuple(map(self.item, node.value))
            return Item(value=[item.value for item in items], items=items, flow=bool(node.flow_style), **at)
        return Item(value=self.constructor.construct_object(node), **at)

    def _entry(self, key: Any, value: Any) -> Entry:
        mark = key.start_mark
        if key.id != "scalar":
            raise Malformed("not valid YAML: a key must be a word", mark.line + 1 + _SKIPPED)
        at = {"line": mark.line + 1 + _SKIPPED, "column": mark.column, "start": mark.index, "end": key.end_mark.index}
        # The word as written: a constant called ON or NO is a name, whatever YAML would make of it.
        return Entry(key=str(key.value), item=self.item(value), **at)
