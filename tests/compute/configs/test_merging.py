"""A configuration and the accelerate or DeepSpeed file beside it make one run."""

import json

from tests.compute.configs.reading import refusal, said
from tests.compute.configs.test_accelerate import FSDP, ZERO
from tests.compute.configs.test_trl import SFT
from tunecase.compute.configs.merging import merged, settled
from tunecase.compute.configs.read import read_config
from tunecase.compute.configs.settings import RunConfig

FULL = SFT.replace("use_peft: true\n", "")


def both(folder, primary, companion, name="accelerate.yaml"):
    """The run of two files."""
    (folder / "trl.yaml").write_text(primary)
    (folder / name).write_text(companion)
    return read_config(folder / "trl.yaml", folder / name)


def test_trl_with_accelerate(tmp_path):
    """accelerate's file gives GPUs and sharding; full fine-tuning then keeps 32-bit weights."""
    run = both(tmp_path, FULL, FSDP)
    names = ("gpus", "gpus_per_node", "sharding", "masters", "micro_batch", "checkpointing")
    assert (16, 8, "fsdp", "32-bit", 4, "full") == said(run, *names)
    assert not any("how many GPUs" in note for note in run.notes)
    assert (500 * 4 * 2 * 16 * 2048,) == said(run, "train_tokens")


def test_order_does_not_matter(tmp_path):
    """The file that accompanies may come first."""
    (tmp_path / "trl.yaml").write_text(FULL)
    (tmp_path / "accelerate.yaml").write_text(FSDP)
    run = read_config(tmp_path / "accelerate.yaml", tmp_path / "trl.yaml")
    assert ("TRL", "fsdp") == (run.kind, run.values["sharding"])


def test_the_configuration_goes_before_accelerate(tmp_path):
    """Where both state a size, the configuration's holds and a note says so; a default gives way."""
    run = both(tmp_path, FULL, ZERO)
    assert ("zero3", 2) == said(run, "sharding", "accumulation")
    assert "accumulation is 2 in trl.yaml and 4 in accelerate.yaml: the former holds" in run.notes
    run = both(tmp_path, FULL.replace("gradient_accumulation_steps: 2\n", ""), ZERO)
    assert (4,) == said(run, "accumulation")
    assert not any("gradient_accumulation_steps" in note for note in run.notes)


def test_deepspeed_must_agree(tmp_path):
    """Sizes that differ from the DeepSpeed file's stop the Trainer, so they are problems."""
    content = {"zero_optimization": {"stage": 3}, "train_micro_batch_size_per_gpu": 1}
    (tmp_path / "trl.yaml").write_text(FULL)
    (tmp_path / "ds.json").write_text(json.dumps(content))
    words = refusal(tmp_path, FULL, "trl.yaml", companion=tmp_path / "ds.json")
    assert "micro_batch 1, but 4 in trl.yaml" in words


def test_two_ways_of_sharding(tmp_path):
    """FSDP in one file and ZeRO in the other is a mistake; a plain launch of several processes is none."""
    (tmp_path / "accelerate.yaml").write_text(ZERO)
    words = refusal(tmp_path, FULL + "fsdp: full_shard\n", companion=tmp_path / "accelerate.yaml")
    assert "sharding zero3, but fsdp" in words
    run = both(tmp_path, FULL + "fsdp: full_shard\n", "distributed_type: MULTI_GPU\nnum_processes: 2\n")
    assert ("fsdp", 2) == said(run, "sharding", "gpus")


def test_two_configurations(tmp_path):
    """Two configurations that each stand alone are refused."""
    (tmp_path / "b.yaml").write_text(SFT)
    assert "not both" in refusal(tmp_path, SFT, companion=tmp_path / "b.yaml")


def test_checkpointing_inside_fsdp(tmp_path):
    """FSDP's own checkpointing holds whatever the configuration says."""
    text = FULL.replace("gradient_checkpointing: true", "gradient_checkpointing: false")
    assert ("full",) == said(both(tmp_path, text, FSDP), "checkpointing")


def test_gpus_as_asked(tmp_path):
    """The user's number of GPUs goes before the files', with a note; parallel sizes must divide it."""
    found = merged(
        RunConfig("TRL", {"model": "a"}), RunConfig("accelerate", {"gpus": 4}, stated=frozenset({"gpus"}), alone=False)
    )
    run = settled(found, 2)
    assert (2, "ddp") == said(run, "gpus", "sharding")
    assert "2 GPUs as asked, not 4 as the files say" in run.notes
    run = settled(RunConfig("TRL", {"gpus": 3, "tensor_parallel": 2}, where="x.yaml"))
    assert ["x.yaml"] == [problem.where for problem in run.problems]
