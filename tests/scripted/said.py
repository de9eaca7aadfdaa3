"""What a play is asked and what it answers, in words of neither provider."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Wire = Literal["openai", "anthropic"]
Finish = Literal["stop", "tools", "length", "refused"]


@dataclass(frozen=True)
class Call:
    """A tool call; `arguments` is JSON text, broken where a play wants it so. The server makes up a missing `id`."""

    name: str
    arguments: str
    id: str = ""

    @classmethod
    def of(cls, name: str, **arguments: Any) -> Call:
        """A call with well-formed arguments."""
        return cls(name, json.dumps(arguments, ensure_ascii=False))

    @property
    def given(self) -> Any:
        """The arguments as a value; None where they are no JSON."""
        try:
            return json.loads(self.arguments or "{}", strict=False)
        except ValueError:
            return None


@dataclass(frozen=True)
class Turn:
    """One message of the conversation so far; `call_id` is the call that a `tool` message answers."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    calls: tuple[Call, ...] = ()
    call_id: str = ""


@dataclass(frozen=True)
class Offered:
    """A tool that the model may call."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request. `n` counts requests for an answer from 1; `schema` is the JSON schema that the reply must follow.

    `messages` are without the system's; `key` is the API key as sent.
    """

    wire: Wire
    n: int
    model: str
    key: str
    system: str
    messages: tuple[Turn, ...]
    tools: tuple[Offered, ...]
    schema: Mapping[str, Any] | None
    stream: bool
    body: Mapping[str, Any]

    @property
    def prompt(self) -> str:
        """What the model was told before it first spoke, without the system's text."""
        said: list[str] = []
        for message in self.messages:
            if message.role == "assistant":
                break
            said.append(message.text)
        return "\n".join(said)


@dataclass(frozen=True)
class Used:
    """What a reply used, in tokens. `prompt` are all that were read, `cached` and `written` (to the cache) of them."""

    prompt: int
    cached: int = 0
    written: int = 0
    output: int = 1


@dataclass(frozen=True, eq=False)
class Hold:
    """Stops the server before the `before`th event of a stream (0: before the first byte) until `release` is set.

    `reached` is set when it stands there. Closing the server, or a client that hangs up, releases it too.
    """

    before: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Said:
    """An answer. `finish` follows from the calls where it is None, `usage` is counted where it is None.

    `piece`: characters of one delta. `pause_s`: rest between events, for people who watch.
    """

    text: str = ""
    thinking: str = ""
    calls: tuple[Call, ...] = ()
    finish: Finish | None = None
    usage: Used | None = None
    piece: int = 24
    holds: tuple[Hold, ...] = ()
    pause_s: float = 0.0

    @property
    def finished(self) -> Finish:
        """Why it ends."""
        return self.finish or ("tools" if self.calls else "stop")


@dataclass(frozen=True)
class Fault:
    """An answer that is an error: an HTTP status and the error in the provider's own form.

    `kind` is OpenAI's `error.type`, `code` its `error.code`; Anthropic's `error.type` follows from the status, unless
    `kind` ends in `_error`. `page` is sent as HTML in place of the error.
    """

    status: int
    message: str
    kind: str = ""
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    page: str | None = None


@dataclass(frozen=True)
class Broken:
    """A good answer that breaks off after `after` events, by default in its middle.

    `how`: `reset` sends RST, `cut` closes in the middle of the body, `unfinished` ends the body properly but without
    the events that say so, `error` sends the provider's own error event. `silent` waits on `hold` and then cuts.
    """

    said: Said
    how: Literal["reset", "cut", "unfinished", "error", "silent"]
    after: int | None = None
    hold: Hold = field(default_factory=Hold)


@dataclass(frozen=True)
class Down:
    """The connection is dropped and new ones are refused, for `seconds` (None: until `Server.up`)."""

    seconds: float | None = None


Answer = Said | Fault | Broken | Down
Play = Callable[[Asked], Answer]
