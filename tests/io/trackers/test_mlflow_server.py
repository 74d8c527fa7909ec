"""A tracking server's answers are checked before they are believed: a right reading, or one error that names it."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.hostile_server import Reply, always, hostile_replies, hostile_server, reply
from tunecase.errors import InputError, TunecaseError
from tunecase.io.trackers import mlflow_server
from tunecase.io.trackers import run as run_module
from tunecase.io.trackers.mlflow import read_mlflow
from tunecase.io.trackers.run import Store

EXPERIMENT = {"name": "tickets", "experiment_id": "1"}
INFO = {"run_id": "r0", "run_name": "s", "status": "FINISHED", "start_time": 1_000, "end_time": "2000"}
METRIC = {"key": "accuracy", "value": 0.5, "step": 1, "timestamp": 5}
DATA = {"params": [{"key": "n", "value": "5"}], "tags": [{"key": "team", "value": "nlp"}], "metrics": [METRIC]}


@pytest.fixture(autouse=True)
def _bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_server, "TIMEOUT_S", 0.4)
    monkeypatch.setattr(mlflow_server, "TOTAL_S", 1.0)
    monkeypatch.setattr(mlflow_server, "MOST_BYTES", 100_000)
    monkeypatch.setattr(run_module, "MOST_RUNS", 50)


def read(address: str, experiment: str = "") -> Store:
    """The store of a server, every step of accuracy read."""
    store = read_mlflow(address, experiment, lambda metric: metric == "accuracy")
    assert store is not None
    return store


def speaks(experiments: Any = None, runs: Any = None, history: Any = None) -> Reply:
    """A server that answers as MLflow does, but for what is given; a list is taken for what the answer lists."""

    def answer(request: str) -> list[bytes]:
        asked = ("experiments", experiments, [EXPERIMENT])
        if "/runs/search" in request:
            asked = ("runs", runs, [{"info": INFO, "data": DATA}])
        elif "/metrics/get-history" in request:
            asked = ("metrics", history, [METRIC, {**METRIC, "step": 0, "value": 0.4}])
        name, given, right = asked
        listed = right if given is None else given
        return [reply(json.dumps(listed if isinstance(listed, dict) else {name: listed}))]

    return answer


def run(info: Any = INFO, data: Any = DATA, **words: Any) -> Reply:
    """A server with one run; `words` take the place of what its `info` says."""
    return speaks(runs=[{"info": {**info, **words} if words else info, "data": data}])


def metric(**words: Any) -> Reply:
    """A server with one run, whose one metric is as `words` say in its last value and in its history."""
    return speaks(runs=[{"info": INFO, "data": {"metrics": [{**METRIC, **words}]}}], history=[{**METRIC, **words}])


def last(**words: Any) -> Reply:
    """A server with one run, whose metric that is not read in full is as `words` say."""
    return run(data={"metrics": [{**METRIC, "key": "loss", **words}]})


# What is odd, the server, and the words of the error; none where the answer is read all the same.
ODD: Mapping[str, tuple[Reply, str]] = {
    "as it should be": (speaks(), ""), "no experiment": (speaks(experiments=[]), ""),
    "experiments null": (speaks(experiments={"experiments": None}), ""),
    "experiments an object": (speaks(experiments={"experiments": {"a": 1}}), "experiments is {'a': 1}"),
    "experiments of words": (speaks(experiments=["tickets"]), "experiments is ['tickets'], wanted a list of objects"),
    "experiments of nulls": (speaks(experiments=[None]), "experiments is [None]"),
    "a name null": (speaks(experiments=[{**EXPERIMENT, "name": None}]), ""),
    "a name of numbers": (speaks(experiments=[{**EXPERIMENT, "name": 7}]), ""),
    "a name a list": (speaks(experiments=[{**EXPERIMENT, "name": ["x"]}]), "name is ['x'], wanted text"),
    "a number an object": (speaks(experiments=[{**EXPERIMENT, "experiment_id": {}}]), "experiment_id is {}"),
    "a number a number": (speaks(experiments=[{**EXPERIMENT, "experiment_id": 1}]), ""),
    "half a character": (speaks(experiments=[{**EXPERIMENT, "name": "\ud83d"}]), ""),
    "runs null": (speaks(runs={"runs": None}), ""), "runs a number": (speaks(runs={"runs": 3}), "runs is 3"),
    "runs of lists": (speaks(runs=[[]]), "runs is [[]]"), "a run of nothing": (speaks(runs=[{}]), ""),
    "info null": (run(None), ""), "info a list": (run([]), "info is [], wanted an object"),
    "data a text": (run(data="x"), "data is 'x'"), "data null": (run(data=None), ""),
    "params an object": (run(data={"params": {"n": "5"}}), "params is {'n': '5'}"),
    "params of words": (run(data={"params": ["n"]}), "params is ['n']"),
    "a parameter without a value": (run(data={"params": [{"key": "n"}]}), ""),
    "a parameter of another kind": (run(data={"params": [{"key": 3, "value": {"a": [1]}}]}), ""),
    "a run's key null": (run(run_id=None), ""), "a run's key true": (run(run_id=True), "run_id is True, wanted text"),
    "a status a number": (run(status=3), ""), "a status a list": (run(status=[]), "status is []"),
    "a start in words": (run(start_time="yesterday"), "start_time is 'yesterday', wanted milliseconds since 1970"),
    "a start in a list": (run(start_time=[1]), "start_time is [1]"),
    "a start that is huge": (run(start_time=10**30), "start_time is 1000"),
    "a start that is infinite": (run(start_time=float("inf")), "start_time is inf"),
    "an end that is none": (run(end_time=float("nan")), "end_time is nan"),
    "an end true": (run(end_time=True), "end_time is True"),
    "a value null": (metric(value=None), "value of accuracy"),
    "a value in words": (metric(value="good"), "value of accuracy"),
    "a value true": (metric(value=True), "value of accuracy"),
    "a value in a list": (metric(value=[0.5]), "value of accuracy"),
    "a value beyond floats": (metric(value=10**400), "value of accuracy"),
    "a value that is NaN": (metric(value=float("nan")), ""),
    "a value that is NaN in words": (metric(value="NaN"), ""),
    "a value that is infinite": (metric(value=float("inf")), ""), "a value of digits": (metric(value="0.5"), ""),
    "a step in words": (metric(step="last"), "step of accuracy"),
    "a step that is NaN": (metric(step=float("nan")), "step of accuracy"),
    "a step beyond floats": (metric(step=10**400), "step of accuracy"),
    "a step in a list": (metric(step=[1]), "step of accuracy"), "no step": (metric(step=None), ""),
    "a time in words": (metric(timestamp="now"), ""), "another metric null": (last(value=None), "value of loss"),
    "another metric in words": (last(value="good", step="x"), "step of loss"), "a key null": (last(key=None), ""),
    "history null": (speaks(history={"metrics": None}), ""),
    "history of numbers": (speaks(history=[1]), "metrics is [1]"),
    "an answer that is a list": (always(reply("[]")), "the answer is [], wanted an object"),
    "one page for ever": (speaks(runs={"runs": [{"info": INFO}], "next_page_token": "p"}), "lists runs without end"),
    "empty pages": (speaks(experiments={"experiments": [], "next_page_token": "p"}), "lists experiments without end"),
    "a token of numbers": (speaks(runs={"runs": [], "next_page_token": 7}), "next_page_token is 7, wanted text"),
    "a token a list": (speaks(experiments={"next_page_token": ["a"]}), "next_page_token is ['a']"),
}  # fmt: skip


def test_odd_answers_are_errors_or_read_right() -> None:
    """Null fields, words for numbers, endless pages: each is read, or one error says where, what was got and wanted."""
    breaches = []
    for name, (odd, words) in ODD.items():
        began = time.monotonic()
        with hostile_server(odd) as (address, _):
            try:
                got = "".join(read(address).cut)
            except TunecaseError as error:
                got = str(error)
                if words and not (words in got and address in got):
                    breaches.append(f"{name}: {got}")
            except Exception as error:  # noqa: BLE001 - gathered
                got = words
                breaches.append(f"{name}: {error!r}")
        if bool(got) != bool(words):
            breaches.append(f"{name}: {got!r} for {words!r}")
        if time.monotonic() - began > 2:
            breaches.append(f"{name}: {time.monotonic() - began:.1f} s")
    assert [] == breaches


def test_what_breaks_http_is_an_error_of_the_world() -> None:
    """Each ends within seconds in one error that names the server, with a fix; nobody else is asked."""
    breaches, kept = [], '{"experiments": []}'
    with hostile_server(always(reply(kept))) as (elsewhere, strayed):
        for name, odd in hostile_replies(kept, f"{elsewhere}/x").items():
            with hostile_server(odd) as (address, _):
                try:
                    breaches += [f"{name}: {len(store)}"] if (store := read(address).experiments) else []
                except TunecaseError as error:
                    lines = str(error).splitlines()
                    if len(lines) != 2 or error.exit_code != 3 or not lines[0].startswith(address):
                        breaches.append(f"{name}: {error}")
                except Exception as error:  # noqa: BLE001 - gathered
                    breaches.append(f"{name}: {error!r}")
    assert [] == breaches
    assert [] == strayed


def test_histories_pages_and_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """By their steps; pages end at the limit or in time; the run at which values end is left out."""
    with hostile_server(speaks()) as (address, requests):
        for place in (f"{address}/", f"{address}/#/experiments/1/runs/r0"):
            (only,) = read(place).used["tickets"]
            assert [(0.0, 0.4), (1.0, 0.5)] == list(only.scores["accuracy"])
            assert ("s", "r0", 1.0, 2.0, {"team": "nlp"}, {"n": "5"}) == (
                only.name, only.key, only.began and only.began.timestamp(), only.ended and only.ended.timestamp(),
                only.tags, only.facts,
            )  # fmt: skip
    assert all(" /api/2.0/mlflow/" in request for request in requests)
    number = 0

    def pages(request: str) -> list[bytes]:
        nonlocal number
        number += 1
        listed = {"experiments": [EXPERIMENT]} if "/experiments/" in request else {"runs": [{"info": INFO}]}
        return [reply(json.dumps(listed | ({} if "experiments" in listed else {"next_page_token": str(number)})))]

    with hostile_server(pages) as (address, requests):
        store = read(address)
        assert ("read 50 of at least 51 runs", 50) == (store.cut, len(store.used["tickets"]))
        monkeypatch.setattr(run_module, "MOST_RUNS", 10**9)
        with pytest.raises(TunecaseError, match=r"could not be read within 1\.0 s|no whole answer within"):
            read(address)
    assert json.loads(requests[2].partition("\r\n\r\n")[2])["page_token"] == "2"
    two = speaks(runs=[{"info": {**INFO, "run_id": name}, "data": DATA} for name in ("r0", "r1")])
    for most in range(5, 10):  # a run has a tag, a parameter, a metric and two steps of it
        monkeypatch.setattr(run_module, "MOST_VALUES", most)
        with hostile_server(two) as (address, _):
            assert ["r0"] == [run.key for run in read(address).used["tickets"]], most


def test_addresses_are_checked_before_anybody_is_asked() -> None:
    """A password, an odd port or half an address; none is shown."""
    for place, words in (("http://me:hunter2@127.0.0.1:1", "a name or password in it"), ("http://[", "'http://['"),
                         ("http://me:hunter2@host:port", "'host:port'"), ("https://", "'https://'")):  # fmt: skip
        with pytest.raises(InputError) as caught:
            read(place)
        assert (words, False) == (caught.value.problems[0].got, "hunter2" in str(caught.value))
