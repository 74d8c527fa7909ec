"""The worker of the TRL trainer: reads run.json, fine-tunes, answers the test rows, writes metrics and answers.

    python -m tunecase.pilot.trainers.trl_worker run.json

With several GPUs it starts `accelerate launch` on itself, and answers with the saved adapter once all ranks are gone.
"""

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase.pilot.trainers import answering, machine, prompts
from tunecase.pilot.trainers.contract import LEARNT_NATS, append_metrics, learnt, read_rows, read_run, write_answers
from tunecase.pilot.trainers.translate import launch_arguments, lora_arguments, sft_arguments

ADAPTER = "adapter"
# Rows of the training set on which the loss is taken after training, as the trainer "lora" does.
LOSS_ROWS = 128


@dataclass(frozen=True)
class Lesson:
    """A run as token ids: prompts, wanted answers with their end, test prompts, and all choices with their end."""

    asks: Sequence[Sequence[int]]
    wants: Sequence[Sequence[int]]
    own: Sequence[int]
    tests: Sequence[Sequence[int]]
    choices: Sequence[Sequence[int]]


def main(path: Path) -> None:
    """Trains as run.json says: as one of several ranks, as their launcher, or alone."""
    run, folder = read_run(path), path.parent
    if "LOCAL_RANK" in os.environ:
        _train(run, folder, *_loaded(run, on_one=False), launched=True)
    elif run["settings"]["gpus"] > 1 and run["settings"]["steps"]:
        _check_gpus(run["settings"]["gpus"])
        launch = [sys.executable, "-m", "accelerate.commands.launch", *launch_arguments(run["settings"])]
        subprocess.run([*launch, "-m", "tunecase.pilot.trainers.trl_worker", str(path)], check=True)  # noqa: S603
        answer_with_saved(run, folder)
    else:
        tokenizer, net = _loaded(run, on_one=True)
        if run["settings"]["steps"]:
            net = _train(run, folder, tokenizer, net, launched=False)
        _answer(run, folder, tokenizer, net)


def answer_with_saved(run: Mapping[str, Any], folder: Path) -> None:
    """Answers with what the ranks saved, once their memory is free again."""
    tokenizer, net = _loaded(run, on_one=True, adapter=folder / ADAPTER)
    loss = _nats(net, _lesson(run, folder, tokenizer, net))
    line: dict[str, Any] = {"train_loss": loss}
    if run["kind"] == "classification":  # of free answers the loss before training is not known
        line["converged"] = loss <= LEARNT_NATS
    append_metrics(folder, line)
    _answer(run, folder, tokenizer, net)


def _check_gpus(wanted: int) -> None:
    import torch

    here = torch.cuda.device_count()
    if here < wanted:
        sys.exit(f"the settings ask for {wanted} GPUs, and this machine shows {here}: set gpus to {here} or fewer")


def _loaded(run: Mapping[str, Any], *, on_one: bool, adapter: Path | None = None) -> tuple[Any, Any]:
    """Tokenizer and network, on the GPU where there is one and nothing shards it."""
    import torch
    from transformers import AutoTokenizer

    on_gpu = torch.cuda.is_available()
    if not on_gpu:
        torch.set_num_threads(max(1, int(os.environ.get("OMP_NUM_THREADS", "1"))))
    tokenizer = AutoTokenizer.from_pretrained(run["weights"], trust_remote_code=False)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    how = _number_and_quantisation(run, on_gpu)
    net = _network(run["weights"], **how)
    if adapter is not None and (adapter / "adapter_config.json").exists():
        from peft import PeftModel

        answering.check_adapter(adapter)
        net = PeftModel.from_pretrained(net, adapter)
    elif adapter is not None:
        net = _network(adapter, dtype=how["dtype"])
    return tokenizer, net.to("cuda") if on_gpu and on_one and "quantization_config" not in how else net


def _network(weights: str | Path, **how: Any) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(weights, trust_remote_code=False, use_safetensors=True, **how)


def _number_and_quantisation(run: Mapping[str, Any], on_gpu: bool) -> dict[str, Any]:
    """How the weights are held: the type of number, and for QLoRA their quantisation."""
    number = {"float32": "float32", "bf16": "bfloat16", "fp16": "float16"}[_precision(run, on_gpu)]
    method = run["settings"]["method"]
    if method == "full":
        return {"dtype": "float32"}  # the optimiser needs full weights; mixed precision does the rest
    if method != "qlora":
        return {"dtype": number}
    quantised = importlib.import_module("transformers").BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=number,
        bnb_4bit_quant_storage=number,  # sharding wants one type of number
    )
    return {"dtype": number, "quantization_config": quantised}


def _precision(run: Mapping[str, Any], on_gpu: bool) -> str:
    import torch

    precision = str(run["settings"]["precision"])
    if precision != "auto":
        return precision
    if on_gpu:
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    return "bf16" if machine.number_type("cpu") == "bfloat16" else "float32"


