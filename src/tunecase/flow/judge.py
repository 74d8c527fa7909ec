"""Asks a model to judge answers by the project's criteria, measures it against people, and keeps what it said.

Rows are a sample of the usable test rows: the same seed gives the same rows, and more rows hold the fewer.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from tunecase.errors import EndpointError, InputError, Problem, refuse_any
from tunecase.flow.opened import Flow
from tunecase.quantities import Interval80, counted, one_line, sentence
from tunecase.records import Disclosure, Judged, Pilot, Run

if TYPE_CHECKING:
    from tunecase.data.reading import Row
    from tunecase.pilot import Examples
    from tunecase.pilot.endpoint import Endpoint
    from tunecase.pilot.scoring import Agreement, Judgement

ROWS, ORDER_ROWS = 100, 20
MOST_PROBLEMS = 5  # of one file's verdicts


@dataclass(frozen=True, slots=True)
class JudgeAsked:
    """How answers are to be judged.

    Args:
        base_url, model: where the judge answers, as https://HOST/v1, and its name there.
        key_variable: names the variable that holds the key, never the key.
        rows: how many test rows are judged; the same seed takes the same ones.
        human: a file of people's verdicts, columns row (of the test file, from 0) and verdict.
        answers: a file of answers made elsewhere, columns row and answer; None for those of the pilot's best run.
        unknown_ok: takes the score though the judge's agreement with people is unknown or poor.
        usd_per_1m_input_tokens, usd_per_1m_output_tokens: the judge's prices; below 0 they are not known.
        send_flagged: sends secrets and personal data as they are; else their kinds go instead, and to people too.
    """

    base_url: str = ""
    model: str = ""
    key_variable: str = ""
    rows: int = ROWS
    human: Path | None = None
    answers: Path | None = None
    unknown_ok: bool = False
    usd_per_1m_input_tokens: float = -1.0
    usd_per_1m_output_tokens: float = -1.0
    send_flagged: bool = False


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The rows to judge: numbers in the test file, what was asked, a right answer, the answer, people's verdict.

    What is private in them is masked already, unless it is to be sent as it is.
    """

    numbers: tuple[int, ...]
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    answers: tuple[str, ...]
    people: tuple[str, ...]
    made_by: str
    disclosed: Disclosure


def judge(flow: Flow, request: JudgeAsked, tell: Callable[[str], None] | None = None) -> Judged:
    """Judges answers by the project's criteria with a hosted model; what it says is a metric only if people agree.

    `tell` is told how many rows leave this machine, for which host, and what of them is private, before any does.

    Raises: InputError with every problem: no criteria, no test file, no answers, an endpoint that cannot be asked,
    verdicts of people that cannot be read or are of other answers; EndpointError when the judge does not answer.
    """
    from tunecase.pilot.endpoint import Endpoint
    from tunecase.pilot.scoring import judge as score

    sends = request.send_flagged
    endpoint = Endpoint(request.base_url, request.model, request.key_variable, send_flagged=sends)
    sheet, test_rows, warnings = _ready(flow, request, endpoint)
    criteria = flow.project.problem.criteria
    again = min(ORDER_ROWS, len(sheet.texts)) if len(criteria) > 1 else 0
    if tell is not None:
        for line in (_leaving(endpoint, sheet, again), *warnings):
            tell(line)
    judgement = score(endpoint, criteria, sheet.texts, sheet.answers, references=sheet.labels)
    turned, failed = _turned(endpoint, judgement, sheet) if again else (None, ())
    waits = "" if request.human else _left_for_people(flow, sheet)
    record = _record(request, sheet, judgement, test_rows, order_effect=turned, sheet=waits, notes=(*warnings, *failed))
    return cast(Judged, flow.keep("judge", record))


def _turned(endpoint: "Endpoint", judgement: "Judgement", sheet: _Sheet) -> tuple[Interval80 | None, tuple[str, ...]]:
    """The order effect; a check that fails does not lose the verdicts that were paid for."""
    from tunecase.pilot.scoring import order_effect

    try:
        return order_effect(
            endpoint, judgement, sheet.texts, sheet.answers, ORDER_ROWS, references=sheet.labels
        ), ()  # fmt: skip
    except EndpointError as error:
        return None, (f"the order of the criteria was not checked: {one_line(str(error), 200)}",)


