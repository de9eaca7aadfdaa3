"""Regular expressions that cannot hang: matched in time by the length of a line and of the pattern, never more.

Python's own matcher backtracks, takes years for patterns such as `(a+)+$`, and cannot be interrupted. This one follows
all ways at once (Thompson 1968) and remembers what it saw. It takes what such a matcher can: literals, `.`, classes,
groups, alternatives, `* + ? {m,n}` in both tempers, `^ $ \\A \\Z \\b \\B`, `(?i)` in front; no lookaround, no back
references. It says whether a line matches, which is all that a search by lines needs.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import reduce
from typing import NamedTuple

from praxtui.research.protocol import NotAllowed

LONGEST = 300
"""Characters that a pattern may have."""
STATES = 800
"""Steps that it may be made of, its counted repetitions written out."""
_REMEMBERED = 2000

Test = Callable[[str], bool]
Part = Callable[[int], int]
_CLASSES: dict[str, Test] = {
    "d": str.isdecimal,
    "D": lambda c: not c.isdecimal(),
    "s": str.isspace,
    "S": lambda c: not c.isspace(),
    "w": lambda c: c.isalnum() or c == "_",
    "W": lambda c: not (c.isalnum() or c == "_"),
}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_PLACES = {"A": "^", "Z": "$", "b": "b", "B": "B"}
_REPEATS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_ANY: Test = "\n".__ne__
_COUNT = re.compile(r"\{([0-9]*)(,?)([0-9]*)\}")
_NAME = re.compile(r"\?P<\w+>")
_OCTAL = re.compile("[0-7]{1,3}")
_UNSUPPORTED = "lookaround, back references, possessive repetition and flags but a leading (?i) are not supported"


class Node(NamedTuple):
    """A step: `test` a character and go on, or go on both ways (`split`), or only where `at` holds; or the end."""

    kind: str
    test: Test = bool
    at: str = ""
    ways: tuple[int, ...] = ()


class State:
    """The steps that may come next and what kind of character was before; `then`: where characters seen so far lead."""

    __slots__ = ("before", "steps", "then")

    def __init__(self, steps: frozenset[int], before: str) -> None:
        self.steps = steps
        self.before = before
        self.then: dict[str, State | None] = {}


class Pattern:
    """A compiled pattern. `literal`: why it is no regular expression and is looked for as plain text; else empty.

    Raises NotAllowed where it can be neither.
    """

    def __init__(self, pattern: str) -> None:
        if not 0 < len(pattern) <= LONGEST:
            raise NotAllowed(f"the pattern must have 1 to {LONGEST} characters, not {len(pattern)}")
        self.text = pattern
        self.literal = _no_pattern(pattern)
        try:
            self._nodes, start = _Parser(re.escape(pattern) if self.literal else pattern).parsed()
        except RecursionError as error:
            raise NotAllowed("the pattern is nested too deep") from error
        self._known: dict[tuple[frozenset[int], str], State] = {}
        self._start = start
        self._first = self._state(frozenset([start]), "start")

    def search(self, line: str) -> bool:
        """Whether the pattern matches anywhere in a line, which is taken without its end."""
        if self.literal:
            return self.text in line
        state = self._first
        for character in line:
            try:
                after = state.then[character]
            except KeyError:
                after = self._next(state, character)
            if after is None:
                return True
            state = after
        return self._next(state, "") is None

    def _state(self, steps: frozenset[int], before: str) -> State:
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        return self._known.setdefault((steps, before), State(steps, before))

    def _next(self, state: State, character: str) -> State | None:
        """Where one character leads, empty being the end of the line; None where a match was complete before it."""
        if character in state.then:
            return state.then[character]
        after = _kind(character)
        found = {self._start}  # a match may begin at every character
        todo, reached = list(state.steps), set(state.steps)
        complete = False
        while todo and not complete:
            node = self._nodes[todo.pop()]
            complete = node.kind == "end"
            if node.kind == "test":
                if character and node.test(character):
                    found.add(node.ways[0])
            elif node.kind == "split" or _holds(node.at, state.before, after):
                fresh = [way for way in node.ways if way not in reached]
                reached.update(fresh)
                todo += fresh
        state.then[character] = None if complete else self._state(frozenset(found), after)
        return state.then[character]


def _kind(character: str) -> str:
    return "end" if not character else "word" if _CLASSES["w"](character) else "other"


def _holds(at: str, before: str, after: str) -> bool:
    if at == "^":
        return before == "start"
    if at == "$":
        return after == "end"
    return ((before == "word") != (after == "word")) == (at == "b")


def _no_pattern(pattern: str) -> str:
    """Why a pattern is no regular expression, or empty."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return ""


