"""Asking a model until it answers: what is retried, waited out, paid for and shown on the way."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from praxtui.research.llm import catalog, prices, provider, providers, schema_reply
from praxtui.research.llm.attempt import Heard, listen
from praxtui.research.llm.coalesce import Coalescer
from praxtui.research.llm.credentials import Credentials, Keys
from praxtui.research.llm.faults import Fault
from praxtui.research.llm.purse import Purse
from praxtui.research.llm.rota import Choice, Rota
from praxtui.research.llm.turns import ContentRefused, ContextTooLong, Message, Part, Reply, Tool
from praxtui.research.protocol import Desk, NotAllowed, OutOfBudget, Usage
from praxtui.settings import ModelSettings, Prices

FIRST, FIRST_THINKING = 120.0, 300.0  # seconds


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is asked; see `Model.ask`."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    schema: dict[str, Any] | None = None
    max_output: int
    what: str


class Models:
    """A list of models behind one question: the first is asked, the others stand in for it while it is down.

    `names` are LiteLLM's (`anthropic/claude-...`), at least one. `keys` is asked before every call, so that a key that
    is set later is found. `now` and `sleep` are the clock of waits between calls. One object serves one event loop.
    """

    def __init__(
        self, names: Sequence[str], keys: Keys, settings: Mapping[str, ModelSettings] | None = None, *,
        now: Callable[[], float] = time.monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: random.Random | None = None,
    ) -> None:  # fmt: skip
        self._settings = {providers.with_provider(name): said for name, said in (settings or {}).items()}
        self._rota = Rota([providers.with_provider(name) for name in names], keys, now, chance or random.Random())
        self._now = now
        self._sleep = sleep
        self._purse = Purse()
        self._listed: dict[str, Mapping[str, Any] | None] = {}
        self._toolless: set[str] = set()
        self._warm = False
        self._waits: str | None = None

    async def warm(self) -> None:
        """Load what a first call would have to wait for. Raises RequirementMissing where LiteLLM is not usable."""
        if not self._warm:
            await provider.load()
            self._listed = await asyncio.to_thread(lambda: {m: catalog.listed(m) for m in self._rota.models})
            self._warm = True

    async def close(self) -> None:
        """Close what connections are kept open, when nothing will be asked any more."""
        await provider.close()

    # --- what is known of the model of now --------------------------------------------------------------------------

    @property
    def window(self) -> int | None:
        """Tokens that the model of now can read and write together; None where nobody knows."""
        model = self._rota.current
        return self._set(model).window or self._number(model, "max_input_tokens")

    @property
    def native_tools(self) -> bool:
        """Whether the model of now takes tools."""
        return self._native(self._rota.current)

    def _native(self, model: str) -> bool:
        said = self._set(model).tools
        if said != "auto":
            return said == "native"
        if model in self._toolless:
            return False
        known = (self._listed.get(model) or {}).get("supports_function_calling")
        return known is not False

    def _thinks(self, model: str) -> bool:
        return bool((self._listed.get(model) or {}).get("supports_reasoning"))

    def _base(self, model: str, credentials: Credentials | None = None) -> str | None:
        found = credentials or self._rota.credentials(model)
        return (found.params.get("api_base") if found else None) or self._set(model).api_base

    def _set(self, model: str) -> ModelSettings:
        return self._settings.get(model) or ModelSettings()

    def _number(self, model: str, name: str) -> int | None:
        found = (self._listed.get(model) or {}).get(name)
        return int(found) if isinstance(found, (int, float)) and found > 0 else None

    def prices(self, model: str, credentials: Credentials | None = None, prompt: int = 0) -> Prices | None:
        """The prices of a model for a prompt of `prompt` tokens; None where nobody knows them."""
        base = self._base(model, credentials)
        return prices.known(model, self._set(model).prices, self._listed.get(model), base, prompt)

    # --- asking -----------------------------------------------------------------------------------------------------

    async def ask(
        self, messages: Sequence[Message], desk: Desk, *, tools: Sequence[Tool] = (),
        schema: dict[str, Any] | None = None, max_output: int = 8192, what: str = "draft",
    ) -> Reply:  # fmt: skip
        """One answer, whatever it takes. Raises OutOfBudget, ContextTooLong, ContentRefused.

        Unless `warm` was called before, it may raise RequirementMissing.
        """
        await self.warm()
        question = Question(
            messages=tuple(messages), tools=tuple(tools), schema=schema, max_output=max_output, what=what
        )  # fmt: skip
        try:
            while True:
                choice, credentials = await self._turn(desk)
                try:
                    reply = await self._ask(choice.model, credentials, question, desk)
                except Fault as caught:
                    fault = caught
                else:
                    self._rota.well(choice.model)
                    return reply
                if fault.kind == "no_tools" and question.tools and choice.model not in self._toolless:
                    self._toolless.add(choice.model)
                    desk.stream("fault", f"{fault.line}; asked for JSON replies from here on")
                    continue
                if fault.policy.then == "raise":
                    desk.stream("fault", fault.line)
                    break
                done = self._rota.failed(choice.model, credentials, fault, self._payable(desk))
                desk.stream("fault", f"{fault.line}; {done}")
        finally:
            self._waited(desk)
        raise ContextTooLong(fault.line) if fault.kind == "too_long" else ContentRefused(fault.line)

    async def _turn(self, desk: Desk) -> tuple[Choice, Credentials]:
        """Whose turn it is, once it is."""
        while True:
            choice = self._rota.choose(self._payable(desk))
            if choice.wait <= 0 and choice.credentials is not None:
                return choice, choice.credentials
            if self._waits not in (None, choice.cause):
                self._waited(desk)
            desk.waiting(choice.cause, choice.reason)
            self._waits = choice.cause
            await self._sleep(choice.pause)

    def _waited(self, desk: Desk) -> None:
        if self._waits is not None:
            desk.waited(self._waits)
            self._waits = None

    def _payable(self, desk: Desk) -> Collection[str]:
        """The models that may be asked: under a limit of USD alone, those whose price is known. Or OutOfBudget."""
        usd, tokens = desk.left()
        if usd is None or tokens is not None:
            return self._rota.models
        known = [model for model in self._rota.models if self._affordable(model)]
        if not known:
            models = ", ".join(self._rota.models)
            raise OutOfBudget(f"nobody knows the price of {models}, and USD are limited: give prices, or limit tokens")
        return known

    def _affordable(self, model: str) -> bool:
        return self.prices(model, self._rota.credentials(model)) is not None

    async def _ask(self, model: str, credentials: Credentials, question: Question, desk: Desk) -> Reply:
        """One call of one model, gated and booked. Raises Fault, OutOfBudget."""
        said = self._set(model)
        as_json = bool(question.tools) and not self._native(model)
        put = in_json(question) if as_json else question
        limit = min(filter(None, (put.max_output, said.max_output or self._number(model, "max_output_tokens"))))
        prompt = prices.prompt_tokens(put.messages, put.tools, put.schema)
        flagged = provider.flags_cache(model)
        estimate = prices.estimate(self.prices(model, credentials, prompt), prompt, limit, flagged=flagged)
        shown = Coalescer(desk.stream, self._now)
        heard = Heard(shown)
        first = said.limits.first or (FIRST_THINKING if self._thinks(model) else FIRST)
        with self._purse.reserved(desk, estimate):
            try:
                await listen(
                    heard, model, put.messages, credentials, tools=put.tools, schema=put.schema, max_output=limit,
                    extra=said.extra, first=first, between=said.limits.between, total=said.limits.total,
                    alive=lambda: self._waited(desk),
                )  # fmt: skip
            finally:
                # Also a call that was cancelled or broke off is paid for.
                shown.flush()
                usage = self._book(model, credentials, heard, prompt, desk, question.what)
        reply = heard.reply(provider.name_of(model), usage, f"call_{len(put.messages)}")
        return with_calls(reply, len(put.messages)) if as_json else reply

    def _book(
        self, model: str, credentials: Credentials, heard: Heard, prompt: int, desk: Desk, what: str
    ) -> Usage:  # fmt: skip
        counted = heard.used(prompt)
        if counted is None:
            return Usage(model=model)
        usd = prices.usd(self.prices(model, credentials, counted.prompt), counted)
        usage = Usage(model=model, prompt=counted.prompt, cached=counted.cached, output=counted.output, usd=usd)
        desk.spend(usage, what)
        return usage


def in_json(question: Question) -> Question:
    """The same question for a model that takes no tools, standing in for one that does."""
    told = Message(role="user", parts=(Part(schema_reply.describe(question.tools)),))
    spoken = schema_reply.spoken([*question.messages, told])
    schema = schema_reply.schema(question.tools)
    return msgspec.structs.replace(question, messages=tuple(spoken), tools=(), schema=schema)


def with_calls(reply: Reply, turn: int) -> Reply:
    """A reply of JSON text with the calls in it; as it is where there are none."""
    try:
        return msgspec.structs.replace(reply, calls=schema_reply.calls(reply.text, turn), finish="tools")
    except NotAllowed:
        return reply
