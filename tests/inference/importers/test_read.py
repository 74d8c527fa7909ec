"""What is missing, wrong or broken in result files is said, all at once."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.inference.importers.meters import (
    STATED,
    aiperf_result,
    guidellm_benchmark,
    guidellm_report,
    vllm_result,
    written,
)
from tests.laws import law
from tunecase.errors import InputError
from tunecase.inference import read_points
from tunecase.inference.importers import read


def refused(path: Path, stated: dict[str, str]) -> str:
    """The words in which a file is refused."""
    with pytest.raises(InputError) as caught:
        read_points(path, stated)
    return str(caught.value)


def test_everything_missing_is_named_at_once(tmp_path: Path) -> None:
    """Without words, a result of vLLM's benchmark lacks card, tensor, precision and engine."""
    words = refused(written(tmp_path / "run.json", vllm_result()), {})
    assert all(f"give --{name}" in words for name in ("gpu", "gpus", "precision", "engine"))


def test_every_wrong_word_is_named_at_once(tmp_path: Path) -> None:
    """Unknown names, numbers that are none and words of another kind are told together."""
    stated = {"gpu": "H1000", "tensor": "two", "precision": "fp7", "engine": "vlm", "cached_share": "2", "gpus": "1"}
    words = refused(written(tmp_path / "run.json", vllm_result()), stated)
    assert all(word in words for word in ("H1000", "'two'", "'fp7'", "'vlm'", "cached_share", "gpus"))


def test_a_contradiction_is_a_mistake_but_for_the_model(tmp_path: Path) -> None:
    """The file's own words stand; a served model's name may be an alias, so there the user's word counts."""
    path = written(tmp_path / "run.json", vllm_result(gpu="H200", model_id="/models/ours"))
    assert "but run.json says H200" in refused(path, {**STATED, "model": "llama-3.1-8b"})
    (point,) = read_points(path, {**STATED, "gpu": "NVIDIA H200", "model": "llama-3.1-8b"}).points
    assert (point.card, point.model) == ("H200", "llama-3.1-8b")


def test_a_tuned_model_needs_its_base(tmp_path: Path) -> None:
    """A model whose dimensions are not known is asked for."""
    assert "--model" in refused(written(tmp_path / "run.json", vllm_result(model_id="ours/tuned")), STATED)


def test_replicas_share_the_load(tmp_path: Path) -> None:
    """A point is that of one replica."""
    (point,) = read_points(written(tmp_path / "run.json", vllm_result()), {**STATED, "replicas": "4"}).points
    assert (point.concurrency, point.requests_per_s, point.output_tokens_per_s) == (4, 2.0, 400.0)


def test_runs_that_are_no_point_are_refused(tmp_path: Path) -> None:
    """Empty, failing and incomplete runs say what is wrong with them."""
    cases = [
        ({"completed": 0, "request_throughput": 0.0, "output_throughput": 0.0}, "no request ended"),
        ({"request_throughput": float("nan"), "output_throughput": float("nan")}, "no request ended"),
        ({"request_throughput": -8.0}, "no request ended"),
        ({"completed": 140, "failed": 20}, "20 of 160 requests failed"),
        ({"total_output_tokens": None}, "lengths are missing"),
        ({"request_rate": 8.0, "mean_ttft_ms": None, "mean_e2el_ms": None}, "how many requests ran at once"),
    ]  # fmt: skip
    assert [] == [
        (changed, why)
        for changed, why in cases
        if why not in refused(written(tmp_path / "run.json", vllm_result(**changed)), STATED)
    ]


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    """Broken JSON and JSON of other tools is told from results."""
    cases = [
        ("", "an empty file"), ('{"request_throughput": 1.0, ', "not JSON, or cut off"),
        ("[" * 100_000, "not JSON, or cut off"), ("[]", "JSON of another kind"),
        ('{"benchmarks": []}', "JSON of another kind"), ('{"accuracy": 0.9}', "JSON of another kind (accuracy)"),
    ]  # fmt: skip
    for text, why in cases:
        path = tmp_path / "run.json"
        path.write_text(text, encoding="utf-8")
        assert why in refused(path, STATED)


def test_unreadable_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is missing, too large, not text or full of benchmarks is no result."""
    assert "no such file" in refused(tmp_path / "none.json", STATED)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00\x01")
    assert "not UTF-8" in refused(tmp_path / "binary.json", STATED)
    path = written(tmp_path / "run.json", vllm_result())
    monkeypatch.setattr(read, "MOST_BYTES", 100)
    assert "at most 100" in refused(path, STATED)
    monkeypatch.undo()
    monkeypatch.setattr(read, "MOST_POINTS", 1)
    two = guidellm_report(*[guidellm_benchmark({"type_": "synchronous"}, 1.0)] * 2)
    assert "split the file" in refused(written(tmp_path / "two.json", two), STATED)


def test_short_runs_are_told(tmp_path: Path) -> None:
    """A run of fewer than three rounds is noted; one round is a burst."""
    path = written(tmp_path / "run.json", vllm_result(max_concurrency=100))
    assert "under 3 rounds" in read_points(path, STATED).notes[0]
    found = read_points(written(tmp_path / "one.json", vllm_result(max_concurrency=200)), STATED)
    assert found.points[0].kind == "burst"
    assert "counts as a burst" in found.notes[0]


BODIES = [
    vllm_result(),
    guidellm_report(guidellm_benchmark({"type_": "concurrent", "streams": 8}, 5.0)),
    aiperf_result(),
]
ODD = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=5), st.just([]), st.just({}))


def _places(body: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [place for key, value in items for place in [(*above, key), *_places(value, (*above, key))]]


@law(60, HealthCheck.function_scoped_fixture)
@given(data=st.data())
def test_no_odd_value_breaks_the_reader(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever stands in place of one value, the file gives finite points or is refused as input."""
    body = json.loads(json.dumps(data.draw(st.sampled_from(BODIES))))
    *above, last = data.draw(st.sampled_from(_places(body)))
    inner = body
    for key in above:
        inner = inner[key]
    inner[last] = data.draw(ODD)
    try:
        points = read_points(written(tmp_path / "run.json", body), STATED).points
    except InputError:
        return
    for point in points:
        assert 0 < point.output_tokens_per_s < float("inf")
        assert 1 <= point.concurrency < float("inf")
