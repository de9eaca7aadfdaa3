"""The language models, and what they cost. Sealed: which models work is a condition of the comparison, no lever.

Change the names here, in your own copy of the leaf, before a campaign. Any model that LiteLLM reaches will do; for a
server of your own (vLLM, llama.cpp, Ollama's /v1): API_BASE = "http://127.0.0.1:8000/v1" and "openai/ITS-MODEL".
"""

from __future__ import annotations

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # prices as installed: nothing is fetched for them

TASK_MODEL = "openai/gpt-5-nano"
REFLECTION_MODEL = "openai/gpt-5-mini"
API_BASE: str | None = None
KEY = "OPENAI_API_KEY"  # and `secrets` in program.md
AT_ONCE = 8  # calls side by side
SECONDS = 120.0  # for one call
TRIES = 3
MOST_TOKENS = {"task": 2_000, "reflection": 8_000}  # of one answer, thinking included


class Unreachable(Exception):
    """No model answers, or none will: one line that says which, and why."""


class Model:
    """One model, called from several threads. `usd` is None once a call's price is unknown."""

    def __init__(self, name: str, use: str) -> None:
        self.name = name
        self.most = MOST_TOKENS[use]
        self.calls = 0
        self.tokens = 0
        self.usd: float | None = 0.0
        self._lock = threading.Lock()

    def __call__(self, prompt: str | list[dict[str, str]]) -> str:
        """The answer to a prompt, or to messages. Raises Unreachable after TRIES."""
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        for left in reversed(range(TRIES)):
            try:
                return self._count(self._ask(messages))
            except Exception as problem:
                if not left or not _passing(problem):
                    said = str(problem).strip().splitlines() or [""]
                    raise Unreachable(f"{self.name}: {type(problem).__name__}: {said[0][:300]}") from None
                time.sleep(2.0 ** (TRIES - left))
        raise AssertionError

    def map(self, prompts: list[list[dict[str, str]]]) -> list[str]:
        """The answers to many, AT_ONCE at a time, in their order."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self, prompts))

    def _ask(self, messages: list[dict[str, str]]) -> Any:
        import litellm

        litellm.suppress_debug_info = True
        litellm.drop_params = True
        return litellm.completion(
            model=self.name,
            messages=messages,
            api_base=API_BASE,
            temperature=0,
            max_tokens=self.most,
            timeout=SECONDS,
            num_retries=0,
            max_retries=0,
        )

    def _count(self, answer: Any) -> str:
        import litellm

        try:
            usd = float(litellm.completion_cost(answer, model=self.name))
        except Exception:
            usd = 0.0
        with self._lock:
            self.calls += 1
            self.tokens += int(answer.usage.total_tokens)
            # A model without a price costs an unknown amount, not nothing.
            self.usd = None if self.usd is None or usd <= 0 else self.usd + usd
        return str(answer.choices[0].message.content or "")


def _passing(problem: Exception) -> bool:
    """Whether the same call may work a little later."""
    name = type(problem).__name__
    return name not in ("AuthenticationError", "PermissionDeniedError", "NotFoundError", "BadRequestError")


def preflight(*models: Model) -> None:
    """One short call of each, so that a wrong key or a dead server shows at once. Exits 1 with one line."""
    if not os.environ.get(KEY):
        sys.exit(f"{sys.argv[0]}: {KEY} is not set; export {KEY}=... (any word for a server of your own)")
    for model in {model.name: model for model in models}.values():
        try:
            model("Answer with the word ready.")
        except Unreachable as problem:
            sys.exit(f"{sys.argv[0]}: {problem}")


def spent(*models: Model) -> str:
    """What the models have cost, as a number of USD or `unknown`."""
    known = [model.usd for model in models if model.calls]
    return "unknown" if None in known else f"{sum(filter(None, known)):.6f}"