def _ready(flow: Flow, request: JudgeAsked, endpoint: "Endpoint") -> tuple[_Sheet, int, tuple[str, ...]]:
    """The rows to judge, of how many, and what should be known before they are sent; or every problem at once."""
    from tunecase.pilot import usable
    from tunecase.pilot.endpoint import check

    problems: list[Problem] = []
    warnings: tuple[str, ...] = ()
    if not flow.project.problem.criteria:
        fix = "write under problem: `criteria: [names the order, promises nothing]`"
        problems.append(
            Problem(flow.where("problem.criteria"), "none", "statements about one answer, true or false", fix)
        )
    if request.rows < 1:
        problems.append(Problem("--rows", str(request.rows), "1 or more", "leave it out for 100"))
    try:
        warnings = check(endpoint)
    except InputError as error:
        problems += error.problems
    sheet, test = None, flow.table("test")
    if test is None:
        where, fix = flow.where("data.test"), "name it: `test: data/test.jsonl`"
        problems.append(Problem(where, "nothing", "the test file that was answered", fix))
    else:
        try:
            sheet = _sheet(flow, request, tests := usable(test))
        except InputError as error:
            problems += error.problems
    if problems or sheet is None:
        raise InputError(problems)
    return sheet, len(tests), warnings


def _sheet(flow: Flow, request: JudgeAsked, tests: "Examples") -> _Sheet:
    from tunecase.data import handed_out
    from tunecase.quantities import generator

    answers, made_by = _from_file(request.answers, tests) if request.answers else _of_best_run(flow, tests)
    order = generator(flow.seed, "judge rows").permutation(len(tests)).tolist()
    chosen = sorted([i for i in order if tests.numbers[i] in answers][: max(1, request.rows)])
    numbers = tuple(tests.numbers[i] for i in chosen)
    rows = [(tests.texts[i], tests.labels[i], answers[tests.numbers[i]]) for i in chosen]
    shown, disclosed = handed_out(rows, request.send_flagged, urlsplit(request.base_url).netloc)
    texts, labels, given = (tuple(row[at] for row in shown) for at in range(3))
    people = _people(request.human, dict(zip(numbers, given, strict=True))) if request.human else {}
    verdicts = tuple(people.get(number, "") for number in numbers)
    return _Sheet(numbers, texts, labels, given, verdicts, made_by, disclosed)


def _of_best_run(flow: Flow, tests: "Examples") -> tuple[Mapping[int, str], str]:
    """The answers of the pilot's best run by row, and whose they are."""
    from tunecase.pilot import kept_answers

    tried: Pilot | None = flow.current("pilot")
    run = _best(tried) if tried else None
    kept = kept_answers(flow.folder / "pilot" / "answers", run.key) if run else None
    if run is None or kept is None or len(kept.predictions) != len(tests):
        got = "no answers of a pilot of these data and this project file"
        fix = "run `tunecase pilot`, or name a file with --answers"
        raise InputError(Problem(str(flow.folder / "pilot" / "answers"), got, "answers to judge", fix))
    made_by = f"{run.model} with {counted(run.n, 'example')}"
    return dict(zip(tests.numbers, kept.predictions, strict=True)), made_by


def _best(tried: Pilot) -> Run | None:
    """The run whose mistakes the pilot tells, else the best of the largest size."""
    if tried.mistakes:
        return next((run for run in tried.runs if run.key == tried.mistakes.run), None)
    good = [run for run in tried.runs if not run.failed and run.converged and run.purpose == "ladder"]
    sign = 1 if tried.direction == "higher" else -1
    return max(good, key=lambda run: (run.n, sign * run.score), default=None)


def _from_file(path: Path, tests: "Examples") -> tuple[Mapping[int, str], str]:
    by_row = _by_row(path, "answer")
    mine = {n: _text(by_row[n].other["answer"]) for n in tests.numbers if n in by_row}
    if not mine:
        fix = "number the test file's rows from 0"
        raise InputError(Problem(str(path), "no answer to a usable test row", "rows of the test file", fix))
    return mine, path.name


def _people(path: Path, answers: Mapping[int, str]) -> Mapping[int, str]:
    """People's verdicts by row, each read once here so that every mistake is told before anything is asked."""
    from tunecase.pilot.scoring import read_human

    answered, problems = {}, []
    for number, row in _by_row(path, "verdict").items():
        given = row.other["verdict"]
        if number not in answers or not _text(given).strip():
            continue
        where = f"{path}:{row.line}"
        if _text(row.other.get("answer", answers[number])) != answers[number]:
            got = "a verdict on another answer to this row"
            problems.append(Problem(where, got, "verdicts on the answers to be judged", "judge these answers by hand"))
            continue
        try:
            read_human(given)
            answered[number] = str(given)
        except InputError as error:
            problems += [Problem(where, one.got, one.wanted, one.fix) for one in error.problems]
    if not answered and not problems:
        fix = "judge rows of the sheet in pilot/, which `tunecase judge` writes without --human"
        problems = [Problem(str(path), "no verdict on a row that is to be judged", "30 rows or more", fix)]
    refuse_any(problems[:MOST_PROBLEMS])
    return answered


