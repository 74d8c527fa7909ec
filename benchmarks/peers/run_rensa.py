"""rensa's own MinHash and LSH index, in Rust; tunecase takes its signatures from it, but not its index.

Settings: word 3-grams of the lower-cased words, 125 permutations in 25 bands of 5; a row is linked to the rows that
share a band, as its index answers, without a look at the estimated Jaccard: that look costs 15 copies in a hundred at
Jaccard .7 to .8.
"""

import json
import re
import sys
from pathlib import Path

from rensa import RMinHash, RMinHashLSH
from result import write_pairs

WORD = re.compile(r"\w+")


def triples(text: str) -> list[str]:
    """The word triples of a text."""
    words = WORD.findall(text.lower())
    return [" ".join(words[place : place + 3]) for place in range(max(1, len(words) - 2))]


def main() -> None:
    """Signs, indexes and asks."""
    file, out = Path(sys.argv[1]), Path(sys.argv[2])
    with file.open(encoding="utf-8") as lines:
        signed = RMinHash.from_token_sets([triples(json.loads(line)["text"]) for line in lines], 125, 42)
    index = RMinHashLSH(threshold=0.7, num_perm=125, num_bands=25)
    index.insert_pairs(list(enumerate(signed)))
    pairs = []
    for row, others in enumerate(index.query_all(signed)):
        pairs += [(row, other) for other in others if other < row]
    write_pairs(out, pairs)


if __name__ == "__main__":
    main()
