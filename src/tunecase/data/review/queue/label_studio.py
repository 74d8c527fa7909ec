"""The queue as Label Studio tasks with a labelling config, and its JSON export read back."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from tunecase.data.review.queue.item import Decision, Item
from tunecase.data.review.queue.sheet import objects, place_of

# What no XML may hold, not even escaped.
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
MANY = 12  # labels, above which a drop-down list is shorter than buttons


def config(classes: Sequence[str]) -> str:
    """The labelling config: the text, the given answer, why it is here, and labels to choose or a text to correct."""
    if classes:
        layout = ' layout="select"' if len(classes) > MANY else ' showInline="true"'
        shown = [NOT_XML.sub("\ufffd", label) for label in classes]
        choices = "".join(f"\n    <Choice value={quoteattr(label)}/>" for label in shown)
        answer = (
            f'<Choices name="answer" toName="input" choice="single" required="false"{layout}>{choices}\n  </Choices>'
        )
    else:
        answer = '<TextArea name="answer" toName="input" rows="6" maxSubmissions="1" editable="true" required="false"/>'
    verdicts = "".join(f'\n    <Choice value="{verdict}"/>' for verdict in ("right", "wrong", "delete", "unsure"))
    return f"""<View>
  <Text name="input" value="$input"/>
  <Header value="Given answer"/>
  <Text name="given" value="$given"/>
  <Text name="why" value="$why"/>
  <Header value="Is it right?"/>
  <Choices name="decision" toName="input" choice="single" required="false" showInline="true">{verdicts}
  </Choices>
  <Header value="The right answer, if the given one is wrong"/>
  {answer}
</View>
"""


def task(item: Item) -> dict[str, Any]:
    """One task; what is suspected and suggested stands in `meta`, which annotators are not shown.

    It carries no prediction: only suspicious rows would have one, which would give away the control rows.
    """
    data = {
        "row": item.row,
        "code": item.code,
        "rank": item.rank,
        "input": item.input,
        "given": item.given or "(none)",
        "why": item.why,
    }
    return {
        "data": data,
        "meta": {"line": item.line, "checks": item.checks, "suspicion": item.suspicion, "suggested": item.suggested},
    }


def decisions(where: str, exported: Mapping[str, Any]) -> Iterator[Decision | tuple[str, str]]:
    """What every annotator said about one task; (place, what cannot be read) otherwise; cancelled ones are left out."""
    annotations, place = objects(exported.get("annotations")), place_of(exported.get("data"))
    if annotations and place is None:
        yield where, "a task without data.row"
    elif place is not None:
        for annotation in annotations:
            results = objects(annotation.get("result"))
            verdict, answer = _first(results, "decision"), _first(results, "answer")
            if annotation.get("was_cancelled") or not (verdict or answer.strip()):
                continue
            seconds = annotation.get("lead_time")
            spent = float(seconds) if isinstance(seconds, int | float) else None
            reviewer = _reviewer(annotation.get("completed_by"))
            yield Decision(where, place.row, place.code, verdict, answer, spent, reviewer, place.rank)


def _first(results: Sequence[Mapping[str, Any]], name: str) -> str:
    for result in results:
        value = result.get("value")
        if result.get("from_name") == name and isinstance(value, dict):
            chosen = value.get("choices") or value.get("text") or ""
            first = chosen[0] if isinstance(chosen, list) and chosen else chosen
            return "" if first in (None, []) else str(first)
    return ""


def _reviewer(by: Any) -> str:
    if isinstance(by, dict):
        return str(by.get("email") or by.get("username") or by.get("id") or "")
    return "" if by is None else str(by)