def _by_row(path: Path, column: str) -> Mapping[int, "Row"]:
    """The rows of a file that has a column `row`, by that number.

    Raises: InputError for a file that cannot be read, or has not both columns, or names a row twice.
    """
    from tunecase.data.reading import load

    table, rows = load(path, input="row", labelled=False), {}
    if not any(column in row.other for row in table.rows):
        raise InputError(Problem(str(path), f"no column {column!r}", f"the columns row and {column}", "add it"))
    wanted = f"a row number and {column}"
    problems = [Problem(f"{path}:{bad.line}", bad.reason, wanted, "correct the line") for bad in table.bad]
    for row in table.rows:
        if not (row.input.isascii() and row.input.isdecimal()):
            wanted = "the number of a test row, from 0"
            problems.append(Problem(f"{path}:{row.line}", f"row {row.input[:40]!r}", wanted, "correct it"))
        elif int(row.input) in rows:
            problems.append(Problem(f"{path}:{row.line}", f"row {row.input} again", "each row once", "drop one"))
        elif row.other.get(column) is not None:
            rows[int(row.input)] = row
    refuse_any(problems[:MOST_PROBLEMS])
    return rows


def _text(value: object) -> str:
    """A cell as text; an object is JSON, as a model would have written it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _leaving(endpoint: "Endpoint", sheet: _Sheet, again: int) -> str:
    from tunecase.accounts import disclosed_words
    from tunecase.io.servers import is_local

    near = is_local(urlsplit(endpoint.base_url).hostname or "")
    goes = f"go to {endpoint.name}, on this machine" if near else f"leave this machine for {endpoint.name}"
    twice = f" ({again} of them twice, to see whether the order of the criteria matters)" if again else ""
    rows, private = counted(len(sheet.texts), "test row"), disclosed_words(sheet.disclosed)
    return f"{rows} with right answer and the answer to judge {goes}{twice}." + (private and f" {sentence(private)}")


def _left_for_people(flow: Flow, sheet: _Sheet) -> str:
    """Where the same rows wait for people's verdicts, the judge's not shown; a sheet that is there is left alone."""
    from tunecase.pilot import write_rows

    rows = [
        {"row": number, "text": text, "label": label, "answer": answer, "verdict": ""}
        for number, text, label, answer in zip(sheet.numbers, sheet.texts, sheet.labels, sheet.answers, strict=True)
    ]
    name = hashlib.sha256(repr(rows).encode("utf-8", "replace")).hexdigest()[:8]
    path = flow.folder / "pilot" / f"to-judge-{name}.jsonl"
    if not path.exists():
        write_rows(path, rows)
    return str(path.relative_to(flow.folder))


def _record(request: JudgeAsked, asked_rows: _Sheet, judgement: "Judgement", test_rows: int, **about: Any) -> Judged:
    from tunecase.pilot.scoring import judged_score

    score, why, measured = None, "", _measured(judgement, asked_rows)
    try:
        score = judged_score(judgement, measured, unknown_ok=request.unknown_ok)
    except InputError as error:
        why = "; ".join(
            f"{one.where.removeprefix('judge: ')}: {one.got}, wanted {one.wanted}" for one in error.problems
        )
    read = [verdicts for verdicts in judgement.verdicts if verdicts is not None]
    passed = tuple(sum(column) / len(read) for column in zip(*read, strict=True)) if score is not None else ()
    about |= {name: getattr(measured, name, None) for name in ("share", "kappa", "leniency", "length_bias")}
    return Judged(
        judge=judgement.judge, answers=asked_rows.made_by, criteria=judgement.criteria, rows=len(asked_rows.texts),
        test_rows=test_rows, unread=judgement.unread, score=score, passed=passed,
        agreement=measured.verdict if measured else "unknown", human_rows=measured.rows if measured else 0,
        input_tokens=judgement.input_tokens, output_tokens=judgement.output_tokens,
        usd=_usd(request, judgement.input_tokens, judgement.output_tokens), seconds=judgement.seconds,
        unknown_ok=request.unknown_ok, why=why, disclosed=asked_rows.disclosed, **about,
    )  # fmt: skip


def _measured(judgement: "Judgement", sheet: _Sheet) -> "Agreement | None":
    from tunecase.pilot.scoring import agreement

    both = zip(judgement.verdicts, sheet.people, strict=True)
    if not any(verdict is not None and given for verdict, given in both):
        return None
    return agreement(judgement, cast(Sequence[object], sheet.people), sheet.answers)


def _usd(request: JudgeAsked, taken: int | None, given: int | None) -> float | None:
    prices = request.usd_per_1m_input_tokens, request.usd_per_1m_output_tokens
    if taken is None or given is None or min(prices) < 0:
        return None
    return (taken * prices[0] + given * prices[1]) / 1e6
