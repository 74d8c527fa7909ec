"""Licence and origin are read from what lies beside the data, and named, not judged."""

from tests.making import write_jsonl
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.licence import licence
from tunecase.data.checks.scan import read_split
from tunecase.data.detectors.licences import Origin, find_origin, known_name, use_of
from tunecase.data.reading.blocks import read_rows
from tunecase.data.reading.detection import detect


def test_licences_are_read_and_judged(tmp_path):
    """From card, file and column, as people write them; silence is a question, a free licence passes."""
    (tmp_path / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n# Rows\n", encoding="utf-8")
    (tmp_path / "LICENSE").write_text("Apache License\nVersion 2.0, January 2004", encoding="utf-8")
    rows = [{"prompt": f"p{k}", "response": "r", "model": "gpt-4", "source": "forum"} for k in range(60)]
    path = write_jsonl(tmp_path / "rows.jsonl", rows)
    found = find_origin(path, read_rows(path, detect(path)))
    assert ({"apache-2.0", "cc-by-nc"}, ("forum",), ("gpt-4",)) == (set(found.licences), found.sources, found.models)
    for text, name, use in (
        ("CC-BY-4.0", "cc-by", "yes"),
        ("cc-by-nc-sa-4.0", "cc-by-nc-sa", "no"),
        ("Attribution-NonCommercial 4.0 International", "cc-by-nc", "no"),
        ("MIT", "mit", "yes"),
        ("llama3.1", "llama-community", "terms"),
        ("creativeml-openrail-m", "openrail", "terms"),
    ):
        assert (name, use) == (known_name(text), use_of(known_name(text)))
    assert "unknown" == use_of("house rules")
    (tmp_path := tmp_path / "third").mkdir()
    assert "neither stated" in asked(tmp_path).what
    assert "commercial" in asked(tmp_path, licence="CC BY-NC 4.0", origin="our forum").why
    assert "which holds" in asked(tmp_path, licence="MIT", origin="ours", named=Origin(("cc-by",))).why
    assert "terms allow training" in asked(tmp_path, licence="MIT", origin="written by GPT-4").why
    assert None is asked(tmp_path, licence="MIT", origin="our own support desk")


def asked(tmp_path, **said):
    """The licence finding of a small file."""
    path = write_jsonl(tmp_path / "rows.jsonl", [{"text": f"t {k}", "label": "a"} for k in range(60)])
    return licence(Evidence(read_split(path, detect(path)), None, Asked(2048, **said)))
