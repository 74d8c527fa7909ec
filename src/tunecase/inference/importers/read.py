"""Reads the result file of a load generator as measured points, with the words that say what the file does not."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase import catalog
from tunecase.errors import InputError, Problem, nearest, refuse_any
from tunecase.inference.engines import OTHER, engine, engines
from tunecase.inference.importers.aiperf import aiperf
from tunecase.inference.importers.draft import SPELLINGS, Draft, number, objects
from tunecase.inference.importers.guidellm import guidellm
from tunecase.inference.importers.vllm_bench import vllm_bench
from tunecase.inference.model import served
from tunecase.inference.work import WEIGHT_BYTES
from tunecase.io import digest, no_file
from tunecase.quantities import counted
from tunecase.records import MeasuredPoint

IMPORTERS: tuple[Callable[[Any], list[Draft] | None], ...] = (vllm_bench, guidellm, aiperf)

MOST_BYTES = 64 * 2**20
MOST_POINTS = 1000
MOST_FAILED = 0.10  # of all requests; with more the server was past what it can do, or broken
CONTRADICTS = 1.5  # two figures of one result that are farther apart by this factor
ROUNDS = 3  # a run of fewer rounds than this is mostly its beginning and its end
APART = 0.10  # figures of one run that contradict one another by more are told
WANTED = "a result of vllm bench serve, guidellm, genai-perf or aiperf as JSON"
REQUIRED = {
    "model": "the model that was served, or the base model that it was tuned from",
    "gpu": "the card that it ran on",
    "tensor": "tensor parallel: cards that share each layer",
    "precision": "the precision of the weights",
    "engine": "what served it",
}
OPTIONS = {"model": "MODEL", "gpu": "--gpu", "tensor": "--gpus", "precision": "--precision", "engine": "--engine"}
PRECISIONS = {
    "bfloat16": "bf16", "float16": "fp16", "half": "fp16", "float32": "fp32", "float": "fp32", "fp8_e4m3": "fp8",
    "fp8_e5m2": "fp8", "w8a8": "int8", "awq": "int4", "gptq": "int4", "awq_marlin": "int4", "gptq_marlin": "int4",
    "w4a16": "int4", "nvfp4": "fp4", "mxfp4": "fp4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Points:
    """Measured points of one file, and what was set aside or taken for granted, in words."""

    points: tuple[MeasuredPoint, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Layout:
    """What ran, completed and checked."""

    model: str
    card: str
    tensor: int
    pipeline: int
    replicas: int
    precision: str
    kv_precision: str
    engine: str
    engine_version: str
    adapters: int
    cached_share: float


def read_points(path: Path, stated: Mapping[str, str] | None = None) -> Points:
    """The points that a load generator measured.

    Args:
        path: its result file, JSON of at most 64 MiB.
        stated: what the file does not say, by the names of SPELLINGS: model, gpu, tensor, precision, engine and so on.
            A model's name counts before that of the file, which may be a path or an alias; elsewhere a contradiction
            is a mistake.
    Returns: one point for each benchmark that ended well, per replica, and notes on the others.
    Raises: InputError with everything that is missing or wrong.
    Leaves out the single requests: only their means and percentiles are read.
    """
    words = {name: word.strip() for name, word in (stated or {}).items() if word.strip()}
    drafts = _drafts(path)
    problems: list[Problem] = [_unknown_word(name) for name in words if name not in SPELLINGS]
    notes: list[str] = []
    points: list[MeasuredPoint] = []
    set_aside: list[Problem] = []
    for draft in drafts:
        layout = _layout(draft, words, path.name, problems)
        trouble = _trouble(draft) or (_beyond_the_card(draft, layout) if layout is not None else None)
        if trouble:
            set_aside.append(Problem(_where(path, draft), *trouble))
        elif layout is not None:
            points.append(_point(draft, layout, digest(path), notes))
    problems += [] if points or problems else set_aside
    if problems:
        raise InputError(tuple(dict.fromkeys(problems)))
    notes += [f"{problem.where}: {problem.got}, so it is set aside; {problem.fix}" for problem in set_aside]
    return Points(tuple(points), tuple(dict.fromkeys(notes)))


def _where(path: Path, draft: Draft) -> str:
    return f"{path.name} {draft.where}".strip()


def _unknown_word(name: str) -> Problem:
    return Problem(name, "a word that says nothing of a replica", ", ".join(SPELLINGS), nearest(name, list(SPELLINGS)))


def _drafts(path: Path) -> list[Draft]:
    body = _body(path)
    for importer in IMPORTERS:
        drafts = importer(body)
        if drafts is not None and len(drafts) <= MOST_POINTS:
            return drafts
        if drafts is not None:
            fix = "split the file"
            raise InputError(Problem(path.name, f"{len(drafts):,} benchmarks", f"at most {MOST_POINTS:,}", fix))
    keys = ", ".join(map(str, list(body)[:6])) if isinstance(body, dict) else f"a {type(body).__name__}"
    got = f"JSON of another kind ({keys[:200]})"
    raise InputError(Problem(path.name, got, WANTED, "run the meter with --save-result or its JSON export"))


def _body(path: Path) -> Any:
    """The content of a JSON file; several values one behind another are a list."""
    where = str(path)
    refuse_any(no_file(path, WANTED, "correct the path"))
    size = path.stat().st_size
    if size > MOST_BYTES:
        fix = "leave the single requests out when the meter writes its result"
        raise InputError(Problem(where, f"{size:,} bytes", f"at most {MOST_BYTES:,}", fix))
    try:
        values = list(objects(path.read_text(encoding="utf-8-sig")))
    except UnicodeDecodeError:
        raise InputError(Problem(where, "bytes that are not UTF-8 text", WANTED, "save it as UTF-8")) from None
    except OSError as error:
        raise InputError(Problem(where, f"it cannot be read ({error.strerror})", WANTED, "check the file")) from None
    except (ValueError, RecursionError):
        raise InputError(Problem(where, "not JSON, or cut off", WANTED, "write it again")) from None
    if not values:
        raise InputError(Problem(where, "an empty file", WANTED, "wait until the meter has ended"))
    return values[0] if len(values) == 1 else values


def _layout(draft: Draft, stated: Mapping[str, str], file: str, problems: list[Problem]) -> _Layout | None:
    """The layout of one benchmark; what is missing or wrong is added to the problems."""
    begun = len(problems)
    words = {**draft.layout, **stated}
    for name, said in stated.items():
        seen = draft.layout.get(name)
        if name != "model" and seen and _plain(name, seen) != _plain(name, said):
            problems.append(Problem(name, f"{said}, but {file} says {seen}", "one of the two", "leave the option out"))
    for name, meaning in REQUIRED.items():
        if name not in words:
            problems.append(Problem(f"{file} {name}", "not stated in the file", meaning, f"give {OPTIONS[name]}"))
    layout = _Layout(
        model=_model(words.get("model"), problems),
        card=_card(words.get("gpu"), problems),
        tensor=_whole("tensor", words, problems),
        pipeline=_whole("pipeline", words, problems),
        replicas=_whole("replicas", words, problems),
        precision=_precision("precision", words.get("precision"), problems),
        kv_precision=_precision("kv_precision", words.get("kv_precision"), problems),
        engine=_engine(words.get("engine"), problems),
        engine_version=words.get("engine_version", ""),
        adapters=_whole("adapters", words, problems, least=0),
        cached_share=_share(words.get("cached_share"), problems),
    )
    return layout if len(problems) == begun else None


def _plain(name: str, word: str) -> str:
    """A word as it is compared: cards, engines and precisions by what they are, others without case."""
    ignored: list[Problem] = []
    if name == "gpu":
        return _card(word, ignored) or word
    if name == "engine":
        return _engine(word, ignored) or word
    return PRECISIONS.get(word.casefold(), word.casefold()) if "precision" in name else word.casefold()


def _model(word: str | None, problems: list[Problem]) -> str:
    if word is not None:
        try:
            served(word)
        except InputError:
            fix = "give --model with the base model that it was tuned from, or its config.json"
            problems.append(Problem("model", repr(word), "a model whose dimensions are known", fix))
    return word or ""


def _card(word: str | None, problems: list[Problem]) -> str:
    if word is None:
        return ""
    try:
        return catalog.gpu(re.sub(r"^\s*\d+\s*[x×]\s*", "", word).replace("_", " ").strip()).name
    except InputError as error:
        problems.extend(error.problems)
        return ""


def _whole(name: str, words: Mapping[str, str], problems: list[Problem], least: int = 1) -> int:
    """A whole number; the least where nothing is said."""
    word = words.get(name)
    value = least if word is None else number(word)
    if value is None or value != int(value) or not least <= value <= 4096:
        problems.append(Problem(name, repr(word), f"a whole number from {least} on", "write for example 2"))
        return least
    return int(value)


def _precision(name: str, word: str | None, problems: list[Problem]) -> str:
    if word is None:
        return ""
    plain = PRECISIONS.get(word.casefold(), word.casefold())
    if plain not in WEIGHT_BYTES:
        wanted = f"one of {', '.join(WEIGHT_BYTES)}"
        problems.append(Problem(name, repr(word), wanted, nearest(plain, list(WEIGHT_BYTES))))
    return plain


def _engine(word: str | None, problems: list[Problem]) -> str:
    if word is None:
        return ""
    known = engine(word)
    if known is None:
        names = [one.name for one in engines()]
        fix = f"{nearest(word, names)} or {OTHER}"
        problems.append(Problem("engine", repr(word), f"one of {', '.join(names)} or {OTHER}", fix))
    return known.name if known else ""


def _share(word: str | None, problems: list[Problem]) -> float:
    value = 0.0 if word is None else number(word.removesuffix("%"))
    value = value / 100 if value is not None and word is not None and word.endswith("%") else value
    if value is None or not 0 <= value < 1:
        problems.append(Problem("cached_share", repr(word), "a share below 1", "write for example 0.4 or 40%"))
        return 0.0
    return value


def _trouble(draft: Draft) -> tuple[str, str, str] | None:
    """Why a benchmark is no point: got, wanted and fix."""
    if draft.unfinished:
        return draft.unfinished, "a run that ended", "run it again"
    completed, failed = max(draft.completed or 0.0, 0.0), max(draft.failed or 0.0, 0.0)
    if not completed or not _throughput(draft):
        return "no request ended", "a run with answers", "check that the server answers, and run it again"
    if failed > MOST_FAILED * (completed + failed):
        got = f"{failed:,.0f} of {completed + failed:,.0f} requests failed"
        return got, f"at most {MOST_FAILED:.0%}", "send fewer requests at once, or look into the server's log"
    if not (draft.input_tokens or 0) > 0 or not (draft.output_tokens or 0) > 0:
        return "lengths are missing", "tokens in and out of a request", "count tokens with the model's tokenizer"
    if contradiction := _contradiction(draft):
        return contradiction, "figures that agree", "run it again, and leave its result file as it is"
    if not _in_flight(draft):
        return "how many requests ran at once is missing", "a concurrency or a request rate", "state it when measuring"
    return None


def _contradiction(draft: Draft) -> str:
    """What two figures of a result say against one another; empty where they agree."""
    per_s, tokens_per_s = draft.requests_per_s, draft.output_tokens_per_s
    if draft.seconds is not None and draft.seconds <= 0:
        return f"the run took {draft.seconds:g} s"
    if per_s and draft.seconds and draft.completed and not _alike(draft.completed / draft.seconds, per_s):
        return f"{draft.completed:,.0f} requests in {draft.seconds:g} s are not {per_s:g} a second"
    if per_s and tokens_per_s and draft.output_tokens and not _alike(per_s * draft.output_tokens, tokens_per_s):
        return f"{per_s:g} requests/s of {draft.output_tokens:,.0f} tokens are not {tokens_per_s:,.0f} tokens/s"
    return ""


def _alike(one: float, other: float) -> bool:
    return other > 0 and 1 / CONTRADICTS < one / other < CONTRADICTS


def _beyond_the_card(draft: Draft, layout: _Layout) -> tuple[str, str, str] | None:
    """Why more was measured than the cards can compute: got, wanted and fix; None where they can.

    operations/s = 2 x active parameters x tokens/s (in without what is cached, and out), at most the peak in 8 bit
    """
    card, model = catalog.gpu(layout.card), served(layout.model)
    read = (draft.input_tokens or 0.0) * (1 - layout.cached_share)
    tokens_per_s = (_throughput(draft) or 0.0) * (read + (draft.output_tokens or 0.0))
    tflops = 2 * model.active * tokens_per_s / 1e12
    cards = layout.tensor * layout.pipeline * layout.replicas
    peak = 2 * max(card.peak_bf16_tflops, card.peak_fp8_tflops) * cards  # 4 bit doubles it where a card has it
    if tflops <= peak:
        return None
    got = f"{tflops:,.0f} TFLOP/s, where {cards} x {card.name} reach {peak:,.0f} at the most"
    return got, "what the cards can compute", "check model, card and cards, or state cached_share"


def _throughput(draft: Draft) -> float | None:
    """Requests per second, worked out from tokens where only those are stated."""
    stated, tokens_per_s, tokens = draft.requests_per_s, draft.output_tokens_per_s, draft.output_tokens
    if stated:
        return stated if stated > 0 else None
    return tokens_per_s / tokens if tokens_per_s and tokens and tokens_per_s > 0 and tokens > 0 else None


def _in_flight(draft: Draft) -> float | None:
    """Requests in flight over all replicas: those held up, those reported, or by Little's law.

    concurrency = requests/s x seconds of a request
    """
    if draft.streams and draft.request_rate is None:
        return min(draft.streams, draft.completed or draft.streams)
    seconds = draft.request_s
    first, each = draft.first_token_ms.mean, draft.per_token_ms.mean
    if seconds is None and first is not None and each is not None and draft.output_tokens:
        seconds = (first + each * (draft.output_tokens - 1)) / 1000
    rate = _throughput(draft)
    return draft.concurrency or (rate * seconds if rate and seconds else None)


def _point(draft: Draft, layout: _Layout, file_digest: str, notes: list[str]) -> MeasuredPoint:
    in_flight, per_s = _in_flight(draft) or 1.0, _throughput(draft) or 0.0
    output_tokens, completed = draft.output_tokens or 0.0, draft.completed or 0.0
    where = f"{draft.meter} {draft.where}".strip()
    kind = draft.kind
    if kind == "steady" and draft.request_rate is None and completed <= in_flight:
        kind = "burst"
        notes.append(f"{where}: all {completed:,.0f} requests ran at once, so it counts as a burst")
    elif kind == "steady" and completed < ROUNDS * in_flight:
        words = f"{counted(completed, 'request')} at {in_flight:,.0f} at once"
        notes.append(f"{where}: {words} is under {ROUNDS} rounds, so its beginning and end weigh in")
    tokens_per_s = per_s * output_tokens
    if draft.output_tokens_per_s and abs(draft.output_tokens_per_s / tokens_per_s - 1) > APART:
        words = f"requests/s x tokens of an answer is {tokens_per_s:,.0f} tokens/s"
        notes.append(f"{where}: {words}, the file says {draft.output_tokens_per_s:,.0f}; the first is taken")
    return MeasuredPoint(
        model=layout.model,
        card=layout.card,
        tensor=layout.tensor,
        pipeline=layout.pipeline,
        precision=layout.precision,
        engine=layout.engine,
        concurrency=max(in_flight / layout.replicas, 1.0),
        input_tokens=draft.input_tokens or 0.0,
        output_tokens=output_tokens,
        requests_per_s=per_s / layout.replicas,
        output_tokens_per_s=tokens_per_s / layout.replicas,
        kind=kind,
        engine_version=layout.engine_version,
        kv_precision=layout.kv_precision,
        adapters=layout.adapters,
        request_rate=draft.request_rate,
        max_concurrency=draft.streams,
        first_token_ms=draft.first_token_ms,
        per_token_ms=draft.per_token_ms,
        cached_share=layout.cached_share,
        completed=int(completed),
        failed=None if draft.failed is None else int(draft.failed),
        meter=draft.meter,
        date=draft.date,
        digest=file_digest,
        flags=draft.flags,
    )
