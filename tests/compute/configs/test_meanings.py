"""Words of the tools mean words of a recipe."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tunecase import catalog
from tunecase.compute.configs import meanings, trainer, trl
from tunecase.compute.configs.settings import Run, Settings
from tunecase.compute.recipe import WORDS


def settings(content):
    """The fields of a file."""
    return Settings(content, "a.yaml", Run("a tool", "a.yaml"))


def test_optimizers():
    """Spellings of one optimizer are one name; a class path counts by its last part."""
    names = ["adamw_torch", "AdamW_8bit", "bitsandbytes.optim.PagedAdamW8bit", "sgd", "lion_32bit", "adamw_torch_fused"]
    read = [meanings.optimizer(settings({"optim": name}), "optim") for name in names]
    assert ["adamw", "adamw_8bit", "paged_adamw_8bit", "sgd", "lion", "adamw_fused"] == read
    fields = settings({"optim": "novelty"})
    assert "adamw" == meanings.optimizer(fields, "optim")
    assert "novelty is not in the tables" in fields.run.notes[0]


def test_optimizers_are_in_the_tables():
    """Every name that a reader gives has a row."""
    if not (Path(catalog.__file__).parent / "tables" / "optimizers.csv").is_file():
        pytest.skip("the table of optimizers is not there")
    known = {row["name"] for row in catalog.read_table("optimizers")}
    assert {*meanings.OPTIMIZERS.values(), *meanings.OPTIMIZERS_NEAR.values()} <= known


def test_attention():
    """Only eager attention stores the scores; an unknown kernel is noted."""
    words = ["eager", "disabled", "sdpa", "flash_attention_3", "kernels-community/flash-attn2"]
    assert ["eager", "eager", "flash", "flash", "flash"] == [
        meanings.attention(settings({"attn": word}), "attn") for word in words
    ]
    fields = settings({"attn": "hyper"})
    assert "flash" == meanings.attention(fields, "attn")
    assert fields.run.notes


def test_targets():
    """Sets of modules become words where one means them."""
    every = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    assert "all" == meanings.targets(every) == meanings.targets(["model.layers.x.q_proj", "all-linear"])
    assert "attention" == meanings.targets(every[:4])
    assert ("gate_proj",) == meanings.targets(["gate_proj"])
    assert meanings.targets(None) is None


def test_goals():
    """Goals of the table are read, in a tool's own word too, others refused."""
    named_read = (("sft", "sft"), ("ipo", "dpo"), ("orpo", "orpo"), ("kto", "kto"), ("grpo", "grpo"), ("gkd", None))
    for named, read in named_read:
        fields = settings({"rl": named})
        assert read == meanings.goal(fields, "rl", named)
        assert (read is None) == bool(fields.run.problems)
        assert read is None or read in WORDS["objective"]


def test_sharded_weights_in_32_bit():
    """Full fine-tuning under sharding keeps 32-bit weights, adapters and copies do not change."""
    for changes, masters in (({}, "32-bit"), ({"method": "lora"}, None), ({"sharding": "ddp"}, None)):
        asked: dict[str, object] = {"method": "full", "sharding": "zero3", "precision": "bf16", **changes}
        meanings.raised(asked)
        assert masters == asked.get("masters")


@pytest.mark.needs("train")
def test_defaults_are_those_of_the_installed_tools():
    """The defaults taken for TRL and the Trainer are those of the installed releases."""
    from transformers import TrainingArguments
    from trl import DPOConfig, ModelConfig, SFTConfig

    def default(kind: Any, name: str) -> Any:
        return next(field.default for field in fields(kind) if field.name == name)

    assert trainer.MICRO_BATCH == default(TrainingArguments, "per_device_train_batch_size")
    assert trainer.ACCUMULATION.default == default(TrainingArguments, "gradient_accumulation_steps")
    assert trainer.EPOCHS == default(TrainingArguments, "num_train_epochs")
    assert "adamw_torch_fused" == default(TrainingArguments, "optim")
    assert trl.SEQUENCE == default(SFTConfig, "max_length") == default(DPOConfig, "max_length")
    assert trl.RANK.default == default(ModelConfig, "lora_r")
    assert "float32" == default(ModelConfig, "dtype")
    assert (True, False, False) == (
        default(SFTConfig, "gradient_checkpointing"),
        default(SFTConfig, "packing"),
        default(ModelConfig, "use_bnb_nested_quant"),
    )
