"""Answers that teach the wrong thing: cut, endless, refused, copied, canned, signed by a model, broken or left open.

Each is judged from bits that the one pass sets; what is usual in a file decides what is a defect in it. Answers that
are labels are left alone.
"""

import re
from collections import Counter
from typing import TYPE_CHECKING

from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.sample import Sample
from tunecase.data.detectors import phrases
from tunecase.data.detectors.endings import Ending, ending
from tunecase.data.detectors.programs import is_program
from tunecase.data.reading.thinking import is_open
from tunecase.data.rowsets import union
from tunecase.quantities import Array, Flags, Rows, np
from tunecase.records import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tunecase.data.checks.evidence import Evidence
    from tunecase.data.reading.rows import Row

BITS = (
    "prose", "open", "cut", "unclosed", "runaway", "refusal", "signature", "placeholder", "stray", "json",
    "json_broken", "copied", "pair", "pair_equal", "chosen_longer", "nothing",
    "bare",
)  # fmt: skip
BIT = {name: 1 << place for place, name in enumerate(BITS)}
COLUMN = "mark answer"
LEAST_ANSWERS = 50
LEAST_PROSE = 40  # characters from which an answer is a sentence rather than a label
HABIT, MOST_CUT = 0.8, 0.3  # answers that end properly, for the others to be suspect; beyond which it is the style
LEAST_COPIED, MOST_COPIED = 30, 0.2
MOSTLY_PROSE, MOST_PLACEHOLDERS, MOST_REFUSED, MOST_SIGNED = 0.5, 0.1, 0.3, 0.3
ENDING_BITS = {
    Ending.WHOLE: 0,
    Ending.OPEN: BIT["open"],
    Ending.BARE: BIT["open"] | BIT["bare"],
    Ending.CUT: BIT["open"] | BIT["bare"] | BIT["cut"],
    Ending.UNCLOSED: BIT["unclosed"],
}
CLOSING, CLOSING_SHARE = 4, 0.85  # first characters of a last line that answers share
_STRAY = re.compile(
    r"<\|(?:im_start|im_end|endoftext|eot_id|start_header_id|end_header_id|begin_of_text|end_of_text|user|assistant|"
    r"system|end|pad|eom_id)\|>|\[/?INST\]|<</?SYS>>|</s>\s*$|^<s>|<(?:start|end)_of_turn>|"
    r"^#{2,3} ?(?:Assistant|Human|User|Response|Instruction):?\s*$|"
    r"^(?:Human|User|Assistant): .*\n+(?:Assistant|Human): ",
    re.MULTILINE,
)
_STRAY_SIGNS = re.compile(r"[<\]#{\[]|: ")  # a short answer without them is not searched, nor read as JSON
_NOTHING = frozenset("n/a na none null nan nil - -- . ? ?? tbd todo test asdf unknown undefined xxx ...".split())
# What an answer may rightly hold again: an instruction to change a text, and one to write what somebody fills in.
# Both read small letters, which is many times as fast as any case.
_EDITING = re.compile(
    r"\b(?:fix|correct|edit|rewrit|re-?phras|paraphras|translat|convert|chang|modif|transform|debug|improv|refactor|"
    r"optimi[sz]|equivalent|format|sort|capitali[sz]|upper ?case|lower ?case|punctuat|proofread|remov|replac|"
    r"add\b|insert|delet|repeat|copy|complet|continu|spell|normali[sz]|clean|grammar|extract|quot|underlin|highlight|error|mistake|"
    r"organi[sz]|order|arrang|divid|split|separat|merg|combin)"
)
_DRAFTING = re.compile(
    r"\b(?:writ|draft|compos|generat|creat|craft|prepar|phras|word|design|e-?mail|letter|template|resume|script|speech|"
    r"post\b|announce|invit|repl(?:y|ies)|respon[ds]|messag|contract|agreement|form\b|format|placeholder|variable|introduc)"
)


def mark_rows(rows: "Sequence[Row]") -> list[int]:
    """What each answer shows, one bit each in the order of BITS."""
    texts = [row.output.strip() for row in rows]
    marks = [_of_one(row, text) for row, text in zip(rows, texts, strict=True)]
    prose = [at for at, text in enumerate(texts) if len(text) >= LEAST_PROSE]
    for kind, here in _phrases([texts[at] for at in prose], [rows[at].input for at in prose]).items():
        for at in here:
            marks[prose[at]] |= BIT[kind]
    return marks


