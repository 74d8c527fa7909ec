"""Licence and origin of the rows: what was stated and found beside them, and what has to be asked; never guessed."""

import re

from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence
from tunecase.data.detectors import licences
from tunecase.quantities import counted

# Makers whose terms of use speak of training on their models' outputs; which ones bind is a question of law.
MAKERS = re.compile(
    r"(?i)gpt|davinci|openai|chatgpt|claude|anthropic|gemini|bard\b|palm|llama|grok|command-r|synthetic|llm"
)


# What a licence's use for business makes one ask.
USE_QUESTIONS = {
    "no": "{name} ({whose}) does not allow commercial use: is yours?",
    "terms": "{name} ({whose}) allows use on terms: who has read them?",
    "unknown": "{name!r} ({whose}) is not a licence known here: what does it allow?",
}


def licence(evidence: Evidence) -> Defect | NotChecked | None:
    """What stands in the way of use: no licence, a non-commercial or conditional one, conflicts, a model's outputs.

    Nothing is decided: the finding lists questions for whoever answers for the data.
    """
    request = evidence.request
    stated = licences.known_name(request.licence) if request.licence else None
    names = list(dict.fromkeys(filter(None, (stated, *request.named.licences))))
    whence = (request.origin, *request.named.models, *request.named.sources)
    if not names and not any(whence):
        return NotChecked("licence and origin: neither stated (data.licence, data.origin) nor found beside the rows")
    models = (request.origin or "", *request.named.models)
    serious = [*_of_conflict(stated, request.named.licences), *_of_models(models)]
    questions = [*_of_use(names, stated), *serious]
    if not questions and not any(whence):
        return NotChecked(f"origin of the rows: not stated (data.origin); the licence found is {', '.join(names)}")
    if not any(whence):
        questions.append("where the rows come from is not stated")
    if not questions:
        return None
    return Defect(
        check="licence",
        severity="warn" if serious or "no" in map(licences.use_of, names) else "note",
        why="; ".join(questions),
        fix="ask whoever gave the rows, and state data.licence and data.origin; a lawyer's hour is not priced",
        count=len(questions),
        share=1.0,
        figure=counted(len(questions), "question"),
        unpriced=True,
    )


def _of_use(names: list[str], stated: str | None) -> list[str]:
    if not names:
        return ["under which licence the rows may be used is neither stated nor found beside them"]
    questions = []
    for name in names:
        whose = "stated" if name == stated else "found beside the data"
        if question := USE_QUESTIONS.get(licences.use_of(name)):
            questions.append(question.format(name=name, whose=whose))
    return questions


def _of_conflict(stated: str | None, found: tuple[str, ...]) -> list[str]:
    if not stated or not found or stated in found:
        return []
    return [f"stated is {stated}, found is {', '.join(found)}: which holds?"]


def _of_models(makers: tuple[str, ...]) -> list[str]:
    models = [name for name in makers if MAKERS.search(name)]
    if not models:
        return []
    return [f"the answers seem to be a model's ({', '.join(models[:3])}): do its terms allow training?"]
