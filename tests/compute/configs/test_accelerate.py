"""An accelerate file gives GPUs, sharding and precision, for a configuration beside it."""

from tests.compute.configs.reading import found, refusal, said

FSDP = """\
compute_environment: LOCAL_MACHINE
distributed_type: FSDP
downcast_bf16: 'no'
fsdp_config:
  fsdp_activation_checkpointing: true
  fsdp_auto_wrap_policy: TRANSFORMER_BASED_WRAP
  fsdp_offload_params: false
  fsdp_reshard_after_forward: FULL_SHARD
  fsdp_version: 2
machine_rank: 0
mixed_precision: bf16
num_machines: 2
num_processes: 16
use_cpu: false
"""
ZERO = """\
compute_environment: LOCAL_MACHINE
deepspeed_config:
  gradient_accumulation_steps: 4
  offload_optimizer_device: none
  offload_param_device: cpu
  zero3_init_flag: true
  zero_stage: 3
distributed_type: DEEPSPEED
mixed_precision: 'no'
num_processes: 8
"""


def test_fsdp(tmp_path):
    """Processes over machines, full sharding, and its checkpointing."""
    run = found(tmp_path, FSDP)
    names = ("gpus", "gpus_per_node", "sharding", "checkpointing", "precision", "offload")
    assert (16, 8, "fsdp", "full", "bf16", None) == said(run, *names)
    assert not run.alone


def test_deepspeed(tmp_path):
    """Stage and devices of DeepSpeed; weights offloaded alone are counted with the states."""
    run = found(tmp_path, ZERO)
    assert ("zero3", "all", 8, 4, None) == said(run, "sharding", "offload", "gpus", "accumulation", "precision")
    assert any("optimizer states are not" in note for note in run.notes)


def test_deepspeed_file_inside(tmp_path):
    """The DeepSpeed file that an accelerate file names is followed."""
    (tmp_path / "ds.json").write_text('{"zero_optimization": {"stage": 1}}')
    text = "distributed_type: DEEPSPEED\ndeepspeed_config:\n  deepspeed_config_file: ds.json\nnum_processes: 2\n"
    assert ("zero1", 2) == said(found(tmp_path, text), "sharding", "gpus")


def test_other_kinds(tmp_path):
    """Copies on each GPU, one process, and Megatron's parallelism."""
    assert ("ddp", 4) == said(found(tmp_path, "distributed_type: MULTI_GPU\nnum_processes: 4\n"), "sharding", "gpus")
    assert ("none", 1) == said(found(tmp_path, "distributed_type: 'NO'\nnum_processes: 1\n"), "sharding", "gpus")
    text = "distributed_type: MEGATRON_LM\nnum_processes: 8\nmegatron_lm_config:\n  megatron_lm_tp_degree: 2\n"
    run = found(tmp_path, text + "  megatron_lm_pp_degree: 2\n  megatron_lm_use_distributed_optimizer: true\n")
    assert (2, 2, "zero1") == said(run, "tensor_parallel", "pipeline_parallel", "sharding")


def test_bad_values(tmp_path):
    """A value that accelerate could not launch is told with its line."""
    cases = [
        ("num_processes: 16", "num_processes: 0", "run.yaml:13: num_processes"),
        ("num_processes: 16", "num_processes: many", "a whole number"),
        ("num_processes: 16", "num_processes: 15", "the same number on each machine"),
        ("distributed_type: FSDP", "distributed_type: TPU", "a run on GPUs"),
        ("use_cpu: false", "use_cpu: true", "a run on GPUs"),
        ("mixed_precision: bf16", "mixed_precision: bf61", "did you mean bf16"),
        ("FULL_SHARD", "SOME_SHARD", "fsdp_config.fsdp_reshard_after_forward"),
        ("distributed_type: FSDP", "distributed_type: 'NO'", "16 with distributed_type NO"),
    ]
    assert [] == [
        (old, new, words) for old, new, words in cases if words not in refusal(tmp_path, FSDP.replace(old, new))
    ]
