"""Published serving measurements are read in any spelling, and no cell crashes the reader."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ROW = {
    "source": "someone",
    "date": "2025-10",
    "engine": "vllm",
    "engine_version": "0.11.0",
    "model": "llama-3.1-8b",
    "params_b": "8.03",
    "precision": "bf16",
    "gpu": "h100-sxm",
    "n_gpus": "1.0",
    "tp": "1",
    "concurrency_or_rate": "32",
    "input_len": "512.0",
    "output_len": "256",
    "output_tokens_per_s_per_gpu": "2000",
    "load_kind": "closed-loop",
}


@pytest.fixture(scope="module")
def rows() -> ModuleType:
    """The reader, which lies beside the benchmarks."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("serving_rows")
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_a_row_is_a_set_up_a_load_and_a_throughput(rows: ModuleType) -> None:
    """Each cell lands where it belongs."""
    run = rows.read_row(ROW, "one")
    assert (run.setup.card.name, run.setup.precision, run.setup.engine_date) == ("H100", "bf16", "2025-10")
    assert (run.load.input_tokens, run.load.output_tokens, run.load.concurrency) == (512, 256, 32)
    assert (run.tokens_per_s_per_card, run.measured, run.assumed) == (2000, True, ())


@pytest.mark.parametrize(
    ("name", "card"),
    [
        ("NVIDIA H100 80GB SXM5", "H100"), ("8xH100", "H100"), ("H100 PCIe 80GB", "H100-PCIE"), ("a100", "A100-80GB"),
        ("A100 SXM 80GB", "A100-80GB"), ("rtx-6000-ada", "RTX6000Ada"), ("mi300x-oam", "MI300X"), ("4090", "RTX4090"),
        ("2 x RTX 4090", "RTX4090"), ("H100x8", "H100"),
    ],
)  # fmt: skip
def test_a_card_has_many_names(rows: ModuleType, name: str, card: str) -> None:
    """Vendors, counts, forms and memory stand in any order."""
    assert rows.card_of(name).name == card


@pytest.mark.parametrize(
    ("text", "concurrency", "kind"),
    [
        ("inf", None, "offline"),
        ("224.0", 224, "steady"),
        ("inf (peak 1000)", 1000, "steady"),
        ("offline", None, "offline"),
    ],
)
def test_a_concurrency_is_a_number_or_all_at_once(
    rows: ModuleType, text: str, concurrency: float | None, kind: str
) -> None:
    """Requests of one length that come at once stay together."""
    load = rows.read_row({**ROW, "concurrency_or_rate": text}, "one").load
    assert (load.concurrency, load.kind) == (concurrency, kind)


def test_real_requests_that_come_at_once_thin_out(rows: ModuleType) -> None:
    """Fractional means are those of real requests, which differ in length."""
    row = {**ROW, "concurrency_or_rate": "inf (300 requests)", "input_len": "217.4"}
    assert rows.read_row(row, "one").load.kind == "burst"


def test_replicas_share_the_concurrency(rows: ModuleType) -> None:
    """Eight cards of single replicas serve an eighth each."""
    run = rows.read_row({**ROW, "n_gpus": "8"}, "one")
    assert (run.replicas, run.load.concurrency, run.setup.tensor) == (8, 4, 1)


@pytest.mark.parametrize(("gpu", "cards"), [("8x H100", 8), ("H100x2", 2)])
def test_the_name_of_a_card_may_count_them(rows: ModuleType, gpu: str, cards: int) -> None:
    """Where no column holds the number of cards."""
    assert rows.read_row({**ROW, "gpu": gpu, "n_gpus": "", "tp": ""}, "one").setup.cards == cards


@pytest.mark.parametrize(
    ("name", "engine", "month"),
    [
        ("sglang v0.4.6", "sglang", "2025-04"), ("Triton + TensorRT-LLM", "tensorrt-llm", ""),
        ("LightLLM", "other", ""), ("llama.cpp", "llama.cpp", ""),
    ],
)  # fmt: skip
def test_an_engine_has_many_names(rows: ModuleType, name: str, engine: str, month: str) -> None:
    """A version may stand in its cell; an unknown server is read as another, a program for one user is not."""
    setup = rows.read_row({**ROW, "engine": name, "engine_version": "", "date": ""}, "one").setup
    assert (setup.engine, setup.engine_date) == (engine, month)


@pytest.mark.parametrize(
    ("words", "precision"), [("W4A16", "int4"), ("16-bit", "fp16"), ("8 bit", "int8"), ("FP8-dynamic", "fp8")]
)
def test_a_precision_has_many_names(rows: ModuleType, words: str, precision: str) -> None:
    """Bits, kernels and formats."""
    assert rows.read_row({**ROW, "precision": words}, "one").setup.precision == precision


def test_a_pipeline_is_no_tensor_parallelism(rows: ModuleType) -> None:
    """The layout names the stages."""
    run = rows.read_row({**ROW, "n_gpus": "4", "parallel": "tp1 pp4"}, "one")
    assert (run.setup.tensor, run.setup.pipeline, run.replicas) == (1, 4, 1)


def test_a_throughput_is_derived_from_times_where_none_is_stated(rows: ModuleType) -> None:
    """Requests in flight over their time, and kept apart from what was measured."""
    row = {**ROW, "output_tokens_per_s_per_gpu": "", "ttft_ms": "1000", "tpot_ms": "10"}
    run = rows.read_row(row, "one")
    assert run.tokens_per_s_per_card == pytest.approx(32 * 256 / (1 + 0.01 * 255))
    assert not run.measured


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"gpu": "jetson-orin"}, "unknown gpu"),
        ({"model": "mystery", "params_b": ""}, "unknown model"),
        ({"n_gpus": "", "tp": ""}, "cards"),
        ({"output_len": ""}, "output length"),
        ({"output_tokens_per_s_per_gpu": ""}, "no throughput"),
        ({"load_kind": "request-rate"}, "open load"),
        ({"engine": "hosted-api"}, "hosted"),
    ],
)
def test_a_row_that_cannot_be_compared_says_why(rows: ModuleType, changed: dict[str, str], why: str) -> None:
    """Nothing is guessed where a comparison would rest on it."""
    assert why in rows.read_row({**ROW, **changed}, "one").why


def test_what_is_assumed_is_named(rows: ModuleType) -> None:
    """A blank precision and input length are assumptions."""
    run = rows.read_row({**ROW, "precision": "", "input_len": "nan"}, "one")
    assert (run.assumed, run.setup.precision) == (("precision", "input length"), "fp16")


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(ROW)), st.one_of(st.text(max_size=12), st.just(""), st.just("nan"))))
def test_no_cell_crashes_the_reader(rows: ModuleType, cells: dict[str, str]) -> None:
    """Any text in any cell gives a run or a reason."""
    assert isinstance(rows.read_row({**ROW, **cells}, "one"), rows.Run | rows.Skipped)


def test_repeats_are_left_out(rows: ModuleType, tmp_path: Path) -> None:
    """The same measurement under two names counts once."""
    lines = [",".join(["id", *ROW]), ",".join(["a", *ROW.values()]), ",".join(["b", *ROW.values()])]
    (tmp_path / "runs.csv").write_text("\n".join(lines), encoding="utf-8")
    runs, skipped = rows.read_runs(tmp_path / "runs.csv")
    assert (len(runs), [row.why for row in skipped]) == (1, ["an exact repeat"])
