"""A model judges the pilot's answers; its score counts where people agree with it, and no key is ever seen."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests import walked
from tests.chat_server import Reply, chat_server, failed, question, said
from tests.command import tunecase
from tests.flow.test_opened import opened, verbs
from tests.making import COLOURS, case_folder, write_jsonl
from tests.pilot.scoring.test_judge import answer_of
from tunecase import flow
from tunecase.errors import InputError
from tunecase.flow import JudgeAsked
from tunecase.flow.judge import ORDER_ROWS
from tunecase.records import Judged

KEY = "sk-never-to-be-seen-5f2c"
WORDS = ("is red or green", "is a colour")


def strict(body: Any) -> Reply:
    """A judge that passes red and green answers by the first criterion, colours by the second, in any order."""
    answer = answer_of(body)
    rules = {WORDS[0]: answer in ("red", "green"), WORDS[1]: answer in COLOURS}
    first = question(body).index(WORDS[0]) < question(body).index(WORDS[1])
    told = [rules[name] for name in (WORDS if first else WORDS[::-1])]
    return said("\n".join(f"{i}: {'pass' if one else 'fail'}" for i, one in enumerate(told, 1)))


@pytest.fixture
def tried(tmp_path: Path) -> Path:
    """A case with a pilot whose answers are kept; its project file."""
    path = walked.path_of("decided", tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"criteria: \[.*\]", f"criteria: [{', '.join(WORDS)}]", text), encoding="utf-8")
    walked.keep_anew(opened(path), "audit")
    return path


def sheet_rows(path: Path, record: Judged) -> list[dict[str, Any]]:
    """The rows that wait for people's verdicts."""
    lines = (path.parent / record.sheet).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_judge_nobody_checked_has_no_score(tried: Path) -> None:
    """Without people's verdicts there is no score; the rows wait in a sheet, the judge's verdicts not shown."""
    told: list[str] = []
    with chat_server(strict) as server:
        asked = JudgeAsked(server.url, "big", rows=40)
        record = flow.judge(case := opened(tried), asked, told.append)
        host = server.url.removeprefix("http://").removesuffix("/v1")
        assert [f"40 test rows with right answer and the answer to judge go to big at {host}, on this machine "
                f"({ORDER_ROWS} of them twice, to see whether the order of the criteria matters)."] == told  # fmt: skip
        assert 40 + ORDER_ROWS == len(server.bodies)
        assert all("<REFERENCE" in question(body) for body in server.bodies)
        again = flow.judge(opened(tried), asked)
    assert (None, (), "unknown", False) == (record.score, record.passed, record.agreement, record.ok)
    assert "agreement with people: not known" in record.why
    assert (40, 100, 0, 400, 80) == (
        record.rows, record.test_rows, record.unread, record.input_tokens, record.output_tokens
    )  # fmt: skip
    assert 0.0 == record.order_effect.mid
    assert "the probe (n-gram logistic regression) with 120 examples" == record.answers
    rows = sheet_rows(tried, record)
    assert 40 == len(rows)
    assert {"row", "text", "label", "answer", "verdict"} == set(rows[0])
    assert {""} == {row["verdict"] for row in rows}
    assert record.sheet == again.sheet
    assert "judge" in verbs(case)
    assert opened(tried).current("judge") == again


def test_private_answers_are_masked_for_the_judge_and_for_people(tried: Path) -> None:
    """Neither the endpoint nor the sheet has them, which is said before anything is sent; verdicts come back."""
    answers = tried.parent / "answers.jsonl"
    write_jsonl(answers, [{"row": at, "answer": f"write to ann{at}@example.org"} for at in range(30)])
    told: list[str] = []
    with chat_server(strict) as server:
        asked = JudgeAsked(server.url, "big", rows=30, answers=answers)
        record = flow.judge(opened(tried), asked, told.append)
        assert "rivate data in 30 of 30 requests to 127.0.0.1" in told[0]
        rows = sheet_rows(tried, record)
        assert "@example.org" not in json.dumps([server.bodies, rows])
        human = write_jsonl(tried.parent / "human.jsonl", [row | {"verdict": "fail"} for row in rows])
        assert 30 == flow.judge(opened(tried), JudgeAsked(server.url, "big", "", 30, human, answers)).human_rows
        flow.judge(opened(tried), JudgeAsked(server.url, "big", "", 30, answers=answers, send_flagged=True))
        assert "@example.org" in json.dumps(server.bodies[-1])
    assert (30, 30, {"e-mail": 30}, True) == (
        record.disclosed.rows, record.disclosed.flagged, record.disclosed.kinds, record.disclosed.masked
    )  # fmt: skip


