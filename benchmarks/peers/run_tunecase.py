"""The near-duplicate part of tunecase's audit alone: reads the file and groups raw, normalised and near copies."""

import sys
from pathlib import Path

from result import write_pairs

from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.scan import read_split
from tunecase.data.reading.detection import detect


def main() -> None:
    """One pass over the file, then the comparisons that the audit's own checks would ask for."""
    file, out = Path(sys.argv[1]), Path(sys.argv[2])
    evidence = Evidence(read_split(file, detect(file)), None, Asked(2048))
    near = evidence.near_train
    write_pairs(out, same(evidence) + [(int(one), int(other)) for one, other in near.rows[near.copy].tolist()])


def same(evidence: Evidence) -> list[tuple[int, int]]:
    """Pairs of a row and the first row with the same text, raw or normalised."""
    return list(zip(evidence.same_text.rows.tolist(), evidence.same_text.firsts.tolist(), strict=True))


if __name__ == "__main__":
    main()
