"""Rows in the forms that public data sets have: each is read at first sight, with texts made up here."""

import json

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
        "Bees dance.\n\nWho dances?", "Bees",
    ),
    "SQuAD, no answer": (
        [{"context": "Bees dance.", "question": "Who sings?", "answers": {"text": [], "answer_start": []}}],
        "Bees dance.\n\nWho sings?", "unanswerable",
    ),
    "answers as objects": (
        [{"context": "Bees dance.", "question": "Who?", "answers": [{"text": "Bees", "answer_start": 0}]}],
        "Bees dance.\n\nWho?", "Bees",
    ),
    "answers as a list": (
        [{"question": "Capital of Moss?", "answers": ["Fern", "Fern City"]}],
        "Capital of Moss?", "Fern",
    ),
    "an answer with aliases": (
        [{"question": "Capital of Moss?", "answer": {"value": "Fern", "aliases": ["Fern City"]}}],
        "Capital of Moss?", "Fern",
    ),
    "a context of titles and sentences": (
        [{"question": "Who?", "answer": "Bo", "context": {"title": ["A"], "sentences": [["Bo did.", "Yes."]]}}],
        "A\nBo did.\nYes.\n\nWho?", "Bo",
    ),
    "tokens and tags": (
        [{"tokens": ["Ann", "Lee", "saw", "Bonn"], "ner_tags": ["B-PER", "I-PER", "O", "B-LOC"]}],
        "Ann Lee saw Bonn", '{"LOC":["Bonn"],"PER":["Ann Lee"]}',
    ),
    "tokens and numbers": (
        [{"tokens": ["Ann", "Lee", "ran"], "ner_tags": [1, 2, 0]}, {"tokens": ["Rain"], "ner_tags": [0]}],
        "Ann Lee ran", '{"1":["Ann Lee"]}',
    ),
    "parts of speech": ([{"tokens": ["Ann", "ran"], "pos_tags": ["NOUN", "VERB"]}], "Ann ran", "NOUN VERB"),
    "spans of a text": (
        [{"text": "Ann saw Bo", "spans": [{"start": 8, "end": 10, "label": "PER"},
                                           {"start": 0, "end": 3, "label": "PER"}]}],
        "Ann saw Bo", '{"PER":["Ann","Bo"]}',
    ),
    "doccano": (
        [{"text": "Ann ran", "label": [[0, 3, "PER"]]}, {"text": "Rain", "label": []}],
        "Ann ran", '{"PER":["Ann"]}',
    ),
    "GLiNER": (
        [{"tokenized_text": ["Ann", "Lee", "ran"], "ner": [[0, 1, "person"]]}],
        "Ann Lee ran", '{"person":["Ann Lee"]}',
    ),
    "choices and a key": (
        [{"question": "Which flies?", "choices": {"text": ["a bat", "a rat"], "label": ["A", "B"]}, "answerKey": "A"}],
        "Which flies?\n\nA. a bat\nB. a rat", "a bat",
    ),
    "choices and a place": (
        [{"question": "2+2?", "choices": ["3", "4", "0"], "answer": 1},
         {"question": "1-1?", "choices": ["3", "4", "0"], "answer": 0}],
        "2+2?\n\nA. 3\nB. 4\nC. 0", "4",
    ),
    "options in columns": (
        [{"question": "Which?", "A": "moss", "B": "fern", "C": "oak", "D": "elm", "answer": "C"}],
        "Which?\n\nA. moss\nB. fern\nC. oak\nD. elm", "oak",
    ),
    "options counted from 1": (
        [{"sentence": "The _ sank.", "option1": "boat", "option2": "bird", "answer": "1"}],
        "The _ sank.\n\nA. boat\nB. bird", "boat",
    ),
    "endings": (
        [{"ctx": "He sat", "endings": ["down.", "fish.", "up.", "blue."], "label": "0"}],
        "He sat\n\nA. down.\nB. fish.\nC. up.\nD. blue.", "down.",
    ),
    "translation": ([{"translation": {"de": "Guten Tag", "en": "Good day"}}], "Guten Tag", "Good day"),
    "a column a language": (
        [{"en": "A very good day", "fr": "Une bonne journée"}],
        "A very good day", "Une bonne journée",
    ),
    "turns with marks": ([{"text": "### Human: Who? ### Assistant: Ann.</s>"}], "Who?", "Ann."),
    "an instruction template": (
        [{"text": "Below is a task.\n\n### Instruction:\nAdd.\n\n### Input:\n1 2\n\n### Response:\n3"}],
        "Below is a task.\n\nAdd.\n\n1 2", "3",
    ),
    "INST": ([{"text": "<s>[INST] Who? [/INST] Ann. </s>"}], "Who?", "Ann."),
    "ChatML": ([{"text": "<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\nAnn.<|im_end|>\n"}], "Who?", "Ann."),
    "nl and sql": ([{"nl": "all moths", "sql": "SELECT * FROM moths"}], "all moths", "SELECT * FROM moths"),
    "intent and snippet": (
        [{"question_id": 3, "intent": "sort a list", "snippet": "x.sort()"}],
        "sort a list", "x.sort()",
    ),
    "problem and solution": ([{"problem": "2+2", "level": "1", "solution": "It is 4."}], "2+2", "It is 4."),
    "question and final answer": ([{"question": "2+2", "final_answer": "4"}], "2+2", "4"),
    "report and impression": ([{"report": "Lungs are clear.", "impression": "Normal."}], "Lungs are clear.", "Normal."),
    "func and docstring": ([{"func": "def f(): ...", "docstring": "Does nothing."}], "def f(): ...", "Does nothing."),
    "claim, evidence and label": (
        [{"claim": "It rains.", "evidence": "Wet.", "label": "yes"}],
        "It rains.\n\nWet.", "yes",
    ),
    "passage, question and a truth": (
        [{"question": "wet?", "passage": "It rains.", "answer": True}],
        "It rains.\n\nwet?", "True",
    ),
    "database, question and query": (
        [{"db_id": "zoo", "question": "how many?", "query": "SELECT 1"}],
        "how many?", "SELECT 1",
    ),
    "dialog and summary": (
        [{"id": "1", "dialog": "A: hi B: bye", "summary": "They part."}],
        "A: hi B: bye", "They part.",
    ),
    "names with further words": ([{"user_prompt": "Hi there", "assistant_response": "Hello"}], "Hi there", "Hello"),
    "names in camel case": (
        [{"customerMessage": "Where is it?", "agentReply": "On its way."}],
        "Where is it?", "On its way.",
    ),
    "source and target texts": ([{"src_text": "it rain", "tgt_text": "It rains."}], "it rain", "It rains."),
}  # fmt: skip


def lines(path, rows):
    """A file with one JSON value a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_usual_forms_are_read_at_first_sight(tmp_path):
    """Each form gives its input and output without a column named."""
    read = {}
    for form, (rows, *_) in FORMS.items():
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


def test_what_is_written_reads_back(tmp_path):
    """A copy of each form has the same rows."""
    for form, (rows, *_) in FORMS.items():
        path = lines(tmp_path / "d.jsonl", rows * 2)
        assert pairs(path) == pairs(copied(path, tmp_path / "copy.jsonl")), form