def _train(run: Mapping[str, Any], folder: Path, tokenizer: Any, net: Any, launched: bool) -> Any:
    """Fine-tunes; returns the network, or saves it where a launcher waits for it."""
    # By name, since these packages tell a type checker little; `trl` here is the library, not the file beside this one.
    datasets, trl = (importlib.import_module(name) for name in ("datasets", "trl"))
    lesson, log = _lesson(run, folder, tokenizer, net), _log(folder)
    pairs = list(zip(lesson.asks, lesson.wants, strict=True))
    rows = {
        "input_ids": [[*ask, *want] for ask, want in pairs],
        "completion_mask": [[0] * len(ask) + [1] * len(want) for ask, want in pairs],
    }
    append_metrics(folder, {"longest_row": min(max(map(len, rows["input_ids"])), run["settings"]["sequence_tokens"])})
    trainer = trl.SFTTrainer(
        model=net,
        args=trl.SFTConfig(**_arguments(run, folder)),
        train_dataset=datasets.Dataset.from_dict(rows),
        processing_class=tokenizer,
        peft_config=_adapters(run["settings"], net),
        callbacks=[log],
    )
    first = None if run["kind"] == "classification" or launched else _nats(trainer.model, lesson)
    log.started = time.perf_counter()
    trainer.train()
    if launched:
        trainer.save_model(str(folder / ADAPTER))
        return None
    tuned: Any = trainer.accelerator.unwrap_model(trainer.model).eval()
    loss = _nats(tuned, lesson)
    losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    converged = loss <= LEARNT_NATS if first is None else learnt(first, loss, losses)
    append_metrics(folder, {"train_loss": loss, "converged": converged})
    return tuned


def _arguments(run: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    import torch

    on_gpu = torch.cuda.is_available()
    return sft_arguments(
        run["settings"], seed=run["seed"], folder=str(folder / "work"), precision=_precision(run, on_gpu), on_gpu=on_gpu
    )


def _adapters(settings: Mapping[str, Any], net: Any) -> Any:
    if settings["method"] == "full":
        return None
    model_layers = int(net.config.get_text_config().num_hidden_layers)
    return importlib.import_module("peft").LoraConfig(**lora_arguments(settings, model_layers))


def _lesson(run: Mapping[str, Any], folder: Path, tokenizer: Any, net: Any) -> Lesson:
    settings = run["settings"]
    texts, labels = read_rows(folder / run["train"])
    tests, _ = read_rows(folder / run["test"])
    is_classes = run["kind"] == "classification"
    choices = tuple(dict.fromkeys((*run["choices"], *labels))) if is_classes else ()
    positions = int(getattr(net.config.get_text_config(), "max_position_embeddings", 0) or 2048)
    shown = [pair for pair in zip(texts, labels, strict=True) if pair[0] not in frozenset(tests)]
    most = settings["sequence_tokens"]
    form = prompts.form(
        tokenizer,
        prompts.Asking(run["kind"], settings["style"], settings["names"], choices),
        prompts.choose_shots(shown, settings["shots"], run["seed"], is_classes),
        prompts.Room(most, min(positions, most)),  # a text is cut before its answer would be
    )

    def laid(rows: Sequence[str]) -> list[tuple[int, ...]]:
        return [(*form.before, *ask) for ask in prompts.encode(tokenizer, form, rows)[0]]

    def ended(rows: Sequence[str]) -> list[tuple[int, ...]]:
        return [(*answer, form.end) for answer in prompts.answers(tokenizer, form, rows)]

    own = [choices.index(label) for label in labels] if is_classes else []
    return Lesson(laid(texts), ended(labels), own, laid(tests), ended(choices))


def _nats(net: Any, lesson: Lesson) -> float:
    """Mean loss on some of the training rows: per label of classes, per token of free answers [nats]."""
    some = range(0, len(lesson.asks), max(1, -(-len(lesson.asks) // LOSS_ROWS)))
    training, asks = net.training, [lesson.asks[i] for i in some]
    net.eval()
    if lesson.own:
        nats = answering.own_nats(net, asks, lesson.choices, [lesson.own[i] for i in some], pad=0)
    else:
        nats = answering.text_nats(net, asks, [lesson.wants[i] for i in some])
    net.train(training)
    return nats


def _answer(run: Mapping[str, Any], folder: Path, tokenizer: Any, net: Any) -> None:
    started, lesson = time.perf_counter(), _lesson(run, folder, tokenizer, net)
    pad = answering.pad_token(tokenizer)
    net.eval()
    net.config.use_cache = True
    if run["kind"] == "classification":
        names = tuple(dict.fromkeys((*run["choices"], *read_rows(folder / run["train"])[1])))
        best, sure = answering.likeliest(net, lesson.tests, lesson.choices, pad=pad)
        write_answers(folder, [names[k] for k in best], sure)
    else:
        most = run["settings"]["answer_tokens"] or prompts.longest_answer([len(want) - 1 for want in lesson.wants])
        write_answers(folder, answering.written(net, tokenizer, lesson.tests, most_tokens=most, pad=pad))
    append_metrics(folder, {"answer_s": time.perf_counter() - started, **_hardware(run)})


def _log(folder: Path) -> Any:
    """A callback that appends each of the trainer's log lines to metrics.jsonl."""
    import torch
    from transformers import TrainerCallback

    class Log(TrainerCallback):
        """Writes steps, tokens, loss and memory as they come."""

        started = 0.0

        def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any) -> None:
            """Called with each line of the trainer's log."""
            if state.is_world_process_zero and logs:
                elapsed_s = time.perf_counter() - self.started
                line = {"step": state.global_step, "time_s": elapsed_s, "loss": logs.get("loss")}
                tokens = logs.get("num_tokens")
                line |= {"tokens": int(tokens) if tokens else None}
                line |= {"peak_memory_gib": machine.peak_memory_gib(torch.cuda.is_available())}
                append_metrics(folder, {name: value for name, value in line.items() if value is not None})

    return Log()


def _hardware(run: Mapping[str, Any]) -> dict[str, Any]:
    import torch

    if torch.cuda.is_available():
        return {"gpu": torch.cuda.get_device_name(), "gpus": max(1, run["settings"]["gpus"])}
    return {"gpu": machine.processor(), "gpus": 0, "peak_memory_gib": machine.peak_memory_gib(on_gpu=False)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
