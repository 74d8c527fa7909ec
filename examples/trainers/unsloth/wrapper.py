"""Trains a run of tunecase's with Unsloth: python wrapper.py UNSLOTH_PYTHON run.json"""

import json
import subprocess
import sys
from pathlib import Path

from tunecase.trainers import answering, contract, translate

ADAPTER = "adapter"


def main(python: Path, run_path: Path) -> int:
    """Writes Unsloth's arguments, trains and answers; returns the exit code of what failed, or 0."""
    run, folder = contract.read_run(run_path), run_path.parent
    if not run["model"]:
        sys.exit("no model is named; say --model with a name on the hub or a folder")
    arguments = {**translate.unsloth_arguments(run, output="work"), "run": str(run_path), "adapter": ADAPTER}
    (folder / "arguments.json").write_text(json.dumps(arguments, indent=1), encoding="utf-8")
    train = [python, Path(__file__).with_name("unsloth_train.py"), "arguments.json"]
    code = subprocess.run(train, cwd=folder, check=False).returncode
    answer = [python, answering.__file__, run_path, ADAPTER]
    return code or subprocess.run(answer, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).expanduser(), Path(sys.argv[2])))
