"""The callback in processes of its own: killed and resumed, with TRL, with several ranks."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.test_callback import booked, callback, case, surroundings
from tunecase.books.meter import STATE_FILE, read_state

pytestmark = pytest.mark.needs("train")
__all__ = ["case"]  # a fixture


SCRIPT = """
    import sys
    from pathlib import Path
    from tests.test_callback import callback, trainer
    folder, steps, resume = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "resume"
    made = trainer(folder / "r", callback(project=folder / "case" / "tunecase.yaml"), steps=steps, step_s=0.1)
    made.train(resume_from_checkpoint=resume or None)
"""


@pytest.mark.slow
def test_a_killed_attempt_is_paid_for(tmp_path: Path, case: Path) -> None:
    """SIGKILL between two checkpoints: the resumed run counts the killed attempt with the steps that were lost."""
    words = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(tmp_path)]
    killed = subprocess.Popen([*words, "500", "begin"], env=surroundings())
    path = tmp_path / "r" / STATE_FILE
    until = time.monotonic() + 300
    while time.monotonic() < until:
        if (tmp_path / "r" / "checkpoint-4").is_dir() and (kept := read_state(path)) and kept.now.last_step >= 5:
            break
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    killed.wait()
    dead = read_state(path)
    assert not dead.now.ended
    assert [] == booked(case)
    assert 0 == subprocess.run([*words, "8", "resume"], env=surroundings()).returncode
    both = read_state(path)
    one, two = (charge for _, charge in booked(case))

    assert (dead.run_id, 2, dead.attempts[0]) == (both.run_id, len(both.attempts), both.attempts[0])
    assert both.now.first_step <= dead.now.last_step
    assert [float(one.amount), float(two.amount)] == pytest.approx([dead.usd, both.now.usd], abs=1e-5)


@pytest.mark.slow
def test_the_trainer_of_trl_takes_it(tmp_path: Path) -> None:
    """SFTTrainer on a tiny Llama logs dollars beside its own figures and stops at the limit."""
    trl, datasets = pytest.importorskip("trl"), pytest.importorskip("datasets")
    import transformers

    from tests.pilot.trainers.tiny import save_tiny_model

    tiny = save_tiny_model(tmp_path / "tiny")
    rows = datasets.Dataset.from_list([{"text": f"row {n} of a text to learn"} for n in range(64)])
    arguments = trl.SFTConfig(
        str(tmp_path / "r"), max_steps=200, per_device_train_batch_size=1, logging_steps=1, report_to=[], use_cpu=True,
        disable_tqdm=True, bf16=False, max_length=32,
    )  # fmt: skip
    made = trl.SFTTrainer(
        model=transformers.AutoModelForCausalLM.from_pretrained(tiny), args=arguments, train_dataset=rows,
        processing_class=transformers.AutoTokenizer.from_pretrained(tiny), callbacks=[callback(max_usd=1.0)],
    )  # fmt: skip
    made.train()
    assert 1 <= made.state.global_step < 200
    assert {"loss", "mean_token_accuracy", "tunecase/usd_spent", "tunecase/usd_left"} <= set(made.state.log_history[0])
    assert (tmp_path / "r" / f"checkpoint-{made.state.global_step}").is_dir()


RANKS = """
    import sys
    from pathlib import Path
    from tests.test_callback import callback, trainer
    made = trainer(Path(sys.argv[1]), callback(max_usd=2.0), steps=400, step_s=0.05, ddp_backend="gloo")
    made.args.logging_steps = 500
    made.train()
    print(made.args.process_index, made.state.global_step, flush=True)
"""


@pytest.mark.slow
def test_ranks_stop_at_the_same_step(tmp_path: Path) -> None:
    """Two processes that train together end at one step before the limit, count two devices, and write one state."""
    script = tmp_path / "ranks.py"
    script.write_text(textwrap.dedent(RANKS))
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ran = subprocess.run(
        [*words, str(script), str(tmp_path / "r")], env=surroundings(), capture_output=True, text=True, timeout=300
    )
    assert 0 == ran.returncode, ran.stderr[-2000:]
    steps = {line.split()[1] for line in ran.stdout.splitlines() if len(line.split()) == 2}
    kept = read_state(tmp_path / "r" / STATE_FILE)
    assert {str(kept.now.last_step)} == steps
    assert (2, True) == (kept.now.gpu_count, kept.now.last_step < 400)
    assert kept.usd < 4.0  # of 20 without a limit; the last checkpoint takes its time
