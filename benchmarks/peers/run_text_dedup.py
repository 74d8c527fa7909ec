"""text-dedup's MinHash, as `python -m text_dedup.minhash` runs it: datasets, polars, two processes.

Settings: word 3-grams, 25 bands of 5 rows, threshold .7. With `verify` as the fifth argument candidates are compared by
true Jaccard (check_false_positive). Without it, its default, who shares a band is a duplicate; in 0.4.1 its filter then
deletes all rows of a cluster, the first as well, and only the clusters can be used. It saves them as a pickle; here
they are caught on the way there.
"""

import sys
from pathlib import Path

from result import write_groups


def main() -> None:
    """Writes a configuration, runs the tool's own main, and keeps the clusters."""
    file, out, work, workers = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    verify = sys.argv[5:6] == ["verify"]
    settings = work / "config.toml"
    settings.write_text(
        f"""
[input]
input_type = "local_files"
file_type = "json"
[input.read_arguments]
path = "json"
data_files = ["{file}"]
split = "train"
[algorithm]
algorithm_name = "minhash"
text_column = "text"
num_perm = 125
bands = 25
rows = 5
ngram_size = 3
min_length = 1
threshold = 0.7
check_false_positive = {str(verify).lower()}
num_proc = {workers}
[output]
output_dir = "{work / "kept"}"
[debug]
logging_level = 30
""",
        encoding="utf-8",
    )
    from text_dedup import minhash
    from text_dedup.config.base import load_config_from_toml

    save = minhash.save_dataset

    def noted(config: object, *, final_data: object, clusters: dict[int, int], **rest: object) -> None:
        groups: dict[int, list[int]] = {}
        for row, cluster in clusters.items():
            groups.setdefault(cluster, []).append(row)
        write_groups(out, groups.values())
        save(config, final_data=final_data, clusters=clusters, **rest)

    minhash.save_dataset = noted
    minhash.main(load_config_from_toml(settings))


if __name__ == "__main__":
    main()