def _phrases(texts: list[str], prompts: list[str]) -> dict[str, set[int]]:
    """Which answers hold a phrase of each kind; what the prompt holds too, or code needs, is no fault."""
    places = phrases.find_phrases([text.lower() for text in texts])
    for kind in ("signature", "placeholder", "slot"):
        here = sorted(places[kind])
        in_prompt = phrases.find_phrases([prompts[at].lower() for at in here])[kind]
        places[kind] -= {here[at] for at in in_prompt}
    places["placeholder"] |= {at for at in places.pop("slot") if not _DRAFTING.search(prompts[at].lower())}
    places["placeholder"] = {at for at in places["placeholder"] if not is_program(texts[at])}
    places["stray"] = {at for at in places["stray"] if _stray(texts[at], prompts[at])}
    return places


def _of_one(row: "Row", text: str) -> int:
    """What one answer, its blanks around it gone, shows by itself."""
    bits = _pair(row) if row.rejected and row.is_target else 0
    if len(text) >= LEAST_PROSE:
        bits |= BIT["prose"] | _ending(text) | _json(text) | _copied(row.input, text)
        return bits | BIT["runaway"] * (is_runaway(text) and not is_program(text))
    if len(text) <= 20 and text.lower() in _NOTHING and text not in row.input:
        return bits | BIT["nothing"]
    if not _STRAY_SIGNS.search(text):
        return bits
    return bits | _json(text) | BIT["stray"] * _stray(text, row.input)


def _stray(text: str, prompt: str) -> bool:
    """True for a mark of a chat template that the prompt does not hold as well."""
    mark = _STRAY.search(text)
    return mark is not None and mark[0].strip() not in prompt


def _pair(row: "Row") -> int:
    chosen, rejected = " ".join(row.output.split()).casefold(), " ".join(row.rejected.split()).casefold()
    equal, longer = chosen == rejected, len(chosen) > len(rejected)
    return BIT["pair"] | BIT["pair_equal"] * equal | BIT["chosen_longer"] * longer


def _ending(text: str) -> int:
    """Whether an answer ends open, and whether in the middle of a sentence, a fence or a bracket."""
    return ENDING_BITS[ending(text)] | BIT["unclosed"] * is_open(text)


def _json(text: str) -> int:
    """Whether what looks like JSON parses."""
    import orjson

    if text[:1] != "{" and text[:2] not in ("[{", '["'):
        return 0
    try:
        orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return BIT["json_broken"]
    return BIT["json"]


def _copied(prompt: str, text: str) -> int:
    """Whether an answer is its prompt, its prompt's last part, or the prompt and hardly more.

    A part may come again where the prompt asks to change it, and code where it is to be completed.
    """
    prompt = prompt.strip()
    if len(text) < LEAST_COPIED or len(prompt) < LEAST_COPIED:
        return 0
    if text[: LEAST_COPIED - 10].casefold() not in prompt.casefold():
        return 0
    answer, asked, last_part = map(_bare, (text, prompt, prompt.rsplit("\n\n", 1)[-1]))
    whole = answer == asked or (answer.startswith(asked) and len(asked) >= 0.8 * len(answer))
    part = answer == last_part or (answer in asked and len(answer) >= 0.8 * len(asked))
    copied = whole or (part and not _EDITING.search(prompt[: len(prompt) - len(text)].lower()))
    return BIT["copied"] * (copied and not is_program(text))


def _bare(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".?!")


def is_runaway(text: str) -> bool:
    """True for a text that ends in a loop, or is mostly one line or sentence again and again, or mostly blank lines.

    A loop is a period p with the last characters the same as those p before, three times at least and over 60
    characters or three tenths of the text.

    Example:
        >>> is_runaway("It is what it is. " * 9), is_runaway("One thing. " + "And another thing follows from it. ")
        (True, False)
    """
    return text.count("\n\n\n") > 20 or _ends_in_a_loop(text) or _mostly_one_line(text)


def _ends_in_a_loop(text: str) -> bool:
    tail = text[-24:]
    before = text.find(tail, 0, len(text) - 1)
    before = text.rfind(tail, before, len(text) - 1) if before >= 0 else before
    period = len(text) - len(tail) - before
    if before < 0 or period > len(text) // 3:
        return False
    again = 1
    while text[-period * (again + 1) : len(text) - period * again] == text[-period:]:
        again += 1
    long = again >= 3 and again * period >= max(60, 0.3 * len(text))
    return long and not set(text[-period:]) <= set("-=_*|:. \n")


