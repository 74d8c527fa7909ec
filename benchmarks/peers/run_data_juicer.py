"""Data-Juicer's document_minhash_deduplicator, as `dj-process` runs it, with two processes.

Settings: 3-grams of words parted at blanks, lower case, punctuation ignored, 25 bands of 5 rows, threshold .7 (which
only serves to choose bands where none are given). It compares no candidates with each other and keeps the first row of
a cluster. It says only which rows stay: the others are those missing from its output, which keeps the order. It
installs ray and torch when it first starts, so they are part of its environment.
"""

import json
import sys
from pathlib import Path

from result import write_removed


def main() -> None:
    """Writes a configuration, runs dj-process's own main, and compares its output with the file."""
    file, out, work, workers = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    kept = work / "kept.jsonl"
    step = {
        "tokenization": "space",
        "window_size": 3,
        "lowercase": True,
        "ignore_pattern": r"[^\w\s]",
        "num_permutations": 125,
        "jaccard_threshold": 0.7,
        "num_bands": 25,
        "num_rows_per_band": 5,
    }
    settings = work / "config.yaml"
    config = {
        "project_name": "peers",
        "dataset_path": str(file),
        "export_path": str(kept),
        "work_dir": str(work),
        "np": workers,
        "text_keys": "text",
        "use_cache": False,
        "open_tracer": False,
        "open_monitor": False,
        "process": [{"document_minhash_deduplicator": step}],
    }
    settings.write_text(json.dumps(config), encoding="utf-8")
    sys.argv = ["dj-process", "--config", str(settings)]
    from data_juicer.tools.process_data import main as process

    process()
    with file.open(encoding="utf-8") as every, kept.open(encoding="utf-8") as left:
        stays = (json.loads(line)["text"] for line in left)
        waiting = next(stays, None)
        removed = []
        for row, line in enumerate(every):
            if waiting is not None and json.loads(line)["text"] == waiting:
                waiting = next(stays, None)
            else:
                removed.append(row)
    assert waiting is None, "the output does not keep the order of the file"
    write_removed(out, removed)


if __name__ == "__main__":
    main()
