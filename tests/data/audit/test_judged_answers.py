"""Audits of pairs, of answers judged alone, of tools and of chats: what counts as the same row, and what is told."""

import json
from datetime import date
from pathlib import Path

from tunecase.data.audit.audit import Files, audit
from tunecase.prices.basis import Basis
from tunecase.quantities.spread import Worlds

WORDS = (
    "harbour quarry lantern meadow copper thistle saddle orchard kettle bramble anchor pigeon ladder marble velvet "
    "cinder willow hammock basket trumpet"
).split()


def text(seed, length=14):
    """Words of its own for every seed."""
    return " ".join(
        WORDS[(seed * 7 + k * (seed % 5 + 3) + k * k) % len(WORDS)] + str((seed * k) % 9) for k in range(length)
    )


def audited(path, rows, test=None, **training):
    """The record of an audit of these rows."""
    files: dict[str, Path] = {}
    for name, held in (("train", rows), ("test", test)):
        if held is not None:
            files[name] = path / f"{name}.jsonl"
            files[name].write_text("".join(json.dumps(row) + "\n" for row in held), encoding="utf-8")
    return audit(None, Files(**files, **training), basis=Basis(None, date(2026, 11, 24), Worlds(0, 300)), fast=True)


def counts(record):
    """How often each check found something."""
    return {finding.check: finding.count for finding in record.findings}


def pair(k, prompt=None, winner="model_a", swapped=False):
    """A pair of answers of its own, under a prompt that may be shared."""
    answers = [text(1000 + k), text(2000 + k)]
    first, second = answers[::-1] if swapped else answers
    return {
        "prompt": text(prompt if prompt is not None else k),
        "response_a": first,
        "response_b": second,
        "winner": winner,
    }


def test_pairs_and_judged_answers(tmp_path):
    """A swapped copy is one, another winner a contradiction; good and bad answers to one prompt agree."""
    rows = [pair(k, prompt=k // 5, winner=("model_a", "model_b")[k % 2]) for k in range(60)]
    assert {} == {
        name: n for name, n in counts(audited(tmp_path, rows)).items() if "duplicate" in name or "contra" in name
    }
    copied = [*rows, pair(0, prompt=0, winner="model_b", swapped=True)]
    found = counts(audited(tmp_path, copied))
    assert (1, None) == (found.get("duplicate_exact"), found.get("contradiction"))
    disputed = [*rows, pair(0, prompt=0, winner="model_b")]
    assert 1 == counts(audited(tmp_path, disputed)).get("contradiction")
    leaked = counts(audited(tmp_path, rows, [pair(3, prompt=0), pair(99, prompt=0)]))
    assert 1 == leaked.get("leak_exact")
    (tmp_path := tmp_path / "second").mkdir()
    rows = [{"prompt": text(k // 2), "completion": text(500 + k), "label": k % 2 == 0} for k in range(60)]
    record = audited(tmp_path, rows)
    assert {} == {
        name: n for name, n in counts(record).items() if name in ("empty", "contradiction", "duplicate_exact")
    }
    assert any("30 rows with an answer judged bad" in note for note in record.notes)
    assert {} == record.classes
    both = counts(audited(tmp_path, [*rows, {**rows[0], "label": False}]))
    assert 1 == both.get("contradiction")


def test_tools_and_notes_of_chats(tmp_path):
    """The same words with other tools repeat nothing; what was cut back, reasoning and several answers are counted."""
    tools = [json.dumps([{"name": name, "parameters": {"type": "object", "properties": {}}}]) for name in WORDS]
    rows = [
        {"messages": [{"role": "user", "content": text(k // 20)},
                      {"role": "assistant", "content": json.dumps({"name": WORDS[k % 20], "arguments": {}})}],
         "tools": tools[k % 20]}
        for k in range(60)
    ]  # fmt: skip
    record = audited(tmp_path, rows)
    assert {} == {
        n: c for n, c in counts(record).items() if n in ("duplicate_exact", "duplicate_near", "contradiction")
    }
    assert "tool_calls" not in counts(record)
    wrong = [*rows, {**rows[0], "tools": tools[1]}, rows[0]]
    found = counts(audited(tmp_path, wrong))
    assert (1, 2, 1) == (found["tool_calls"], found["duplicate_exact"], found["contradiction"])
    (tmp_path := tmp_path / "second").mkdir()
    said = [
        ("user", "q"),
        ("assistant", "<think>so</think>a"),
        ("user", "r"),
        ("assistant", "<think>so</think>b"),
        ("user", "s"),
    ]
    rows = [{"messages": [{"role": role, "content": f"{words} {text(k)}"} for role, words in said]} for k in range(3)]
    notes = " ".join(audited(tmp_path, rows).notes)
    assert all(part in notes for part in ("3 rows that ended behind", "3 rows with several answers"))
    rows = [
        {"messages": [{"role": "user", "content": text(k)}, {"role": "assistant", "content": "a"}]} for k in range(3)
    ]
    assert "last_answer" == audited(tmp_path, rows, loss_on="last_answer").tokens.loss_on