def test_the_same_seed_judges_the_same_rows(tried: Path) -> None:
    """More rows hold the fewer; another seed takes others."""
    with chat_server(strict) as server:
        few, many, other = (
            {row["row"] for row in sheet_rows(tried, flow.judge(case, JudgeAsked(server.url, "big", rows=rows)))}
            for case, rows in ((opened(tried), 10), (opened(tried), 30), (opened(tried), 500))
        )
    assert (10, 30, 100) == (len(few), len(many), len(other))
    assert few < many < other


def test_people_who_agree_make_a_metric(tried: Path) -> None:
    """With verdicts of people that agree the score counts, with its interval and price; a sheet is not written then."""
    with chat_server(strict) as server:
        rows = sheet_rows(tried, flow.judge(opened(tried), JudgeAsked(server.url, "big", rows=60)))
        human = write_jsonl(
            tried.parent / "human.jsonl",
            [row | {"verdict": "pass" if row["answer"] in ("red", "green") else "fail"} for row in rows[:40]]
            + [row | {"verdict": None} for row in rows[40:50]],
        )
        asked = JudgeAsked(
            server.url, "big", rows=60, human=human, usd_per_1m_input_tokens=1.0, usd_per_1m_output_tokens=5.0
        )
        record = flow.judge(opened(tried), asked)
    assert ("fine", 40, True, "") == (record.agreement, record.human_rows, record.ok, record.sheet)
    assert (1.0, 1.0) == (record.share.mid, record.kappa.mid)
    assert record.score.low < record.score.mid < record.score.high
    assert record.score.mid == pytest.approx(sum(record.passed) / 2)
    assert 1.0 == record.passed[1]
    assert record.usd == pytest.approx((600 * 1.0 + 120 * 5.0) / 1e6)


def test_people_who_disagree_make_none(tried: Path) -> None:
    """A judge with poor agreement has no score unless it is said that it will do."""
    with chat_server(strict) as server:
        rows = sheet_rows(tried, flow.judge(opened(tried), JudgeAsked(server.url, "big", rows=40)))
        verdicts = [{"row": row["row"], "verdict": "yes" if k % 2 else "no"} for k, row in enumerate(rows)]
        human = write_jsonl(tried.parent / "human.jsonl", verdicts)
        record = flow.judge(opened(tried), JudgeAsked(server.url, "big", rows=40, human=human))
        assert ("poor", None) == (record.agreement, record.score)
        assert "kappa" in record.why
        taken = flow.judge(opened(tried), JudgeAsked(server.url, "big", rows=40, human=human, unknown_ok=True))
    assert ("poor", True, True) == (taken.agreement, taken.ok, taken.unknown_ok)


def test_answers_made_elsewhere_are_judged(tmp_path: Path) -> None:
    """A file of answers by row needs no pilot; rows it does not answer are left out."""
    path = case_folder(tmp_path, criteria=f"  criteria: [{', '.join(WORDS)}]")
    given: list[dict[str, Any]] = [{"row": k, "answer": "red"} for k in range(5, 25)]
    answers = write_jsonl(tmp_path / "theirs.jsonl", [*given, {"row": 30, "answer": None}])
    with chat_server(strict) as server:
        record = flow.judge(opened(path), JudgeAsked(server.url, "big", answers=answers, unknown_ok=True))
    assert (20, "theirs.jsonl", (1.0, 1.0)) == (record.rows, record.answers, record.passed)
    assert {"red"} == {row["answer"] for row in sheet_rows(path, record)}
    objects = write_jsonl(tmp_path / "objects.jsonl", [{"row": 3, "answer": {"colour": "grün"}}])
    with chat_server([said("1: pass\n2: pass")]) as server:
        flow.judge(opened(path), JudgeAsked(server.url, "big", answers=objects))
        assert '{"colour": "grün"}' == answer_of(server.bodies[0])
    none = write_jsonl(tmp_path / "none.jsonl", [{"row": 900, "answer": "red"}])
    with pytest.raises(InputError, match="no answer to a usable test row"):
        flow.judge(opened(path), JudgeAsked("http://127.0.0.1:1/v1", "big", answers=none))


def test_what_is_missing_is_told_together(tmp_path: Path) -> None:
    """No criteria, no answers, no address, no model: all in one refusal, and nothing is sent."""
    path = case_folder(tmp_path, criteria="")
    with pytest.raises(InputError) as caught:
        flow.judge(opened(path), JudgeAsked(rows=0))
    told = [problem.where for problem in caught.value.problems]
    assert ["tunecase.yaml: problem.criteria", "--rows", "endpoint: base_url", "endpoint: model",
            str(tmp_path / "pilot" / "answers")] == told  # fmt: skip
    assert 2 == tunecase("judge", "--project", path).code
    nowhere = case_folder(tmp_path / "untested", test="")
    with pytest.raises(InputError, match=r"data\.test"):
        flow.judge(opened(nowhere), JudgeAsked("http://127.0.0.1:1/v1", "big"))


