"""What the read-only tools do: each asks one verb of the flow, and keeps and writes nothing."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from tunecase import flow
from tunecase.agents.answers import Answer, short
from tunecase.agents.call import Call, outside_of_here, refuse_changes
from tunecase.agents.schemas import schema_of_tool, told
from tunecase.quantities import counted, one_line

MOST_BYTES_PAGE = 48_000  # of a report as Markdown


def cases(call: Call) -> Answer:
    """The cases below the current folder."""
    found, today = flow.find_cases(Path()), date.today()
    rows = [{"project": path.as_posix(), **asdict(_glance(path, today))} for path in found.projects]
    lines = [f"{row['project']}: {row['name']}, {row['answer'] or row['fault'] or 'no answer yet'}" for row in rows]
    head = "No project file lies below this folder."
    if rows:
        head = f"{counted(len(rows), 'case')} below this folder."
    text = short("\n".join([head, *lines, *([found.left_out] if found.left_out else [])]))
    return Answer({"cases": rows, "left_out": found.left_out}, text)


def _glance(path: Path, today: date) -> flow.Glance:
    """A case in words; one whose project file or ledger lies elsewhere, by a link, is named and not read."""
    refused = next(outside_of_here(path), None)
    if refused is None:
        return flow.glance(path, today)
    return flow.Glance(path.absolute().parent.name, fault=one_line(str(refused), 300))


def audit(call: Call) -> Answer:
    """Are these the right data? Of a case, or of a file without one."""
    wanted = flow.AuditAsked(fast=call.get("fast", False), engine="local")
    watch: dict[str, Any] = {"checking": lambda name, at, of: call.tell(f"{name.replace('_', ' ')}, {at} of {of}")}
    data = call.path("data")
    if data is None:
        return call.ask("audit", lambda case: flow.audit(case, wanted, **watch))
    files = flow.DataFiles(data, call.path("test"), **call.those("input", "output"))
    record = flow.audit_file(files, wanted, seed=call.get("seed", 0), today=date.today(), writes=False, **watch)
    return call.answer("audit", record)


def estimate(call: Call) -> Answer:
    """What will it cost?"""

    def tell(done: int, total: int) -> None:
        call.tell(f"Trying other inputs, {done} of {total}")

    return call.ask("estimate", lambda case: flow.estimate(case, what_if=call.get("sure"), progress=tell))


def forecast(call: Call) -> Answer:
    """Will more data reach the target? From a pilot, or from points in a file."""
    points = call.get("points")
    if points is None:
        return call.ask("forecast", flow.forecast)
    asked = flow.asked_of(call.get("metric", "accuracy"), "", "", (), "last", "")
    record = flow.forecast_file(points, asked, call.get("target"), call.get("n_max"), call.get("seed", 0))
    return call.answer("forecast", record)


def decide(call: Call) -> Answer:
    """What should the next dollar buy?"""
    return call.ask("decide", lambda case: flow.decide(case, call.get("what_if", False)))


def charges(call: Call) -> Answer:
    """The charges that are booked."""
    which = call.those("run", "source", "since", "until", line="category")
    return call.ask("charges", lambda case: flow.charges(case, **which))


def prices(call: Call) -> Answer:
    """What the price book holds."""
    from tunecase.prices import PricesAsked

    asked = PricesAsked(**call.those("kind", "gpu", "tier", "terms", "region", "provider", "model"))
    return call.answer("prices", flow.prices(asked, date.today(), call.path("project")))


def fit(call: Call) -> Answer:
    """Does one training run fit?"""
    recipe = call.those(
        "examples", "epochs", "method", "global_batch", "rank", "framework", "optimizer", "precision", "sharding",
        "checkpointing", seq="sequence_tokens", batch="micro_batch", tokens="train_tokens",
    )  # fmt: skip
    own = call.those("model", "deadline", "spot", "tier", "explain", "price", "card_memory", gpu="gpus", gpus="counts")
    asked = flow.FitAsked(words=recipe, lengths=call.path("lengths"), **own)
    return call.answer("fit", flow.fit(asked, call.get("seed", 0), date.today()))


def inference(call: Call) -> Answer:
    """What do the answers cost after launch?"""
    own = ("model", "project", "seed", "price", "trace")
    words = {name.replace("_", "-"): value for name, value in call.given.items() if name not in own}
    if (trace := call.path("trace")) is not None:
        words["trace"] = str(trace.resolve())
    asked = flow.InferenceAsked(call.get("model", ""), words, price=call.get("price"))
    case = call.case() if "project" in call.given else None
    return call.answer("inference", flow.inference(asked, call.get("seed", 0), date.today(), case))


def compare(call: Call) -> Answer:
    """What does a change cost or save?"""
    case, changes = call.case(), call.get("changes", {})
    refuse_changes(changes, case.folder, Path.cwd())
    limits = call.those("fail_if_over", "confidence", "allow_unpriced")
    return call.answer("compare", flow.compare(case, flow.CompareAsked(call.path("other"), changes, **limits)))


def scorecard(call: Call) -> Answer:
    """How right were earlier cases?"""
    return call.answer("scorecard", flow.scorecard(flow.ScorecardAsked(call.get("cases", ()), call.path("project"))))


def report(call: Call) -> Answer:
    """The page for those who decide, as Markdown; what it rests on is worked out first, except for a pilot."""
    from tunecase.report import page_markdown

    case = call.case()
    first = flow.estimate if case.project.data.train is None else flow.decide
    first(case)
    text = page_markdown(flow.contents(case, with_grid=False))
    body = text.encode()
    if len(body) > MOST_BYTES_PAGE:
        kept = body[:MOST_BYTES_PAGE].decode(errors="ignore").rpartition("\n")[0]
        text = f"{kept}\n\n… ({len(body) - len(kept.encode()):,} further bytes are in report.md: `tunecase report`)"
    return Answer(None, text)


def schema(call: Call) -> Answer:
    """The JSON Schema of what a tool answers."""
    tool = call.get("tool")
    made = schema_of_tool(tool)
    words = f"The JSON Schema of what {tool} answers, as {told(tool)} prints it"
    return Answer(made, f"{words}: {len(json.dumps(made)):,} bytes.")
