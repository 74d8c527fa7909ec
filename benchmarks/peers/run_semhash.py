"""SemHash on static word vectors that a package ships, since its default model needs a download.

Settings: the 256-dimensional vectors and tokenizer of wordllama as a model2vec StaticModel, its default index, and the
threshold on the cosine given as the fifth argument; .95 was chosen on 5,000 such rows, where its default of .9 put
three rows in five into groups wrongly. It knows no word triples: what it measures is nearness of meaning, and rows of
made-up words are no fair test of that. The comparison tells speed and memory, recall only for what it is worth.
"""

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from model2vec import StaticModel
from result import write_pairs
from safetensors.numpy import load_file
from semhash import SemHash
from tokenizers import Tokenizer


def packaged() -> StaticModel:
    """wordllama's vectors, read from the installed package without importing it."""
    found = find_spec("wordllama")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent
    vectors = next(iter(load_file(folder / "weights" / "l2_supercat_256.safetensors").values()))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    return StaticModel(vectors.astype(np.float32), tokenizer, normalize=True)


def main() -> None:
    """Embeds, indexes and groups."""
    file, out, threshold = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[5])
    with file.open(encoding="utf-8") as lines:
        rows = [{"row": row, "text": json.loads(line)["text"]} for row, line in enumerate(lines)]
    found = SemHash.from_records(rows, columns=["text"], model=packaged()).self_deduplicate(threshold)
    write_pairs(out, ((gone.record["row"], gone.duplicate_of["row"]) for gone in found.filtered))


if __name__ == "__main__":
    main()
