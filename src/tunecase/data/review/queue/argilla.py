"""The queue as Argilla records, and an export of them read back."""

from collections.abc import Iterator, Mapping
from typing import Any

from tunecase.data.review.queue.item import VERDICTS, Decision, Item
from tunecase.data.review.queue.sheet import whole

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
    """What every annotator said of one record; (place, what cannot be read) otherwise.

    An export holds no times. Drafts and discarded answers are left out where the export says so.
    """
    metadata, responses = exported.get("metadata"), exported.get("responses")
    if not isinstance(responses, dict):
        return
    said: dict[str, dict[str, str]] = {}
    for question, values in responses.items():
        for value in values if isinstance(values, list) else ():
            if isinstance(value, dict) and value.get("value") not in (None, ""):
                if value.get("status") not in (None, "submitted"):
                    continue
                said.setdefault(str(value.get("user_id") or ""), {})[question] = str(value["value"])
    row = whole(metadata.get("row")) if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or row is None:
        if said:
            yield where, "a record without metadata.row"
        return
    for who, answers in said.items():
        verdict, answer = answers.get("decision", ""), answers.get("answer", "")
        yield Decision(
            where, row, str(metadata.get("code") or ""), verdict, answer, None, who, whole(metadata.get("rank"))
        )