class _Parser:
    """Reads a pattern that Python's compiler took, into steps.

    What it reads is a `Part`: given the number of the step after it, it adds its own steps and gives the first one's.
    """

    def __init__(self, pattern: str) -> None:
        self._fold = pattern.startswith("(?i)")
        self._text = pattern[4:] if self._fold else pattern
        self._at = 0
        self._nodes: list[Node] = []

    def parsed(self) -> tuple[list[Node], int]:
        """The steps, and the number of the first."""
        part = self._alternatives()
        return self._nodes, part(self._add(Node("end")))

    def _add(self, node: Node) -> int:
        if len(self._nodes) >= STATES:
            raise NotAllowed("the pattern is too large: it repeats too much by number")
        self._nodes.append(node)
        return len(self._nodes) - 1

    def _take(self, text: str) -> bool:
        if not self._text.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _one(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _alternatives(self) -> Part:
        ways = [self._sequence()]
        while self._take("|"):
            ways.append(self._sequence())
        if len(ways) == 1:
            return ways[0]
        return lambda after: self._add(Node("split", ways=tuple(way(after) for way in ways)))

    def _sequence(self) -> Part:
        parts: list[Part] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            parts.append(self._repeated(self._atom()))
        return lambda after: reduce(lambda following, part: part(following), reversed(parts), after)

    def _repeated(self, part: Part) -> Part:
        count = _COUNT.match(self._text, self._at)
        if self._at < len(self._text) and self._text[self._at] in _REPEATS:
            least, most = _REPEATS[self._one()]
        elif count and (count[1] or count[2]):
            self._at = count.end()
            least = int(count[1] or 0)
            most = least if not count[2] else int(count[3]) if count[3] else None
        else:
            return part
        if self._take("+"):
            raise NotAllowed(_UNSUPPORTED)
        self._take("?")  # which one of several matches is found makes no difference here
        return lambda after: self._some(part, least, most, after)

    def _some(self, part: Part, least: int, most: int | None, after: int) -> int:
        if max(least, most or 0) > STATES:
            raise NotAllowed("the pattern is too large: it repeats too much by number")
        first = after
        if most is None:
            first = self._add(Node("split"))
            self._nodes[first] = Node("split", ways=(part(first), after))
        for _ in range((most or least) - least):
            first = self._add(Node("split", ways=(part(first), after)))
        for _ in range(least):
            before = part(first)
            if before == first:  # nothing, however often
                break
            first = before
        return first

    def _atom(self) -> Part:
        character = self._one()
        if character == "(":
            return self._group()
        if character == "[":
            return self._tested(self._class())
        if character == "\\":
            return self._escape()
        if character in "^$":
            return self._placed(character)
        return self._tested(_ANY if character == "." else self._literal(character))

    def _tested(self, test: Test) -> Part:
        return lambda after: self._add(Node("test", test=test, ways=(after,)))

    def _placed(self, at: str) -> Part:
        return lambda after: self._add(Node("at", at=at, ways=(after,)))

    def _group(self) -> Part:
        name = _NAME.match(self._text, self._at)
        if name:
            self._at = name.end()
        elif not self._take("?:") and self._text.startswith("?", self._at):
            raise NotAllowed(_UNSUPPORTED)
        inner = self._alternatives()
        self._take(")")
        return inner

    def _escape(self) -> Part:
        character = self._text[self._at]
        if character in _PLACES:
            self._at += 1
            return self._placed(_PLACES[character])
        if character in _CLASSES:
            self._at += 1
            return self._tested(_CLASSES[character])
        if character in "123456789":
            raise NotAllowed(_UNSUPPORTED)
        return self._tested(self._literal(self._character()))

    def _character(self) -> str:
        """The character that an escape stands for; its backslash is taken already."""
        first = self._one()
        digits = {"x": 2, "u": 4, "U": 8}.get(first, 0)
        if digits:
            self._at += digits
            return chr(int(self._text[self._at - digits : self._at], 16))
        octal = _OCTAL.match(self._text, self._at - 1)
        if octal:
            self._at = octal.end()
            return chr(int(octal[0], 8))
        if first == "N":
            raise NotAllowed("characters by name are not supported")
        return _CONTROLS.get(first, first)

    def _literal(self, character: str) -> Test:
        return self._between(character, character)

    def _between(self, low: str, high: str) -> Test:
        if self._fold:
            return lambda c: any(low <= each <= high for each in (c, c.lower(), c.upper()))
        return lambda c: low <= c <= high

    def _class(self) -> Test:
        negated = self._take("^")
        tests: list[Test] = []
        while not tests or self._text[self._at] != "]":
            low = self._member()
            if not isinstance(low, str):
                tests.append(low)
                continue
            high: str | Test = low
            if self._text[self._at] == "-" and self._text[self._at + 1] != "]":
                self._at += 1
                high = self._member()
            assert isinstance(high, str)  # the compiler refuses anything else as the end of a range
            tests.append(self._between(low, high))
        self._at += 1
        return lambda c: any(test(c) for test in tests) != negated

    def _member(self) -> str | Test:
        """The next character of a class, or the test of a class inside it, such as `\\d`."""
        if not self._take("\\"):
            return self._one()
        named = self._text[self._at]
        if named in _CLASSES or named == "b":
            self._at += 1
            return _CLASSES.get(named, "\b")
        return self._character()
