"""What servers reply: models, decision models, MLflow. Their sockets are no matter here, only what comes through."""

import json
from pathlib import Path
from typing import Any
from unittest import mock

from tests.fuzz.surface import Surface, Tree
from tests.io.trackers.test_mlflow_server import DATA, EXPERIMENT, INFO, METRIC
from tunecase.io.servers import Bounds
from tunecase.io.servers.http_client import Reply
from tunecase.io.trackers import mlflow_server, read_mlflow
from tunecase.pilot.endpoint import wire
from tunecase.pilot.endpoint.client import Chat
from tunecase.pilot.endpoint.decisions import Decisions, Question, SystemOne
from tunecase.pilot.scoring.judge import read_verdicts

QUESTIONS = (Question("colour", "Which?", {"red": "warm", "blue": ""}),)
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "input_tokens": 5, "output_tokens": 2}
PROBABLE = [{"value": "red", "probability": 0.75}, {"value": "blue", "probability": 0.25}]
CHAT = {"choices": [{"message": {"content": "1: yes\n2: no"}, "finish_reason": "stop"}], "usage": USAGE}
PARTS = {"choices": [{"message": {"content": [{"type": "text", "text": "yes"}]}}]}
ONE = {
    "answers": {"colour": {"type": "choice", "choice": "red", "probabilities": {"red": 0.75, "blue": 0.25}}},
    "usage": USAGE,
}
LISTED = {"answers": [{"type": "choice", "name": "colour", "choice": "red", "probabilities": PROBABLE}], "usage": USAGE}
REFUSED = {"error": {"message": "no such model", "code": "model_not_found"}}
STATUSES = (200, 200, 200, 200, 301, 400, 401, 402, 404, 413, 418, 429, 500, 503)


def _of(body: Any) -> Tree:
    return {"reply.json": json.dumps(body).encode()}


def _post(folder: Path) -> Any:
    """The JSON that a request gives where the server replies with the file; its length says by which status."""
    body = (folder / "reply.json").read_bytes()
    headers = {"retry-after": body[-20:].decode("latin-1")}
    status = 200 if body in WHOLE else STATUSES[len(body) % len(STATUSES)]

    def exchange(address: str, bounds: Bounds, *_: Any) -> Reply:
        return Reply(status, headers, body)

    with mock.patch.object(wire, "exchange", exchange):
        return wire.Wire("http://127.0.0.1:1/v1", "", "/chat/completions").post("model", {}, 1.0)


def _chat(folder: Path) -> object:
    answer = Chat(8, 0.0).read(_post(folder))
    answer.text.encode()
    return read_verdicts(answer.text, 2)


def _decisions(folder: Path) -> object:
    found = _post(folder)
    api = (
        Decisions(QUESTIONS)
        if isinstance(found, dict) and isinstance(found.get("answers"), list)
        else SystemOne(QUESTIONS)
    )
    return api.read(found)


def _mlflow(folder: Path) -> object:
    """A tracking server that replies with the files."""

    def exchange(address: str, bounds: Bounds, *_: Any) -> Reply:
        names = {"/experiments/": "experiments.json", "/runs/": "runs.json", "/metrics/": "metrics.json"}
        file = folder / next(name for part, name in names.items() if part in address)
        return Reply(200, {}, file.read_bytes()) if file.exists() else Reply(500, {}, b"")

    with mock.patch.object(mlflow_server, "exchange", exchange):
        return read_mlflow("http://127.0.0.1:1", "", lambda metric: metric == "accuracy")


SERVER: Tree = {
    "experiments.json": json.dumps({"experiments": [EXPERIMENT]}).encode(),
    "runs.json": json.dumps({"runs": [{"info": INFO, "data": DATA}]}).encode(),
    "metrics.json": json.dumps({"metrics": [METRIC, {**METRIC, "step": 0, "value": 0.4}]}).encode(),
}
CHATS, ANSWERS = [_of(CHAT), _of(PARTS)], [_of(ONE), _of(LISTED)]
WHOLE = {tree["reply.json"] for tree in (*CHATS, *ANSWERS)}
NOT_NOW = (wire.Passing, wire.RowRefused)
SURFACES = (
    Surface("chat replies", CHATS, _chat, refusals=NOT_NOW, examples=250),
    Surface("decision replies", ANSWERS, _decisions, refusals=NOT_NOW, examples=250),
    Surface("tracking server", [SERVER], _mlflow, examples=200),
)
