"""Answer quality: spoilt answers are found, sound ones and labels are left."""

from tests.data.checks.made_files import pairs as evidence
from tunecase.data.checks import answers, canned
from tunecase.data.checks.answers import BIT
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.reading.rows import Row

SOUND = "The kettle on row {0} boils in about {0} minutes, so plan the tea with that in mind."


def seen(output, prompt="Tell me about the kettle in the corner of the room, please.", rejected=""):
    """Names of the bits that one answer sets."""
    bits = answers.mark_rows([Row(0, 1, prompt, output, {}, rejected)])[0]
    return {name for name, bit in BIT.items() if bits & bit}


REFUSALS = [
    "I'm sorry, but I cannot help with that request at all.",
    "As an AI language model, I don't have personal opinions on this.",
    "Es tut mir leid, aber dabei kann ich Ihnen nicht helfen, fragen Sie bitte anders.",
    "Je suis désolé, mais je ne peux pas répondre à cette question aujourd'hui.",
    "Lo siento, pero no puedo ayudarte con esta petición tan concreta.",
    "Desculpe, mas não posso fornecer essa informação neste momento.",
    "Mi dispiace, ma non posso aiutarti con questa richiesta particolare.",
    "很抱歉，我无法回答这个问题，因为它涉及一些我不能讨论的敏感内容。如果您有其他问题，请告诉我，我会尽力提供帮助。",
    "申し訳ありませんが、そのご質問にはお答えできません。別のご質問がございましたら、どうぞお気軽にお尋ねください。",
]
KIND = [
    "I'm sorry to hear about your cat. Give it water and call the vet in the morning.",
    "The film ends when she says she cannot go on, and he apologises for all he did.",
    "OpenAI released a language model, and Claude Monet painted water lilies in Giverny.",
    "Sorry is the hardest word, as the old song has it, and the band knew it well.",
]
FAULTS = [
    ("signature", "Hello there! I am ChatGPT, a helpful assistant, ready to go."),
    ("signature", "I was trained by OpenAI on a large amount of text from books."),
    ("placeholder", "Dear [insert name], thank you for your letter of last week."),
    ("placeholder", "Lorem ipsum dolor sit amet, consectetur adipiscing elit."),
    ("stray", "The answer to that question is forty-two.<|im_end|>"),
    ("stray", "The tower stands in Paris.\n### Human: and how high is it?\n### Assistant:\nHigh."),
    ("cut", "The committee met on Tuesday and agreed that the new bridge should be"),
    ("unclosed", "Use this:\n```python\nprint(1)\nprint(2)\nprint(3) # and so on"),
    ("runaway", "The sea is wide. " * 30),
    ("runaway", "It begins well enough, with a sentence. " + "and then and then " * 20),
]


def test_each_fault_sets_its_bit():
    """Refusals in eight languages, regret inside an answer; a copied prompt is a fault, a quote is none."""
    assert [] == [(bit, text) for bit, text in FAULTS if bit not in seen(text)]
    assert [] == [text for text in REFUSALS if "refusal" not in seen(text)]
    assert [] == [text for text in KIND if {"refusal", "signature"} & seen(text)]
    assert "pair_equal" in seen("Yes, it  does.", rejected="yes, it does.")
    assert "chosen_longer" in seen("Yes, it does, and well.", rejected="no")
    prompt, text = "List three reasons to plant a tree in a city.", "The old man walked along the quiet river bank."
    assert "copied" in seen(prompt.upper(), prompt)
    assert "copied" not in seen(f"{prompt} First, shade. Second, clean air. Third, birds that sing at dawn.", prompt)
    assert "copied" not in seen(text, f"Correct the grammar of this sentence.\n\n{text}")
    assert "copied" in seen(text, f"What happened then, in a few words?\n\n{text}")
    line = "I am ChatGPT, a model made to help."
    assert "signature" not in seen(f"The sentence {line!r} has nine words.", f"Count the words: {line}")
    assert "placeholder" in seen("Dear [Customer Name], your parcel [insert number] is late.", "Where is my parcel?")


CHECKS = (
    answers.truncated_answer, answers.runaway_answer, answers.refusal, answers.copied_prompt,
    canned.boilerplate_answer, answers.model_signature, answers.broken_markup, answers.placeholder,
)  # fmt: skip


def test_sound_answers_and_code_raise_nothing(tmp_path):
    """A hundred sound rows, labels, placeholders that are meant, code with TODO and a draft that was asked for."""
    sound = evidence(tmp_path, [(f"How long on row {k}?", SOUND.format(k)) for k in range(100)])
    assert [None] * 8 == [check(sound) for check in CHECKS]
    labels = evidence(tmp_path, [(f"text number {k}", "yes" if k % 2 else "no") for k in range(100)])
    assert all(check(labels) is None or isinstance(check(labels), NotChecked) for check in CHECKS)
    rows = [(f"How long on row {k}?", SOUND.format(k)) for k in range(60)]
    rows += [(f"What does customer seven owe us, asked in way {k}?", QUERY.format(7)) for k in range(5)]
    assert canned.boilerplate_answer(evidence(tmp_path, rows)) is None
    found = file_of(tmp_path, "Where is parcel {0}?", "Your parcel {0} is at {{{{depot}}}}, and comes tomorrow.")
    assert isinstance(answers.placeholder(found), NotChecked)
    (tmp_path := tmp_path / "second").mkdir()
    kinds = {
        "code": ("Write a function that adds the prices of basket {0}.", CODE),
        "query": ("Which orders of customer {0} are large?", QUERY),
        "shell": ("Which command packs the old logs of host {0}?", SHELL),
        "draft": ("Write a letter that answers complaint {0}.", DRAFT),
    }
    said = [(kind, check.__name__) for kind, texts in kinds.items() for check in CHECKS
            if isinstance(check(file_of(tmp_path, *texts)), Defect)]  # fmt: skip
    assert [] == said


def test_cut_and_canned_rows_are_named(tmp_path):
    """Five cut and four canned among a hundred."""
    rows = [(f"How long on row {k}?", SOUND.format(k)) for k in range(100)]
    rows += [(f"And on row {k}?", SOUND.format(k)[:57]) for k in range(5)]
    thanks = "Thank you for your message, we will come back to you as soon as we can."
    rows += [(f"Where is parcel {k}?", thanks) for k in range(4)]
    found = evidence(tmp_path, rows)
    cut, same = answers.truncated_answer(found), canned.boilerplate_answer(found)
    assert isinstance(cut, Defect)
    assert isinstance(same, Defect)
    assert (list(range(100, 105)), list(range(105, 109))) == (cut.rows.tolist(), same.rows.tolist())


CODE = "def total_{0}(items):\n    # TODO\n    x = {{{{ rate }}}}\n    return sum(item.price for item in items)"
QUERY = "SELECT name, total FROM orders WHERE customer = {0} AND total > 100 ORDER BY total DESC LIMIT 10"
DRAFT = "Dear [Name],\n\nThank you for your letter about order {0}. We will write again soon.\n\nYours,\n[Your Name]"
SHELL = "#!/bin/sh\nfind ./logs{0} -type f -name '*.log' -mtime +7 -exec gzip {{}} \\; -print"


def file_of(tmp_path, asked, answer, n=80):
    """A file of n rows of one kind; {0} is the number of the row."""
    return evidence(tmp_path, [(asked.format(k), answer.format(k)) for k in range(n)])
