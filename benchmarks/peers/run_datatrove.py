"""datatrove's MinHash in four stages on this machine: signatures, buckets, clusters, filter.

Settings: word 3-grams, 25 buckets of 5 hashes of 64 bits (its own default is 5-grams and 14 of 8, which meets a pair of
Jaccard .7 with chance .56), two tasks at a time. It shares work out by file, so the one file is cut in two first. Words
are parted at blanks, after its own simplification of the text; its default for English is spaCy, which is slower.
It compares no candidates with each other: who shares a bucket is a duplicate.
"""

import struct
import sys
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.hashing import HashConfig
from datatrove.utils.word_tokenizers import WordTokenizer
from result import write_groups

BUCKETS, HASHES = 25, 5


class Blanks(WordTokenizer):
    """Words are what stands between blanks."""

    def word_tokenize(self, text: str) -> list[str]:
        """The words of a text."""
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        """The text is one sentence."""
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """The span of that sentence."""
        return [(0, len(text))]


def halves(file: Path, folder: Path, workers: int) -> list[int]:
    """Cuts the file into as many as there are workers; the number of the first row of each."""
    folder.mkdir()
    with file.open("rb") as lines:
        rows = lines.readlines()
    starts = [len(rows) * part // workers for part in range(workers)]
    for part, (first, last) in enumerate(zip(starts, [*starts[1:], len(rows)], strict=True)):
        (folder / f"{part}.jsonl").write_bytes(b"".join(rows[first:last]))
    return starts


def main() -> None:
    """All stages; the list of duplicates is there after the third."""
    file, out, work, workers = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    starts = halves(file, work / "rows", workers)
    config = MinhashConfig(
        n_grams=3, num_buckets=BUCKETS, hashes_per_bucket=HASHES, hash_config=HashConfig(precision=64)
    )
    reader = JsonlReader(str(work / "rows"), text_key="text")
    stages = (
        ([reader, MinhashDedupSignature(str(work / "signatures"), config, Blanks())], workers),
        ([MinhashDedupBuckets(str(work / "signatures"), str(work / "buckets"), config=config)], BUCKETS),
        ([MinhashDedupCluster(str(work / "buckets"), str(work / "clusters"), config, save_cluster_id=True)], 1),
    )
    for number, (pipeline, tasks) in enumerate(stages):
        LocalPipelineExecutor(pipeline, tasks, workers=workers, logging_dir=str(work / f"log{number}")).run()
    groups: dict[int, list[int]] = {}
    for part, start in enumerate(starts):
        clustered = work / "clusters" / f"{part:06d}.clusters"
        for row, cluster in struct.iter_unpack("<2I", clustered.read_bytes() if clustered.exists() else b""):
            groups.setdefault(cluster, []).append(start + row)
    write_groups(out, groups.values())
    keep = [reader, MinhashDedupFilter(str(work / "clusters")), JsonlWriter(str(work / "kept"), compression=None)]
    LocalPipelineExecutor(keep, workers, logging_dir=str(work / "log3")).run()


if __name__ == "__main__":
    main()
