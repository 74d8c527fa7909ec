"""Reasoning that stands before an answer: told apart from it, whatever marks it, and put back where it is taught."""

_MARKS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
)
_AROUND_ANSWERS = ("<|begin_of_solution|>", "<|end_of_solution|>")
FIELDS = ("reasoning_content", "reasoning", "thinking")  # of a turn, beside its text


def without_thinking(text: str) -> tuple[str, str]:
    """The reasoning before an answer, and the answer; ("", text) where there is no reasoning.

    A trace that is never closed leaves no answer. One whose opening mark a chat template holds is known by its end.

    Example:
        >>> without_thinking("<think>\\nTwo and two.\\n</think>\\n\\nFour."), without_thinking("Four.")
        (('Two and two.', 'Four.'), ('', 'Four.'))
        >>> without_thinking("<think>Two and")
        ('Two and', '')
    """
    if "<" not in text:
        return "", text
    start = text.lstrip()
    for opening, closing in _MARKS:
        if start.startswith(opening):
            trace, _, answer = start[len(opening) :].partition(closing)
            return trace.strip(), _bare(answer)
    trace, closed, answer = text.partition("</think>")
    return (trace.strip(), _bare(answer)) if closed and "<think>" not in trace else ("", text)


def is_open(text: str) -> bool:
    """True for an answer that is a trace of reasoning that never ends.

    Example:
        >>> is_open("<think>Two and"), is_open("<think>Two and two.</think>"), is_open("Four.")
        (True, False, False)
    """
    start = text.lstrip()
    return start[:1] == "<" and any(start.startswith(opening) and closing not in start for opening, closing in _MARKS)


def with_thinking(thinking: str, answer: str) -> str:
    """An answer as it is taught, its reasoning before it."""
    return f"<think>\n{thinking}\n</think>\n\n{answer}" if thinking else answer


def _bare(answer: str) -> str:
    answer = answer.strip()
    for mark in _AROUND_ANSWERS:
        answer = answer.replace(mark, "").strip()
    return answer
