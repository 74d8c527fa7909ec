"""A decision model of a provider, asked without training and without examples: options in, probabilities out.

Classes are the options of one question. Of a JSON object each field is a question of its own, its values in the
training rows the options, and all questions of a row go in one call. An option is described by its name made readable.
Test rows and the names of options are sent to the endpoint. The probability of the option chosen is its confidence.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tunecase import catalog
from tunecase.data import Mask
from tunecase.errors import Problem, refuse_any
from tunecase.pilot.endpoint.client import Answer, Api, Endpoint, check
from tunecase.pilot.endpoint.decisions import APIS, Question
from tunecase.pilot.scoring import score
from tunecase.pilot.scoring.fields import read_json
from tunecase.pilot.scoring.score import Kind, check_metric
from tunecase.pilot.trainers import asking
from tunecase.pilot.trainers.task import Result, Setting, Task, checked, no_weights, nothing_to_fetch
from tunecase.quantities import count

MODEL = ""  # there is no model that everybody can reach
METRICS = score.METRICS
KINDS: tuple[Kind, ...] = ("classification", "extraction")
BASELINES: Mapping[str, Mapping[str, Setting]] = {"zero-shot": {"steps": 0}}
SEARCH: tuple[Mapping[str, Setting], ...] = ()
NEUTRAL = asking.NEUTRAL | {"usd_per_query"}
FORMAT = 2
STAND_IN = False
HEAVY = False
prepare, identity = nothing_to_fetch, no_weights
SETTINGS: Mapping[str, Setting] = {
    **asking.SETTINGS,
    "steps": 1,  # only 0 can be had; see train
    "api": "systemone",  # or decisions
    "usd_per_query": -1.0,  # below 0: a query has no price of its own
    "usd_per_1m_output_tokens": 0.0,  # output is free
}
ASKED = "Which class does the text belong to?"
ASKED_OF_FIELD = "What does the text say of this field: {}?"
NO_ANSWER = "(no answer)"
# Of an API whose own limit is not known.
MOST_OPTIONS = 255


def settings(top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """The defaults, overridden by those chosen; they do not depend on the ladder.

    Raises: InputError with every unknown setting, or every mistake in the API, the address and the key's variable.
    """
    made = {**SETTINGS, **checked(chosen, SETTINGS, "decision")}
    problems = []
    if made["api"] not in APIS:
        got, wanted = repr(made["api"]), "one of: " + ", ".join(APIS)
        problems.append(Problem("setting api of decision", got, wanted, "--set hosted.api=systemone"))
    if not made["base_url"]:
        fix = "add --set hosted.base_url=https://HOST/v1"
        problems.append(Problem("setting base_url of decision", "nothing", "the endpoint's address", fix))
    refuse_any(problems)
    check(asking.endpoint_of("a model", made))
    return made


def missing(model: str) -> str:
    """A model must be named; whether it answers shows when it is asked."""
    return "" if model.strip() else "no decision model is named.\nFix: give the model's name at its endpoint"


def train(task: Task) -> Result:
    """Asks the decision model for an answer to every test row; it cannot train.

        usd_per_answer = (tokens billed x price of input) / 1,000,000 / rows, or the price of a query

    Args:
        task: with steps 0.
    Returns: the Result; `confidences` are the probabilities of the options chosen (of the least sure field), 0 for a
        row without an answer. Tokens are those that the endpoint reports, else those foreseen. A run that the endpoint
        ends is failed, with what came until then as its price.
    Raises: InputError for more options than the API takes, and for settings that cannot be.

    Leaves out questions of yes and no and of scores, whose probabilities a choice gives as well.
    """
    made = {**SETTINGS, **task.settings}
    if made["steps"] != 0:
        return asking.not_trained(task, BASELINES)
    check_metric(task.metric)
    endpoint, api, texts = asks(task)
    asked = asking.asked(endpoint, api, texts)
    hidden = _hidden_tokens(task, questions_of(task))
    answers = tuple(
        _counted(answer, hidden + _text_tokens(task.test_texts[row]))
        for answer, row in zip(asked.answers, asked.rows, strict=True)
    )
    predictions = [_prediction(task, answer) for answer in answers]
    confidences = [_confidence(answer) for answer in answers]
    priced = _token_prices(made, answers)
    return asking.result(task, replace(asked, answers=answers), endpoint, priced, predictions, "", confidences)


def foreseen(task: Task) -> tuple[int, float | None]:
    """What asking would take, before anything is sent: tokens billed, and their price where it is known.

        tokens of a call = bytes of the text / 3 + hidden (a request + each question + each described option)

    Returns: (tokens, the price [USD]); None for the price where it is not known.
    Raises: InputError for more options than the API takes.

    Source: hidden tokens of catalog/tables/prices/decision_models.csv; where a model's are not known, the bytes of the
    questions as they are sent, over three.
    """
    made, rows = {**SETTINGS, **task.settings}, len(task.test_texts)
    tokens = rows * _hidden_tokens(task, questions_of(task)) + sum(map(_text_tokens, task.test_texts))
    query = float(made["usd_per_query"])
    return tokens, query * rows if query >= 0 else asking.usd(tokens, 0, made)


def asks(task: Task) -> tuple[Endpoint, Api, Sequence[str]]:
    """What is asked: where, by which API with its questions, and about which texts."""
    made = {**SETTINGS, **task.settings}
    return asking.endpoint_of(task.model, made), APIS[str(made["api"])](questions_of(task)), task.test_texts


def questions_of(task: Task) -> tuple[Question, ...]:
    """What is asked about each row: one question of the class, or one for each field of the JSON objects.

    Raises: InputError for more options than the API takes, and for objects whose fields are no choices.
    """
    instruction = str(task.settings.get("instruction", ""))
    if task.kind == "classification":
        options = {"class": list(task.choices or sorted(set(task.labels)))}
        asked = {"class": instruction or ASKED}
    else:
        options = _field_values(task.labels)
        asked = {name: f"{instruction} {ASKED_OF_FIELD.format(readable(name))}".strip() for name in options}
    _check_options(task.model, options)
    return tuple(
        Question(name, asked[name], {option: _description(option) for option in values})
        for name, values in options.items()
    )


def readable(name: str) -> str:
    """A class's name as words: signs between them and changes of case become blanks.

    Example:
        >>> readable("card_lost-abroad"), readable("cardLost"), readable("refund")
        ('card lost abroad', 'card lost', 'refund')
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = re.sub(r"[_\-./\s]+", " ", parted).strip()
    return words if words == name else words.lower()


