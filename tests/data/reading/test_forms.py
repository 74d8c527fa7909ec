"""Rows in the forms that public data sets have: each is read at first sight, with texts made up here."""

import json

import pytest

from tunecase.data.reading.blocks import raw_records
from tunecase.data.reading.detection import detect
from tunecase.data.reading.load import load
from tunecase.data.reading.writing import Writer
from tunecase.errors import InputError

# Form: its rows, and the input and output of the first.
FORMS = {
    "SQuAD, flat": (
        [{"id": "1", "title": "Bees", "context": "Bees dance.", "question": "Who dances?",
          "answers": {"text": ["Bees", "bees"], "answer_start": [0, 0]}}],
        "Bees dance.\n\nWho dances?", "Bees"),
    "SQuAD, no answer": (
        [{"context": "Bees dance.", "question": "Who sings?", "answers": {"text": [], "answer_start": []}}],
        "Bees dance.\n\nWho sings?", "unanswerable"),
    "answers as objects": (
        [{"context": "Bees dance.", "question": "Who?", "answers": [{"text": "Bees", "answer_start": 0}]}],
        "Bees dance.\n\nWho?", "Bees"),
    "answers as a list": ([{"question": "Capital of Moss?", "answers": ["Fern", "Fern City"]}],
        "Capital of Moss?", "Fern"),
    "an answer with aliases": (
        [{"question": "Capital of Moss?", "answer": {"value": "Fern", "aliases": ["Fern City"]}}],
        "Capital of Moss?", "Fern"),
    "a context of titles and sentences": (
        [{"question": "Who?", "answer": "Bo", "context": {"title": ["A"], "sentences": [["Bo did.", "Yes."]]}}],
        "A\nBo did.\nYes.\n\nWho?", "Bo"),
    "tokens and tags": ([{"tokens": ["Ann", "Lee", "saw", "Bonn"], "ner_tags": ["B-PER", "I-PER", "O", "B-LOC"]}],
        "Ann Lee saw Bonn", '{"LOC":["Bonn"],"PER":["Ann Lee"]}'),
    "tokens and numbers": (
        [{"tokens": ["Ann", "Lee", "ran"], "ner_tags": [1, 2, 0]}, {"tokens": ["Rain"], "ner_tags": [0]}],
        "Ann Lee ran", '{"1":["Ann Lee"]}'),
    "parts of speech": ([{"tokens": ["Ann", "ran"], "pos_tags": ["NOUN", "VERB"]}], "Ann ran", "NOUN VERB"),
    "spans of a text": (
        [{"text": "Ann saw Bo", "spans": [{"start": 8, "end": 10, "label": "PER"},
                                           {"start": 0, "end": 3, "label": "PER"}]}],
        "Ann saw Bo", '{"PER":["Ann","Bo"]}'),
    "doccano": ([{"text": "Ann ran", "label": [[0, 3, "PER"]]}, {"text": "Rain", "label": []}],
        "Ann ran", '{"PER":["Ann"]}'),
    "GLiNER": ([{"tokenized_text": ["Ann", "Lee", "ran"], "ner": [[0, 1, "person"]]}],
        "Ann Lee ran", '{"person":["Ann Lee"]}'),
    "choices and a key": (
        [{"question": "Which flies?", "choices": {"text": ["a bat", "a rat"], "label": ["A", "B"]}, "answerKey": "A"}],
        "Which flies?\n\nA. a bat\nB. a rat", "a bat"),
    "choices and a place": (
        [{"question": "2+2?", "choices": ["3", "4", "0"], "answer": 1},
         {"question": "1-1?", "choices": ["3", "4", "0"], "answer": 0}],
        "2+2?\n\nA. 3\nB. 4\nC. 0", "4"),
    "options in columns": ([{"question": "Which?", "A": "moss", "B": "fern", "C": "oak", "D": "elm", "answer": "C"}],
        "Which?\n\nA. moss\nB. fern\nC. oak\nD. elm", "oak"),
    "options counted from 1": ([{"sentence": "The _ sank.", "option1": "boat", "option2": "bird", "answer": "1"}],
        "The _ sank.\n\nA. boat\nB. bird", "boat"),
    "endings": ([{"ctx": "He sat", "endings": ["down.", "fish.", "up.", "blue."], "label": "0"}],
        "He sat\n\nA. down.\nB. fish.\nC. up.\nD. blue.", "down."),
    "translation": ([{"translation": {"de": "Guten Tag", "en": "Good day"}}], "Guten Tag", "Good day"),
    "a column a language": ([{"en": "A very good day", "fr": "Une bonne journée"}],
        "A very good day", "Une bonne journée"),
    "turns with marks": ([{"text": "### Human: Who? ### Assistant: Ann.</s>"}], "Who?", "Ann."),
    "an instruction template": (
        [{"text": "Below is a task.\n\n### Instruction:\nAdd.\n\n### Input:\n1 2\n\n### Response:\n3"}],
        "Below is a task.\n\nAdd.\n\n1 2", "3"),
    "INST": ([{"text": "<s>[INST] Who? [/INST] Ann. </s>"}], "Who?", "Ann."),
    "ChatML": ([{"text": "<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\nAnn.<|im_end|>\n"}], "Who?", "Ann."),
    "an object that is no JSON": ([{"code": "{'Instruction': Fly home., 'Output': {'go': 1}}"}],
        "Fly home.", "{'go': 1}"),
    "nl and sql": ([{"nl": "all moths", "sql": "SELECT * FROM moths"}], "all moths", "SELECT * FROM moths"),
    "intent and snippet": ([{"question_id": 3, "intent": "sort a list", "snippet": "x.sort()"}],
        "sort a list", "x.sort()"),
    "problem and solution": ([{"problem": "2+2", "level": "1", "solution": "It is 4."}], "2+2", "It is 4."),
    "question and final answer": ([{"question": "2+2", "final_answer": "4"}], "2+2", "4"),
    "report and impression": ([{"report": "Lungs are clear.", "impression": "Normal."}], "Lungs are clear.", "Normal."),
    "func and docstring": ([{"func": "def f(): ...", "docstring": "Does nothing."}], "def f(): ...", "Does nothing."),
    "claim, evidence and label": ([{"claim": "It rains.", "evidence": "Wet.", "label": "yes"}],
        "It rains.\n\nWet.", "yes"),
    "passage, question and a truth": ([{"question": "wet?", "passage": "It rains.", "answer": True}],
        "It rains.\n\nwet?", "True"),
    "database, question and query": ([{"db_id": "zoo", "question": "how many?", "query": "SELECT 1"}],
        "how many?", "SELECT 1"),
    "dialog and summary": ([{"id": "1", "dialog": "A: hi B: bye", "summary": "They part."}],
        "A: hi B: bye", "They part."),
    "names with further words": ([{"user_prompt": "Hi there", "assistant_response": "Hello"}], "Hi there", "Hello"),
    "names in camel case": ([{"customerMessage": "Where is it?", "agentReply": "On its way."}],
        "Where is it?", "On its way."),
    "source and target texts": ([{"src_text": "it rain", "tgt_text": "It rains."}], "it rain", "It rains."),
}  # fmt: skip


