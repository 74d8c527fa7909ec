"""How frameworks train, by month, and which row of a stack or loss holds."""

import pytest

from tunecase import catalog


def test_frameworks_stacks_and_losses():
    """Each as of its month; without a row of its own a stack or loss takes that of what it is a kind of."""
    rows = [(name, month, catalog.framework_in(name, month)) for name, month, *_ in MONTHS]
    assert list(MONTHS) == [(name, month, row.name, row.loss) for name, month, row in rows]
    assert "transformers-wide" == catalog.stack("trl-wide", "lora", "eager").stack
    assert "transformers-unprepared" == catalog.stack("trl-unprepared", "qlora", "eager").stack
    assert "litgpt-2024" == catalog.stack("litgpt-2024-unprepared", "qlora", "eager").stack
    assert "transformers" == catalog.stack("torchtitan", "full", "eager").stack
    assert "narrow-fsdp2-compiled" == catalog.loss_memory("narrow-fsdp2-compiled", "chunked").stack
    assert "torchtitan" == catalog.loss_memory("torchtitan-compiled", "whole").stack
    assert catalog.loss_memory("unsloth", "chunked").most_gb == pytest.approx(4.295)
    names = {known.name for known in catalog.frameworks()} | {"*"}
    whole: dict[tuple[str, ...], float] = {}
    for row in catalog.read_table("habits"):
        assert row["framework"] in names
        key = tuple(row[part] for part in ("framework", "method", "cards", "choice"))
        whole[key] = whole.get(key, 0.0) + float(row["share"])
    assert all(total == pytest.approx(1, abs=0.02) for key, total in whole.items() if key[3] != "framework")


MONTHS = (
    ("trl", "2024-08", "trl-2025", "whole"), ("trl", "2025-01", "trl-2025", "shifted"),
    ("trl", "2025-11", "trl-2025", "whole"), ("trl", "2026-02", "trl", "whole"), ("trl", "2026-08", "trl", "chunked"),
    ("unsloth", "2024-05", "unsloth", "inplace"), ("unsloth", "2025-03", "unsloth", "fused"),
    ("unsloth", "2025-10", "unsloth", "chunked"), ("llama-factory", "2025-01", "llama-factory", "shifted"),
)  # fmt: skip
