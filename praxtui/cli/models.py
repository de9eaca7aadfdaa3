"""`praxtui models`: the language models within reach, what each costs, and where its key is from."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from threading import Thread
from typing import Any

from msgspec import Struct

from praxtui import settings
from praxtui.cli.text import print_json
from praxtui.errors import DONE, MISSING
from praxtui.journal.shown import count, plain
from praxtui.research.llm import catalog, providers, servers
from praxtui.research.llm.credentials import KeysMissing
from praxtui.research.llm.keys import Keys, keys_file

FEW = 4
NAME = 38  # columns
ABOUT = """\
JSON: {"models": [...], "servers": [{"kind", "address", "models"}],
"providers": {name: where its key is from}}. A model is
{"name", "from": "settings|key|server|check", "usable", "missing": [what to
set], "keys": {variable: "environment|file|keyring"}, "context": tokens,
"price_input", "price_cached", "price_output": USD for a million tokens, null
where unknown, "tools": true, false or null, "check": null or {"ok", "seconds",
"said"}}. `praxtui help models` explains names and keys."""


class Row(Struct, frozen=True, kw_only=True, rename={"origin": "from"}):
    """One model; the help of this verb documents its JSON."""

    name: str
    origin: str
    usable: bool
    missing: tuple[str, ...] = ()
    keys: dict[str, str] = {}
    context: int | None = None
    price_input: float | None = None
    price_cached: float | None = None
    price_output: float | None = None
    tools: bool | None = None
    check: dict[str, Any] | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = ABOUT
    parser.add_argument("--json", action="store_true", help="one JSON document to stdout, and nothing else there")
    parser.add_argument("--check", nargs="+", metavar="MODEL", help="ask each of these for one word, a real call")


def run(args: argparse.Namespace) -> int:
    """Exit code 3 where a model that was to be checked does not answer."""
    said = settings.read()
    keys = Keys(os.environ, said)
    keys.check()
    if args.check:
        return _check([providers.whole_name(name) for name in args.check], keys, as_json=args.json)
    asking = Thread(target=lambda: keys.warm(f"{name}/any" for name in providers.PROVIDERS), daemon=True)
    asking.start()
    there = servers.found(keys)
    asking.join()
    rows = list(_rows(said, keys, there))
    signed_in = {name: keys.origins(f"{name}/any") for name in _signed_in(keys)}
    if args.json:
        print_json({"models": rows, "servers": there, "providers": signed_in})
    else:
        print("\n".join(_page(rows, there, signed_in)))
    return DONE


def _signed_in(keys: Keys) -> list[str]:
    """The providers whose key is there, of two names for the same the first."""
    names = {id(about): name for name, about in reversed(providers.PROVIDERS.items()) if about.ways and keys.has(name)}
    return list(reversed(names.values()))


# --- what there is ---------------------------------------------------------------------------------------------------


def _rows(said: settings.Settings, keys: Keys, there: Sequence[servers.Server]) -> Iterator[Row]:
    """The models of the settings, a few of each provider whose key is there, those of local servers."""
    configured = [providers.with_provider(name) for name in (*said.models, *said.model)]
    for name in dict.fromkeys(configured):
        yield row(name, "settings", keys)
    for provider in _signed_in(keys):
        known = catalog.current(provider, FEW)
        yield from (row(model.name, "key", keys) for model in known if model.name not in configured)
    for server in there:
        for model in server.models:
            yield row(model.name, "server", keys, window=model.window)


def row(name: str, origin: str, keys: Keys, *, window: int | None = None, check: dict[str, Any] | None = None) -> Row:
    """What is known of a model."""
    base: str | None = None
    missing: tuple[str, ...] = ()
    try:
        base = keys.lookup(name).params.get("api_base")
    except KeysMissing as lacking:
        missing = lacking.names
    known = catalog.about(name, keys.said(name), base)
    cost = known.prices
    return Row(
        name=name,
        origin=origin,
        usable=not missing,
        missing=missing,
        keys=keys.origins(name),
        context=known.window or window,
        price_input=_rounded(cost.input if cost else None),
        price_cached=_rounded(cost.cached if cost else None),
        price_output=_rounded(cost.output if cost else None),
        tools=known.tools,
        check=check,
    )


def _rounded(price: float | None) -> float | None:
    """Without what the sum of many small prices leaves behind the comma."""
    return None if price is None else round(price, 6)


# --- what is shown ---------------------------------------------------------------------------------------------------


def _page(
    rows: Sequence[Row], there: Sequence[servers.Server], signed_in: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    if not signed_in and not any(one.usable for one in rows):
        yield from _empty(rows)
        return
    yield f"{'':<{NAME}}  {'context':>7}  {'input':>8}  {'output':>8}  tools"
    if any(one.origin == "settings" for one in rows):
        yield f"settings.toml ({settings.file()})"
        for one in rows:
            if one.origin == "settings":
                yield from _lines(one)
                if one.missing:
                    yield f"    no key: set {' or '.join(one.missing)}"
    for provider, found in signed_in.items():
        yield f"{provider}: {_where(found)}"
        listed = [one for one in rows if one.origin == "key" and one.name.startswith(f"{provider}/")]
        for one in listed:
            yield from _lines(one)
        if not listed:
            yield f"  {provider}/NAME, any of its models"
    for server in there:
        yield f"{server.kind} at {server.address}: no key needed" + ("" if server.models else "; it has no model")
        for one in rows:
            if one.origin == "server" and one.name in {model.name for model in server.models}:
                yield from _lines(one)
    yield ""
    yield "USD for a million tokens. Any other model of a provider will do, too, by the"
    yield "name that LiteLLM has for it:  praxtui run LEAF --model NAME"


def _where(keys: Mapping[str, str]) -> str:
    places = {"environment": "in the environment", "file": f"in {keys_file()}", "keyring": "in the keyring"}
    said = [f"{name} {places[origin]}" for name, origin in keys.items()]
    return ", ".join(said) or "signed in by a file of its own"


def _lines(one: Row) -> Iterator[str]:
    tools = {True: "yes", False: "no", None: "unknown"}[one.tools]
    name = plain(one.name)
    figures = (
        f"{count(one.context) if one.context else 'unknown':>7}  "
        f"{_usd(one.price_input):>8}  {_usd(one.price_output):>8}  {tools}"
    )
    if len(name) + 2 > NAME:
        yield f"  {name}"
        name = ""
    yield f"  {name:<{NAME - 2}}  {figures}"


def _usd(price: float | None) -> str:
    """A price for a million tokens."""
    if not price:
        return "unknown" if price is None else "free"
    return f"${price:.2f}" if price >= 0.0995 else f"${price:.2g}"


def _empty(rows: Sequence[Row]) -> Iterator[str]:
    yield "No language model is within reach: no key, and no server on this machine."
    for one in rows:
        yield f"  {plain(one.name)} of your settings: set {' or '.join(one.missing)}"
    yield ""
    yield "A key is looked for in the environment, in a file, in the keyring:"
    yield "  export ANTHROPIC_API_KEY=...    (OPENAI_API_KEY, GEMINI_API_KEY, ...)"
    yield f"  {keys_file()}    (lines NAME=value, chmod 600)"
    yield "  keyring set praxtui ANTHROPIC_API_KEY"
    yield "A server on this machine needs none: Ollama, vLLM, llama.cpp, LM Studio."
    yield ""
    yield "Without a model, praxtui run LEAF uses the researcher sweep: no key, no cost."


# --- the trial -------------------------------------------------------------------------------------------------------


def _check(models: Sequence[str], keys: Keys, *, as_json: bool) -> int:
    import asyncio

    from praxtui.research.llm.trial import try_all

    trials = asyncio.run(try_all(models, keys))
    if as_json:
        checks = [{"ok": one.ok, "seconds": one.seconds, "said": one.said} for one in trials]
        rows = [row(one.model, "check", keys, check=check) for one, check in zip(trials, checks, strict=True)]
        print_json({"models": rows, "servers": [], "providers": {}})
    else:
        for one in trials:
            how = f"answers in {one.seconds:.1f} s" if one.ok else "fails"
            print(f"{plain(one.model)}  {how}" + (f": {plain(one.said)}" if one.said else ""))
    return DONE if all(one.ok for one in trials) else MISSING