def _description(option: str) -> str:
    """An option's description; "" where its name says it already, nothing private beside it."""
    words = readable(Mask(option).hidden(option))
    return "" if words == option else words


def _check_options(model: str, options: Mapping[str, Sequence[str]]) -> None:
    known = _row(model)
    most = known.most_options if known else MOST_OPTIONS
    refuse_any(
        Problem(
            f"options of {name} for {model}",
            count(len(values)),
            f"2 to {most}, as its API takes",
            "ask a hosted chat model, or join classes that are treated alike",
        )
        for name, values in options.items()
        if not 2 <= len(values) <= most
    )


def _field_values(labels: Sequence[str]) -> dict[str, list[str]]:
    """Each field of the labels with its values as JSON; a field that lacks in some labels has null among them."""
    held = [value for value in map(read_json, labels) if isinstance(value, dict)]
    names = list(dict.fromkeys(name for value in held for name in value))
    return {name: sorted({json.dumps(value.get(name), ensure_ascii=False) for value in held}) for name in names}


def _prediction(task: Task, answer: Answer) -> str:
    if answer.refused:
        return NO_ANSWER
    if task.kind == "classification":
        return answer.decisions["class"].option
    return json.dumps({name: json.loads(each.option) for name, each in answer.decisions.items()}, ensure_ascii=False)


def _confidence(answer: Answer) -> float:
    return 0.0 if answer.refused else min(each.probability for each in answer.decisions.values())


def _row(model: str) -> catalog.DecisionModel | None:
    fold = model.casefold()
    return next(
        (row for row in catalog.decision_models() if fold in {name.casefold() for name in (row.name, *row.aliases)}),
        None,
    )


def _text_tokens(text: str) -> int:
    return len(text.encode()) // 3


def _hidden_tokens(task: Task, questions: Sequence[Question]) -> int:
    """What a call is billed besides its text [tokens]."""
    row = _row(task.model)
    if row is None or row.hidden_per_request is None:
        sent = APIS[str({**SETTINGS, **task.settings}["api"])](questions).body("")
        return len(json.dumps(sent, ensure_ascii=False).encode()) // 3
    options = sum(len(question.options) for question in questions)
    per_question, per_option = row.hidden_per_question or 0, row.hidden_per_option or 0
    return round(row.hidden_per_request + len(questions) * per_question + options * per_option)


def _counted(answer: Answer, tokens: int) -> Answer:
    """The answer with its tokens, where the endpoint does not say."""
    if answer.input_tokens is not None or answer.refused:
        return answer
    return replace(answer, input_tokens=tokens, output_tokens=0)


def _token_prices(made: Mapping[str, Setting], answers: Sequence[Answer]) -> Mapping[str, Setting]:
    """The settings, a price of a query as one of its tokens."""
    query, tokens = float(made["usd_per_query"]), sum(answer.input_tokens or 0 for answer in answers)
    if query < 0 or not tokens:
        return made
    good = sum(answer.input_tokens is not None for answer in answers)
    return {**made, "usd_per_1m_input_tokens": 1e6 * query * good / tokens}
