"""Who proposes in a campaign that is to be started, and whether that can work: models, keys, prices, sandbox."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from praxtui import settings
from praxtui.errors import RequirementMissing, UserError, did_you_mean
from praxtui.journal.facts import Budgets
from praxtui.journal.shown import plain
from praxtui.program.spec import Program
from praxtui.research.llm import catalog, providers
from praxtui.research.llm.credentials import KeysMissing
from praxtui.research.llm.keys import Keys, how_to_set

RESEARCHERS = ("sweep", "null", "llm")


class Chosen(NamedTuple):
    """A researcher, and the models of `llm`, by LiteLLM's names; `note` is for the person once all else is in order."""

    researcher: str
    models: tuple[str, ...] = ()
    note: str = ""


def choose(researcher: str | None, models: Sequence[str]) -> Chosen:
    """Who proposes, from `--researcher` and `--model` as given. Raises UserError, or RequirementMissing for keys.

    Nothing chosen is the models of the settings where a key for them is there, else `sweep`: a model that nobody named
    is never paid for.
    """
    if researcher is not None and researcher not in RESEARCHERS:
        near = did_you_mean(researcher, RESEARCHERS)
        raise UserError(f"no researcher {researcher!r}{near}", fix=f"researchers: {', '.join(RESEARCHERS)}")
    if researcher in ("sweep", "null"):
        if models:
            raise UserError(f"--model is for the researcher llm, not for {researcher}", fix="leave one of them out")
        return Chosen(researcher)
    said = settings.read()
    keys = Keys(os.environ, said)
    named = tuple(dict.fromkeys(providers.whole_name(model) for model in models or said.models))
    if not named and researcher == "llm":
        raise UserError("--researcher llm needs a model", fix=f"{_usable(keys)}; `praxtui models` lists all")
    keys.check()
    if models or researcher == "llm":
        _need(named, keys)
        return _installed(named)
    there = tuple(model for model in named if _missing(model, keys) is None)
    if there:
        return _installed(there)
    return Chosen("sweep", note=plain(f"researcher: sweep, without a model ({_why_sweep(named, keys)})"))


def check_cost(chosen: Chosen, budgets: Budgets) -> None:
    """Raise UserError where USD are the limit and nobody knows what a model costs."""
    if budgets.usd is None or budgets.tokens is not None:
        return
    keys = Keys(os.environ, settings.read() if chosen.models else None)
    unknown = [model for model in chosen.models if priced(model, keys).prices is None]
    if unknown:
        raise UserError(
            f"nobody knows the price of {', '.join(unknown)}, and {budgets.usd:g} USD are the limit",
            fix=f'give price_input and price_output under [model."{unknown[0]}"] in {settings.file()}, '
            "or limit --tokens, or say --usd none",
        )


def priced(model: str, keys: Keys) -> catalog.Model:
    """What is known of a model, at the address that it would be called at."""
    try:
        base = keys.lookup(model).params.get("api_base")
    except KeysMissing:
        base = None
    return catalog.about(model, keys.said(model), base)


def check_sandbox(chosen: Chosen, program: Program, leaf: Path, *, unsandboxed: bool) -> None:
    """Raise RequirementMissing where a model's drafts would run behind fewer walls than their person allows."""
    if chosen.researcher != "llm" or unsandboxed:
        return
    from praxtui.program.interpreter import choose as choose_interpreter
    from praxtui.runs import sandbox

    python = choose_interpreter(program, leaf).path
    found = sandbox.check(python, network=program.constraints.network == "run")
    found.require("the researcher llm", settings.read().sandbox.least)


def _missing(model: str, keys: Keys) -> KeysMissing | None:
    try:
        keys.lookup(model)
    except KeysMissing as missing:
        return missing
    return None


def _need(models: Sequence[str], keys: Keys) -> None:
    lacking = [missing for model in models if (missing := _missing(model, keys))]
    if lacking:
        said = "; ".join(f"no key for {missing.model}: set {' or '.join(missing.names)}" for missing in lacking)
        raise RequirementMissing(said, fix=how_to_set(lacking[0].names[0].partition(" ")[0]))


def _installed(models: tuple[str, ...]) -> Chosen:
    from praxtui.research.llm.provider import check_version

    check_version()
    return Chosen("llm", models)


def _usable(keys: Keys) -> str:
    """A flag that would work here; how to get a key where none is there."""
    suggested = suggestion(keys)
    return f"for example --model {suggested}" if suggested else f"no key is there: {how_to_set('ANTHROPIC_API_KEY')}"


def suggestion(keys: Keys) -> str | None:
    """A model of the first provider whose key is there."""
    for name, provider in providers.PROVIDERS.items():
        if provider.ways and keys.has(name):
            return next((model.name for model in catalog.current(name, 1)), f"{name}/MODEL")
    return None


def _why_sweep(wanted: Sequence[str], keys: Keys) -> str:
    missing = _missing(wanted[0], keys) if wanted else None
    if missing is not None:
        return f"no key for {missing.model}: set {' or '.join(missing.names)}"
    suggested = suggestion(keys)
    return f"--model {suggested} would use the key that is there" if suggested else "no key; praxtui models says how"