def _mostly_one_line(text: str) -> bool:
    third = len(text) // 3
    if len(text) < 200 or all(text.count(text[at : at + 16]) < 3 for at in (third, 2 * third)):
        return False
    lines = [line for line in text.split("\n") if len(line) > 8]
    parts = lines if len(lines) > 8 else [part for part in re.split(r"[.!?。！？]\s*", text) if len(part) > 8]
    return len(parts) >= 6 and len(set(parts)) <= 0.4 * len(parts)


def truncated_answer(evidence: "Evidence") -> Defect | NotChecked | None:
    """Answers that end in mid-sentence, or with a fence or bracket left open, where four in five end properly.

    Where five answers in six have a last line of their own kind ("#### 42"), those without it are cut as well; that is
    judged of the texts that were kept.
    """
    sentences = count_sentences(evidence)
    if not sentences:
        if evidence.classes or not evidence.train.labelled:
            return None
        return NotChecked("cut, refused, copied and canned answers: fewer than 50 answers are sentences")
    ended = 1 - how_many(evidence, BIT["open"], also=BIT["prose"]) / sentences
    bits = BIT["unclosed"] | BIT["cut"] * (ended >= HABIT) | BIT["bare"] * (ended >= 0.98)
    closing, most = _without_closing(evidence), MOST_CUT * sentences
    many = max(how_many(evidence, bits, also=BIT["prose"]), len(closing)) > most
    rows = closing if many else union(marked(evidence, bits, also=BIT["prose"]), closing)
    if many or len(rows) > most:
        rows, closing = marked(evidence, BIT["unclosed"], also=BIT["prose"]), closing[:0]
    last_lines = Sample(len(evidence.train.texts.rows), evidence.train.count, "last lines")
    sample = last_lines.told(len(closing)) if len(closing) else ""
    why = f"these answers stop in mid-sentence or leave a bracket open, {ended:.0%} of the others end properly{sample}"
    return quality(evidence, "truncated_answer", rows, why, "write them to the end, or delete them")


def _without_closing(evidence: "Evidence") -> "Rows":
    """Rows whose answer lacks the last line that five in six begin alike, of those whose texts are kept."""
    texts = evidence.train.texts
    starts = [text.rstrip().rsplit("\n", 1)[-1][:CLOSING] if "\n" in text else "" for text in texts.outputs]
    usual, count = Counter(starts).most_common(1)[0] if starts else ("", 0)
    if usual.strip("`}])>\"' ") and not usual[0].isalnum() and count >= CLOSING_SHARE * len(starts):
        rows: Rows = texts.rows[np.array([start != usual for start in starts])]
        return rows
    return texts.rows[:0]


def runaway_answer(evidence: "Evidence") -> Defect | NotChecked | None:
    """Answers that repeat themselves without end: loops, the same sentence again and again, blank lines."""
    if not count_sentences(evidence):
        return None
    why = "these answers repeat the same words again and again: a model taught so does not stop"
    fix = "cut them after the first time, or delete them"
    return quality(evidence, "runaway_answer", marked(evidence, BIT["runaway"]), why, fix)


def refusal(evidence: "Evidence") -> Defect | NotChecked | None:
    """Answers that refuse or apologise instead of answering, in eight languages; not where a third of them do.

    A note without a price where tools are called: there a request that no tool serves is declined by right.
    """
    sentences = count_sentences(evidence)
    if not sentences:
        return None
    if how_many(evidence, BIT["refusal"]) > MOST_REFUSED * sentences:
        return NotChecked("answers that refuse: so many do that it looks meant")
    why = "these answers refuse or apologise: a model learns to refuse as often"
    fix = "keep those that are meant, answer or delete the others"
    defect = quality(evidence, "refusal", marked(evidence, BIT["refusal"]), why, fix)
    if defect is not None and evidence.domain == "tool calls":
        defect.severity, defect.review_rows = "note", 0.0
        defect.why = "these answers decline what no tool serves, or refuse: a model learns to do so as often"
    return defect


