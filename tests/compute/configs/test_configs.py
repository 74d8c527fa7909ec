"""Any file is read as one tool's configuration, or refused in words; nothing else ever happens."""

import json
import os
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.compute.configs.reading import refusal
from tests.compute.configs.test_accelerate import FSDP
from tests.compute.configs.test_axolotl import QLORA
from tests.compute.configs.test_deepspeed import ZERO2
from tests.compute.configs.test_llama_factory import LORA
from tests.compute.configs.test_torchtune import LORA as TUNE
from tests.compute.configs.test_trl import SFT
from tests.laws import law
from tunecase.compute.configs.read import READERS, read_config, read_content
from tunecase.errors import InputError

EXAMPLES = [yaml.safe_load(text) for text in (QLORA, LORA, SFT, TUNE, FSDP)] + [ZERO2]
KEYS = sorted({key for example in EXAMPLES for key in example} | {"fsdp", "fsdp_config", "deepspeed", "rl", "stage"})
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.sampled_from(["auto", "true", "8"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([*KEYS, "stage", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


def test_refused_files(tmp_path):
    """What is no configuration, or could grow or run, is refused, and never as a project file."""
    cases = [
        ("colour: red\n", "fields such as colour"), ("- a\n- b\n", "no fields"), ("", "an empty file"),
        ("a: &x 1\nb: *x\n", "an anchor or alias"), ("a: [" * 20 + "]" * 20, "more than 12 levels"),
        ("a: !!python/object:os.system x\n", "the tag"), ("a: 'b", "run.yaml"), ("a: " + "x" * 1_000_001, "1,000,00"),
        ("base_model: a/b\nmerge_method: slerp\nmodels: [a]\n", "fields such as base_model"),
        ("model: a/b\noutput_dir: out\nmax_steps: 9\npeft_config: {name: lora}\n", "fields such as model"),
        ("model: a/b\nper_device_train_batch_size: 1\nnum_train_epochs: 1\ntuner_type: lora\n", "fields such as model"),
        ("model: {_component_: torchtune.models.gemma.gemma_2b}\nprompt: hello\n", "fields such as model"),
        ("model_type: llama\nhidden_size: 8\n", "give it as the model"),
    ]  # fmt: skip
    for content, words in cases:
        said = refusal(tmp_path, content)
        assert words in said
        assert "project" not in said


def test_missing_files(tmp_path):
    """A missing file, a folder and bytes that are no text are refused."""
    for path in (tmp_path / "none.yaml", tmp_path, tmp_path / "none.json"):
        with pytest.raises(InputError, match="training configuration"):
            read_config(path)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read_config(tmp_path / "bytes.json")


def test_mistakes_of_both_files_are_told_together(tmp_path):
    """A broken configuration and a missing companion are told at once, each by its own file."""
    (tmp_path / "run.yaml").write_text("base_model: [a: b\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_config(tmp_path / "run.yaml", tmp_path / "none.yaml")
    broken, missing = refused.value.problems
    assert ("run.yaml:2:1", "YAML") == (broken.where, broken.wanted)
    assert "none.yaml" in missing.where
    assert ("no such file", "an accelerate or DeepSpeed file beside the configuration") == (missing.got, missing.wanted)


def test_files_that_name_themselves(tmp_path):
    """A configuration named as its own companion is refused, and a device is never opened."""
    assert "not both" in refusal(tmp_path, QLORA + "deepspeed: run.yaml\n")
    (tmp_path / "run.yaml").write_text(QLORA + f"deepspeed: {os.devnull}\n")
    assert any("is not there" in note for note in read_config(tmp_path / "run.yaml").notes)


def refused_or_read(read):
    """True where a reader gives a run, or mistakes that say what is wanted."""
    try:
        return read().values is not None
    except InputError as error:
        return all(problem.wanted and problem.fix for problem in error.problems) and bool(error.problems)


@given(content=st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=8)), VALUES, max_size=10))
@law(150)
def test_any_fields(content):
    """Any fields are read or refused, whichever reader they reach."""
    for read in READERS:
        read(content, "any.yaml")
    assert refused_or_read(lambda: read_content(content, "any.yaml"))


@given(example=st.sampled_from(EXAMPLES), changes=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4))
@law(150)
def test_any_change_of_a_real_file(example, changes):
    """A real configuration with any values put in is read or refused, as YAML and as JSON."""
    content = {**example, **changes}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("a.yaml", yaml.safe_dump(content)), ("a.json", json.dumps(content, indent="\t"))):
            path = Path(folder) / name
            path.write_text(text, encoding="utf-8")
            assert refused_or_read(lambda path=path: read_config(path, gpus=2))


def test_a_companion_outside_of_the_folder_is_not_opened(tmp_path):
    """A configuration may not name a file elsewhere on the machine, nor a link that leads there."""
    (tmp_path / "secret.json").write_text('{"zero_optimization": {"stage": 3}}')
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    for name in (tmp_path / "secret.json", "../secret.json", "link.json"):
        (folder / "run.yaml").write_text(QLORA + f"deepspeed: {name}\n")
        run = read_config(folder / "run.yaml")
        assert "sharding" not in run.values
        assert any("is not there" in note for note in run.notes)
