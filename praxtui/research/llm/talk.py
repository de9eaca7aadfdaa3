"""One conversation with a model: what it is shown, what it asks for, how much of both its window still holds."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from praxtui.research.llm import schema_reply
from praxtui.research.llm.brief import tokens
from praxtui.research.llm.transcript import Transcript
from praxtui.research.llm.turns import ContextTooLong, Message, Model, Part, Reply, Tool, ToolCall
from praxtui.research.protocol import Desk, NotAllowed

MAX_OUTPUT = 8192
ANSWER_CHARACTERS = 16_000
# The latest answers, which the next step most likely builds on, stay whole.
KEPT_ANSWERS = 3
LEFT_OUT = "[left out: read it again if needed]"
# What a provider adds around a message, in tokens, at most.
AROUND = 8

IDLE = "Your reply used no tool. Go on by using one; submit() hands in, give_up(reason) ends this without a result."
CUT = "Your reply was cut off after {tokens} tokens. Be brief, and make a large edit in several small ones."
NATIVE_NOW = "From here on, use your tools by calling them; no more replies of JSON text."


class Manner:
    """How a model wants to be asked, kept from one conversation to the next.

    `ignores_tools` names the model that was seen to answer without its tools again and again; it gets JSON replies.
    """

    def __init__(self) -> None:
        self.ignores_tools: str | None = None

    def native(self, model: Model) -> bool:
        """Whether the model of now is to be given native tools."""
        return model.native_tools and self.ignores_tools is None


class Talk:
    """The messages of one conversation, as they grow. `messages` are the first ones: the system's and the brief.

    `of_use` are those of the tools that this conversation is for; a reply in JSON can be of no other. All are offered
    all the same: with one list for every conversation, a prompt begins as the one before it, and is read from a cache.
    A model without tool calling is told of its tools in the system prompt by whoever writes that; where it changes
    midway, it is told here.
    """

    def __init__(
        self, model: Model, desk: Desk, messages: Sequence[Message], tools: Sequence[Tool], *, what: str,
        manner: Manner, of_use: Sequence[Tool] = (),
    ) -> None:  # fmt: skip
        self._model = model
        self._desk = desk
        self._tools = tuple(tools)
        self._of_use = tuple(of_use) or self._tools
        self._what = what
        self._manner = manner
        self._messages = list(messages)
        self._sizes = [size(message) for message in messages]
        self._offered = offered(tools)
        self._native = manner.native(model)
        self._turn = 0
        self._ids: set[str] = set()
        self.transcript = Transcript(desk, what)
        self.transcript.prompt(messages, self._tools if self._native else ())

    @property
    def limit(self) -> int:
        """Tokens that one reply may have."""
        return longest_reply(self._model.window)

    async def ask(self) -> Reply:
        """The model's next reply. Raises ContextTooLong where even without old answers the prompt is too long."""
        self._keep_manner()
        self._fit()
        began = time.monotonic()
        try:
            reply = await self._ask()
        except ContextTooLong:
            if not self._leave_out(0, 1):
                raise
            reply = await self._ask()
        self._turn += 1
        self.transcript.replied(reply, time.monotonic() - began)
        if self._manner.ignores_tools not in (None, reply.usage.model):
            self._manner.ignores_tools = None
        return reply

    async def _ask(self) -> Reply:
        if self._native:
            return await self._model.ask(
                self._messages, self._desk, tools=self._tools, max_output=self.limit, what=self._what
            )
        return await self._model.ask(
            schema_reply.spoken(self._messages),
            self._desk,
            schema=schema_reply.schema(self._of_use),
            max_output=self.limit,
            what=self._what,
        )

    def calls(self, reply: Reply) -> tuple[ToolCall, ...]:
        """Take a reply into the conversation; the calls in it. Where there are none, the model is told how to go on."""
        calls, complaint = reply.calls, IDLE
        if not calls and not self._native:
            try:
                calls = schema_reply.calls(reply.text, self._turn)
            except NotAllowed as malformed:
                complaint = malformed.reason
        calls = tuple(self._named(call) for call in calls)
        # Providers refuse messages without content.
        said = (Part(reply.text or "(nothing)"),) if reply.text or not calls else ()
        self._add(Message(role="assistant", parts=said, calls=calls, opaque=reply.opaque))
        if reply.finish == "length":
            complaint = CUT.format(tokens=reply.usage.output or self.limit)
        if not calls:
            self.tell(complaint)
        return calls

    def _named(self, call: ToolCall) -> ToolCall:
        """The call under an id that no other one of this conversation has; some servers count anew in each reply."""
        name = call.id or "call"
        while name in self._ids:
            name = f"{name}-{self._turn}"
        self._ids.add(name)
        return msgspec.structs.replace(call, id=name)

    def answer(self, call: ToolCall, text: str) -> None:
        """Give the model the answer to a call, bounded."""
        shown = bounded(text, min(ANSWER_CHARACTERS, (self._model.window or 2 * ANSWER_CHARACTERS) // 2))
        self.transcript.answered(call, shown)
        self._add(Message(role="tool", parts=(Part(shown),), call_id=call.id, name=call.name))

    def tell(self, text: str) -> None:
        """Tell the model something that it did not ask for."""
        self.transcript.told(text)
        self._add(Message(role="user", parts=(Part(text),)))

    def give_json(self, model: str) -> bool:
        """Turn to JSON replies, since `model` does not use the tools it has; False where it has none."""
        if not self._native:
            return False
        self.transcript.fault(f"{model} answers without using its tools: asked for JSON replies from here on")
        self._manner.ignores_tools = model
        return True

    def _keep_manner(self) -> None:
        """Follow a change of model, or of how this one is asked, and tell whoever answers next."""
        native = self._manner.native(self._model)
        if native != self._native:
            self._native = native
            self.tell(NATIVE_NOW if native else schema_reply.describe(self._tools))

    def _add(self, message: Message) -> None:
        self._messages.append(message)
        self._sizes.append(size(message))

    def _fit(self) -> None:
        """Leave out old answers where the next prompt would not fit into the window; raises ContextTooLong."""
        if self._model.window is None:
            return
        room = self._model.window - self.limit - (self._offered if self._native else 0)
        if sum(self._sizes) <= room:
            return
        # some way below: each time that old messages change, what a provider keeps of the prompt is lost
        self._leave_out(room * 4 // 5, KEPT_ANSWERS)
        if sum(self._sizes) > room:
            self._leave_out(room, 1)
        if sum(self._sizes) > room:
            raise ContextTooLong

    def _leave_out(self, room: int, kept: int) -> bool:
        """Leave out answers but the last `kept`, oldest first, until `room` tokens hold all; False where none went."""
        old = [n for n, message in enumerate(self._messages) if message.role == "tool"][:-kept]
        gone = []
        for n in old:
            if sum(self._sizes) <= room:
                break
            shorter = msgspec.structs.replace(self._messages[n], parts=(Part(LEFT_OUT),))
            if size(shorter) < self._sizes[n]:
                self._messages[n], self._sizes[n] = shorter, size(shorter)
                gone.append(shorter.call_id or "")
        if gone:
            self.transcript.left_out(gone)
        return bool(gone)


def longest_reply(window: int | None) -> int:
    """Tokens that one reply of a model with this window may have."""
    return MAX_OUTPUT if window is None else min(MAX_OUTPUT, max(256, window // 4))


def offered(tools: Sequence[Tool]) -> int:
    """Tokens that a provider makes of these tools."""
    return sum(tokens.count(msgspec.json.encode(tool).decode()) for tool in tools)


def size(message: Message) -> int:
    """Tokens of a message, rather too many than too few."""
    called = sum(tokens.count(call.name + call.arguments) + AROUND for call in message.calls)
    hidden = sum(tokens.count(msgspec.json.encode(block).decode()) for block in message.opaque)
    return AROUND + tokens.count(message.text) + called + hidden


def bounded(text: str, limit: int) -> str:
    """A text of at most about `limit` characters, the middle left out and said so; nothing in it that is no Unicode."""
    # files may hold bytes that are no text, which come here as lone surrogates; no wire protocol takes those
    text = text.encode("utf-8", "replace").decode()
    if len(text) <= limit:
        return text
    tail = limit // 4
    gone = len(text) - limit
    return f"{text[: limit - tail]}\n[{gone} characters left out: ask for less at once]\n{text[-tail:]}"