def model_signature(evidence: "Evidence") -> Defect | NotChecked | None:
    """Answers in which a model names itself or its maker: made by a model, and taught to say so.

    Those that refuse are left to that check, so that a row is named once.
    """
    sentences = count_sentences(evidence)
    if not sentences:
        return None
    if how_many(evidence, BIT["signature"], unless=BIT["refusal"]) > MOST_SIGNED * sentences:
        return NotChecked("answers in which a model names itself: so many do that it looks meant")
    rows = marked(evidence, BIT["signature"], unless=BIT["refusal"])
    why = "in these answers a model speaks of itself: they are a model's, and teach yours the wrong name"
    return quality(evidence, "model_signature", rows, why, "rewrite or delete; ask the licence of that model")


def placeholder(evidence: "Evidence") -> Defect | NotChecked | None:
    """Answers with a placeholder that nobody filled in: lorem ipsum, TODO, {{name}}, [insert …], N/A alone.

    Not in code, nor in a draft that was asked for, nor where many hold one; N/A is an answer where answers are short.
    """
    sentences = count_sentences(evidence)
    if not sentences:
        return None
    bits = BIT["placeholder"] | BIT["nothing"] * (sentences >= MOSTLY_PROSE * evidence.train.count)
    if how_many(evidence, bits) > MOST_PLACEHOLDERS * sentences:
        return NotChecked("placeholders: so many answers hold one that it looks meant")
    why = "a stand-in was left where the answer should be"
    return quality(evidence, "placeholder", marked(evidence, bits), why, "fill them in, or delete them")


def copied_prompt(evidence: "Evidence") -> Defect | NotChecked | None:
    """Answers that are their prompt again; not where most are, as when the task is to correct a text."""
    if evidence.request.task == "extraction" or not count_sentences(evidence):
        return None
    if how_many(evidence, BIT["copied"]) > MOST_COPIED * evidence.train.count:
        return NotChecked("answers that copy their prompt: so many do that it looks meant")
    why = "the answer is the prompt again, wholly or but for a few words"
    return quality(evidence, "copied_prompt", marked(evidence, BIT["copied"]), why, "answer or delete them")


def broken_markup(evidence: "Evidence") -> Defect | NotChecked | None:
    """Marks of a chat template in answers, and JSON that does not parse where nine in ten answers like it do."""
    if evidence.classes or not evidence.train.labelled:
        return None
    good, bad = how_many(evidence, BIT["json"]), how_many(evidence, BIT["json_broken"])
    judged = BIT["stray"] | (BIT["json_broken"] if good >= LEAST_ANSWERS and good >= HABIT * (good + bad) else 0)
    why = "marks of a chat template, or JSON that does not parse, stand in these answers"
    fix = "take the marks out; a script can do it for the templates"
    return quality(evidence, "broken_markup", marked(evidence, judged), why, fix)


def count_sentences(evidence: "Evidence") -> int:
    """How many answers are sentences; 0 where too few are to judge any, or where answers are classes."""
    if not evidence.train.labelled or evidence.classes or evidence.request.task == "classification":
        return 0
    count = how_many(evidence, BIT["prose"])
    return count if count >= LEAST_ANSWERS else 0


def how_many(evidence: "Evidence", bits: int, *, also: int = 0, unless: int = 0) -> int:
    """How many training rows have an answer with any of these bits, all of `also` and none of `unless`."""
    return int(evidence.train.total([COLUMN], lambda columns: int(_has(columns[COLUMN], bits, also, unless).sum())))


def marked(evidence: "Evidence", bits: int, *, also: int = 0, unless: int = 0) -> "Rows":
    """The rows that `how_many` counts, ascending."""
    return evidence.train.where([COLUMN], lambda columns: _has(columns[COLUMN], bits, also, unless))


def _has(marks: "Array", bits: int, also: int, unless: int) -> "Flags":
    flags: Flags = (marks & bits > 0) & (marks & also == also) & (marks & unless == 0)
    return flags


def quality(evidence: "Evidence", check: str, rows: "Rows", why: str, fix: str) -> Defect | None:
    """The defect of some answers, a warning from one row in 200; None without any."""
    if not len(rows):
        return None
    severity: Severity = "warn" if len(rows) >= 0.005 * evidence.train.rows else "note"
    shown = tuple(map(evidence.train.example, rows[:2].tolist()))
    return Defect(check, severity, why, fix, rows=rows, examples=shown, review_rows=float(len(rows)))
