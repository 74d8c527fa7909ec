"""Engines are found by any name, and their releases by date."""

from tunecase.inference import released
from tunecase.inference.engines import engine


def test_an_engine_has_many_names() -> None:
    """Case, hyphens and usual short names do not matter."""
    cases = [("vLLM", "vllm"), ("TRT-LLM", "tensorrt-llm"), ("TurboMind", "lmdeploy")]
    for name, found in cases:
        known = engine(name)
        assert known.name == found


def test_an_unknown_engine_is_none_and_other_is_not() -> None:
    """`other` is read as an engine that runs from Python."""
    assert engine("my-server") is None
    other = engine("other")
    assert other.overheads == "python"


def test_a_release_has_the_month_of_the_last_one_known() -> None:
    """What lies between two known releases has the older one's month; what is not a number has none."""
    cases = [
        ("0.6.3.post1", "2024-10"), ("v0.6.0", "2024-09"), ("0.5.1", "2024-06"), ("0.0.1", ""), ("nightly", ""),
    ]  # fmt: skip
    assert [] == [(version, month) for version, month in cases if released("vllm", version) != month]


def test_releases_of_an_engine_are_in_order() -> None:
    """No later version of the table has an earlier month."""
    for name, versions in (("vllm", ("0.4", "0.6", "0.8", "0.11")), ("sglang", ("0.2", "0.4", "0.5.6"))):
        months = [released(name, version) for version in versions]
        assert months == sorted(months)
        assert "" not in months
