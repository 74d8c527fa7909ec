"""The queue as Argilla records, and an export of them read back."""

from collections.abc import Iterator, Mapping
from typing import Any

from tunecase.data.review.queue.item import VERDICTS, Decision, Item
from tunecase.data.review.queue.sheet import objects, place_of

SETTINGS = """import argilla as rg

labels = {labels}
settings = rg.Settings(
    fields=[rg.TextField(name="input"), rg.TextField(name="given"), rg.TextField(name="why")],
    questions=[
        rg.LabelQuestion(name="decision", labels={verdicts}, required=True),
        {answer},
    ],
    metadata=[
        rg.IntegerMetadataProperty(name="row"),
        rg.IntegerMetadataProperty(name="rank"),
        rg.TermsMetadataProperty(name="code", visible_for_annotators=False),
        rg.TermsMetadataProperty(name="checks", visible_for_annotators=False),
        rg.TermsMetadataProperty(name="suggested", visible_for_annotators=False),
    ],
)
dataset = rg.Dataset(name="review", settings=settings)
dataset.create()
dataset.records.from_json("argilla.json")
"""


def settings(classes: tuple[str, ...]) -> str:
    """A few lines of Python that make the dataset; Argilla wants one required question, which is the decision."""
    answer = (
        'rg.LabelQuestion(name="answer", labels=labels, required=False)'
        if classes
        else 'rg.TextQuestion(name="answer", required=False)'
    )
    body = SETTINGS.format(labels=list(classes), verdicts=list(VERDICTS), answer=answer)
    return body if classes else body.replace("labels = []\n", "")


def record(item: Item) -> dict[str, Any]:
    """One record; checks and a suggested answer stand in metadata that annotators do not see."""
    metadata: dict[str, Any] = {"row": item.row, "rank": item.rank, "code": item.code, "checks": list(item.checks)}
    if item.suggested:
        metadata["suggested"] = item.suggested
    return {
        "id": f"row-{item.row}",
        "fields": {"input": item.input, "given": item.given or "(none)", "why": item.why},
        "metadata": metadata,
        "suggestions": {},
        "responses": {},
        "vectors": {},
    }


def decisions(where: str, exported: Mapping[str, Any]) -> Iterator[Decision | tuple[str, str]]:
    """What every annotator said about one record; (place, what cannot be read) otherwise.

    An export holds no times. Drafts and discarded answers are left out where the export marks them.
    """
    answers, place = _answers(exported.get("responses")), place_of(exported.get("metadata"))
    if answers and place is None:
        yield where, "a record without metadata.row"
    elif place is not None:
        for reviewer, given in answers.items():
            verdict, answer = given.get("decision", ""), given.get("answer", "")
            yield Decision(where, place.row, place.code, verdict, answer, None, reviewer, place.rank)


def _answers(responses: object) -> dict[str, dict[str, str]]:
    """What each annotator submitted, by question."""
    answers: dict[str, dict[str, str]] = {}
    for question, values in responses.items() if isinstance(responses, dict) else ():
        for value in objects(values):
            if value.get("value") not in (None, "") and value.get("status") in (None, "submitted"):
                answers.setdefault(str(value.get("user_id") or ""), {})[question] = str(value["value"])
    return answers
