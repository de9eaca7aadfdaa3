"""The inner loop: one experiment, a few steps, thrown away afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from praxtui.research.llm.hands import Hands
from praxtui.research.llm.talk import Manner, Talk
from praxtui.research.llm.turns import ContentRefused, Message, Model, Tool
from praxtui.research.protocol import Desk, GivenUp

STEPS = 20
# So many replies without a tool in a row, and the tools are offered in another way; twice as many, and it ends.
PATIENCE = 3
WARNED = 3


async def work(
    model: Model,
    desk: Desk,
    hands: Hands,
    messages: Sequence[Message],
    tools: Sequence[Tool],
    *,
    steps: int = STEPS,
    what: str = "draft",
    manner: Manner | None = None,
    of_use: Sequence[Tool] = (),
) -> NoReturn:
    """Ask, use the tools that the reply asks for, answer, until something ends it; each end is an exception.

    `Submitted` and `Reflected` carry what was made. `GivenUp`: by the model, by a rule, after `steps` replies, or
    because the provider refuses. `OutOfBudget` and `ContextTooLong` are for the caller. What comes after the end in
    the same reply is not done.
    """
    talk = Talk(model, desk, messages, tools, what=what, manner=manner or Manner(), of_use=of_use)
    goal = "reflection" if what == "reflect" else "submission"
    idle = 0
    for step in range(1, steps + 1):
        try:
            reply = await talk.ask()
        except ContentRefused as refused:
            raise GivenUp(f"the model refuses to answer: {refused.reason}") from refused
        if reply.finish == "refused":
            raise GivenUp(f"the model refuses to answer: {reply.text or 'it gives no reason'}")
        calls = talk.calls(reply)
        for call in calls:
            talk.transcript.called(call)
            talk.answer(call, await hands.do(call))
        for news in hands.news():
            talk.tell(news)
        idle = 0 if calls else idle + 1
        if idle == PATIENCE:
            talk.give_json(reply.usage.model)
        if idle == 2 * PATIENCE:
            raise GivenUp(f"the model answered {idle} times in a row without using a tool")
        if steps - step == WARNED < step:
            talk.tell(f"{WARNED} more replies, and this ends without a {goal}.")
    raise GivenUp(f"no {goal} after {steps} steps")
