"""What of a conversation still fits."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from praxtui.research.llm.talk import LEFT_OUT, Manner, Talk, bounded, size
from praxtui.research.llm.turns import Message, Part
from tests.research.llm.desks import FolderDesk
from tests.research.llm.models import Scripted, uses

ANSWER = "one two three four five six seven\n" * 50


async def test_the_last_three_answers_stay_while_they_fit_even_where_more_is_to_be_freed(tmp_path: Path) -> None:
    one = size(Message(role="tool", parts=(Part(ANSWER),)))
    brief = Message(role="user", parts=(Part(ANSWER * 6),))
    # a quarter is for the reply; the rest holds the brief, three answers and what asked for four, not four answers
    model = Scripted(*[uses("read")] * 5, window=int(9.6 * one / 0.75))
    talk = Talk(model, FolderDesk(tmp_path), [brief], [], what="draft", manner=Manner())
    for _ in range(4):
        for call in talk.calls(await talk.ask()):
            talk.answer(call, ANSWER)
    await talk.ask()
    assert [m.text for m in model.asked[-1].messages if m.role == "tool"] == [LEFT_OUT] + [ANSWER] * 3


def test_what_fits_stays_as_it_is() -> None:
    assert bounded("a" * 100, 100) == "a" * 100


@given(st.text(alphabet=st.characters(), min_size=1), st.integers(1, 50), st.integers(50, 400))
def test_a_bounded_text_keeps_its_ends_and_is_unicode(text: str, times: int, limit: int) -> None:
    cut = bounded(text * times, limit)
    cut.encode()
    assert len(cut) <= limit + 60
    sound = (text * times).encode("utf-8", "replace").decode()
    assert cut == sound or (cut.startswith(sound[: limit // 2]) and cut.endswith(sound[-(limit // 4) :]))