def test_verdicts_that_cannot_be_used_are_refused_before_asking(tried: Path) -> None:
    """Every mistake in people's file is told with its line, and nothing is sent."""
    cases: list[Any] = [
        ([{"row": 0, "verdict": "perhaps"}, {"row": 1, "verdict": 7}], "human.jsonl:2"),
        ([{"row": "first", "verdict": "pass"}], "the number of a test row"),
        ([{"row": 0, "verdict": "pass"}, {"row": 0, "verdict": "fail"}], "row 0 again"),
        ([{"row": 0, "verdict": "pass", "answer": "another"}], "on another answer"),
        ([{"row": 0, "label": "red"}], "no column 'verdict'"),
        ([{"number": 0, "verdict": "pass"}], "no column 'row'"),
        ([{"row": 5_000, "verdict": "pass"}], "no verdict on a row"),
        ([{"row": 0, "verdict": ""}], "no verdict on a row"),
        ([{"row": None, "verdict": "pass"}, {"row": 1, "verdict": "pass"}], "no 'row'"),
    ]
    breaches = []
    for rows, words in cases:
        human = write_jsonl(tried.parent / "human.jsonl", rows)
        with chat_server(strict) as server, pytest.raises(InputError) as caught:
            flow.judge(opened(tried), JudgeAsked(server.url, "big", rows=200, human=human))
        breaches += [] if words in str(caught.value) else [(rows, words)]
        breaches += [] if [] == server.bodies else [(rows, words)]
    assert [] == breaches


def test_a_failed_order_check_does_not_lose_the_verdicts(tried: Path) -> None:
    """When the endpoint breaks after the verdicts, they are kept with a note."""
    with chat_server([*[said("1: pass\n2: pass")] * 3, failed(401)]) as server:
        record = flow.judge(opened(tried), JudgeAsked(server.url, "big", rows=3, unknown_ok=True))
    assert (None, True) == (record.order_effect, record.ok)
    assert "was not checked" in record.notes[0]


def test_a_judge_that_chats_has_no_score(tried: Path) -> None:
    """Verdicts that cannot be read are no score, whatever is said to do; the exit code says no."""
    with chat_server([said("All of them are great!")]) as server:
        words = ("judge", "--base-url", server.url, "--model", "big", "--rows", "8", "--unknown-ok")
        ran = tunecase(*words, "--project", tried)
    assert 1 == ran.code
    assert "No score: too few verdicts can be read." in ran.out
    assert ", 8 without a verdict that can be read" in " ".join(ran.out.split())


def test_the_command_says_where_rows_go_and_never_the_key(tried: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key reaches the endpoint and nothing else: not the screen, not the ledger; unknown agreement exits with 1."""
    monkeypatch.setenv("JUDGE_KEY", KEY)
    with chat_server(strict) as server:
        words = ("judge", "--base-url", server.url, "--model", "big", "--key-variable", "JUDGE_KEY", "--rows", "30")
        ran = tunecase(*words, "--project", tried)
        taken = tunecase(*words, "--unknown-ok", "--json", "--project", tried)
        assert {f"Bearer {KEY}"} == {seen["Authorization"] for seen in server.headers}
    assert (1, 0) == (ran.code, taken.code)
    assert "30 test rows" in ran.err
    assert "of the criteria pass" not in ran.out
    assert 0 < taken.json["score"]["low"] < taken.json["score"]["high"] < 1
    with chat_server([failed(401, f"the key {KEY} is bad")]) as server:
        refused = tunecase(*words[:1], "--base-url", server.url, *words[3:], "--project", tried)
    mistaken = tunecase(*words[:5], "--key-variable", KEY, "--project", tried)
    assert (3, 2) == (refused.code, mistaken.code)
    seen = [text for one in (ran, taken, refused, mistaken) for text in (one.out, one.err)]
    seen += [file.read_text(encoding="utf-8") for file in tried.parent.rglob("*.jsonl")]
    assert [] == [text for text in seen if KEY in text]


def test_rows_that_leave_this_machine_are_said_to(tried: Path) -> None:
    """For another host the words are that rows leave this machine; plain http is warned of."""
    told: list[str] = []

    class Heard(Exception):  # noqa: N818
        """Ends it before anything is sent."""

    def tell(line: str) -> None:
        told.append(line)
        if len(told) == 2:
            raise Heard

    with pytest.raises(Heard):
        flow.judge(opened(tried), JudgeAsked("http://judge.invalid/v1", "big", rows=7), tell)
    assert "7 test rows" in told[0]
    assert "leave this machine for big at judge.invalid" in told[0]
    assert "plain http" in told[1]