def lines(path, rows):
    """A file with one JSON value a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_usual_forms_are_read_at_first_sight(tmp_path):
    """Each form gives its input and output without a column named; a copy of it has the same rows."""
    read = {}
    for form, (rows, *_) in FORMS.items():
        path = lines(tmp_path / "d.jsonl", rows * 2)
        assert pairs(path) == pairs(copied(path, tmp_path / "copy.jsonl")), form
        try:
            row = load(lines(tmp_path / "d.jsonl", rows)).rows[0]
            read[form] = row.input, row.output
        except (InputError, IndexError) as error:
            read[form] = str(error)
    assert {form: tuple(wanted) for form, (_, *wanted) in FORMS.items()} == read


def copied(path, to):
    """A file written from all good rows of another, by its bytes or records."""
    layout = detect(path)
    with Writer(to, path, layout) as writer:
        for _, _, raw, record in raw_records(path, layout):
            if record is not None:
                writer.write(raw, record)
    return to


def pairs(path):
    """Input and output of every row."""
    return [(row.input, row.output) for row in load(path).rows]


ARTICLES = {
    "version": "2.0",
    "data": [
        {"title": "Bees", "paragraphs": [{"context": "Bees dance.", "qas": [
            {"id": "1", "question": "Who dances?", "answers": [{"text": "Bees", "answer_start": 0}],
             "is_impossible": False},
            {"id": "2", "question": "Who sings?", "answers": [], "is_impossible": True},
        ]}]},
        {"title": "Moss", "paragraphs": [{"context": "Moss grows.", "qas": [
            {"id": "3", "question": "What grows?", "answers": [{"text": "Moss", "answer_start": 0}]}]}]},
    ],
}  # fmt: skip
TWO = [("a b", "x"), ("c d", "y")]
NESTED = {
    "SQuAD": (ARTICLES, [
        ("Bees dance.\n\nWho dances?", "Bees"), ("Bees dance.\n\nWho sings?", "unanswerable"),
        ("Moss grows.\n\nWhat grows?", "Moss"),
    ]),
    "columns": ({"text": ["a b", "c d"], "label": ["x", "y"]}, TWO),
    "columns by number": ({"text": {"0": "a b", "1": "c d"}, "label": {"0": "x", "1": "y"}}, TWO),
    "index": ({"0": {"text": "a b", "label": "x"}, "1": {"text": "c d", "label": "y"}}, TWO),
    "split": ({"columns": ["text", "label"], "index": [0, 1], "data": [["a b", "x"], ["c d", "y"]]}, TWO),
    "wrapped": (
        {"meta": {"by": "me"}, "body": {"rows": [{"text": "a b", "label": "x"}, {"text": "c d", "label": "y"}]}}, TWO,
    ),
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 1])
def test_nested_json_gives_flat_rows(tmp_path, indent):
    """Each nested form gives its rows, numbered from 0, on one line or on many; a copy is an array that reads back."""
    read = {}
    for form, (value, wanted) in NESTED.items():
        path = tmp_path / "d.json"
        path.write_text(json.dumps(value, indent=indent), encoding="utf-8")
        table = load(path)
        assert list(range(len(wanted))) == [row.number for row in table.rows], form
        read[form] = pairs(path), pairs(copied(path, tmp_path / "copy.json"))
    assert {form: (wanted, wanted) for form, (_, wanted) in NESTED.items()} == read


SENTENCES = "-DOCSTART- -X- O\n\nAnn NN B-PER\nLee NN I-PER\nran VB O\n\nBonn NN B-LOC\n. . O\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_of_one_token_a_line(tmp_path, end):
    """A blank line parts sentences, in any size of piece; a copy reads back to the same rows."""
    for name in ("d.conll", "d.txt", "d.bio"):
        path = tmp_path / name
        path.write_bytes(SENTENCES.replace("\n", end).encode())
        wanted = [("Ann Lee ran", '{"PER":["Ann Lee"]}'), ("Bonn .", '{"LOC":["Bonn"]}')]
        assert wanted == pairs(path)
        assert [3, 7] == [row.line for row in load(path).rows]
        assert wanted == pairs(copied(path, tmp_path / f"copy-{name}"))


GOOD = {"tokens": ["Ann", "ran", "to", "Bo", "."], "ner_tags": ["B-PER", "O", "O", "B-PER", "O"]}
BAD_SPANS = (
    ({"tokens": ["Ann", "ran"], "ner_tags": ["O", "I-PER"]}, "tag 2: I-PER without B-PER before it"),
    ({"tokens": ["Ann", "ran"], "ner_tags": ["O"]}, "1 tags for 2 tokens"),
    ({"tokens": [], "ner_tags": []}, "no tokens in 'tokens', or no tags in 'ner_tags'"),
)


def test_broken_spans_are_bad_rows(tmp_path):
    """Each says what is wrong; entities that begin with I are read as IOB1, and S, U, E and L as in BIOES and BILOU."""
    table = load(lines(tmp_path / "d.jsonl", [GOOD] * 30 + [row for row, _ in BAD_SPANS]))
    assert [reason for _, reason in BAD_SPANS] == [row.reason for row in table.bad]
    spans = [{"text": "Ann", "spans": [[0, 3, "PER"]]}] * 20 + [{"text": "Ann", "spans": [[1, 9, "PER"]]}]
    assert ["the span 1 to 9 (PER) in a text of 3 characters"] == [
        row.reason for row in load(lines(tmp_path / "s.jsonl", spans)).bad
    ]
    iob1 = [{"tokens": ["Ann", "Bo", "ran"], "ner_tags": ["I-PER", "B-PER", "O"]}] * 3
    assert '{"PER":["Ann","Bo"]}' == pairs(lines(tmp_path / "d.jsonl", iob1))[0][1]
    bioes = [{"tokens": ["Ann", "New", "York"], "ner_tags": ["S-PER", "B-LOC", "E-LOC"]}]
    assert '{"LOC":["New York"],"PER":["Ann"]}' == pairs(lines(tmp_path / "d.jsonl", bioes))[0][1]
    path = tmp_path / "d.tsv"
    path.write_text("# id 1\nNew York\tB-LOC\nis\tO\nfar\tO\n\nAnn\tB-PER\nran\tO\n", encoding="utf-8")
    assert [("New York is far", '{"LOC":["New York"]}'), ("Ann ran", '{"PER":["Ann"]}')] == pairs(path)


NO_DATA = (
    ("d.json", "[0.1, 0.2]", "an array of numbers"), ("d.json", '["a b", "c d"]', "a list of texts without answers"),
    ("d.json", '{"model_type": "bert",\n "vocab_size": 30}', "the settings of a model or a training"),
    ("d.xlsx", "PK", "a spreadsheet"), ("d.npy", "x", "arrays of numbers"), ("d.pkl", "x", "Python objects"),
    ("d.yaml", "a: 1", "rows as YAML"),
    ("d.txt", "Plain words.\nMore of them.\nAnd more.\nAnd more.\n", "neither JSON lines nor one token"),
    ("d.conll", "Plain words.\n", "neither JSON lines nor one token"),
)  # fmt: skip


def test_what_is_no_data_and_what_any_ending_holds(tmp_path):
    """Refused by what it seems to be; lines and arrays are read by what they hold."""
    for name, content, seems in NO_DATA:
        (tmp_path / name).write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=seems):
            detect(tmp_path / name)
    rows = [{"alpha beta": f"words of row {k} that run on", "gamma": f"other words {k}"} for k in range(12)]
    with pytest.raises(InputError) as refused:
        detect(lines(tmp_path / "d.jsonl", rows))
    assert "alpha beta (words of row 0 that…)" in str(refused.value)
    assert "--input 'alpha beta' --output gamma" in str(refused.value)
    rows = [{"guessed_label_name": "ab"[k % 2], "given_label_text": "bc"[k % 2]} for k in range(30)]
    with pytest.raises(InputError, match="an input column"):
        detect(lines(tmp_path / "d.jsonl", rows))
    (tmp_path := tmp_path / "second").mkdir()
    rows = [{"text": "a b", "label": "x"}, {"text": "c d", "label": "y"}]
    for name in ("d.json", "d.txt", "d.jsonlines"):
        assert TWO == pairs(lines(tmp_path / name, rows))
    for indent in (None, 2):
        (tmp_path / "d.jsonl").write_text(json.dumps(rows, indent=indent), encoding="utf-8")
        assert TWO == pairs(tmp_path / "d.jsonl")
    rows = [
        f"Which of the things named below is number {k}?,moss{k},fern{k},oak{k},elm{k},{'ABCD'[k % 4]}\n"
        for k in range(12)
    ]
    (tmp_path / "d.csv").write_text("".join(rows), encoding="utf-8")
    assert ["moss0", "fern1", "oak2", "elm3"] == [output for _, output in pairs(tmp_path / "d.csv")[:4]]
