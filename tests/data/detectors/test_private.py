"""What is private is hidden in all texts of a request, whichever of them tells that it is, and can be put back."""

import json

from tests.data.detectors.test_personal import TEXTS
from tests.data.detectors.test_secrets import FOUND
from tunecase.data.detectors.private import Mask

PRIVATE = [*(text for _, text in FOUND), *(text for text, kinds in TEXTS if kinds)]


def test_a_value_found_once_is_hidden_everywhere() -> None:
    """Bare, as JSON, as a name and with quotes around it; what is not private stays, and numbers are numbers."""
    shown = []
    for text in PRIVATE:
        values = [value for value in Mask(text).found if value in text]
        body = {"turns": [text, *values, json.dumps({"of": values})], **dict.fromkeys(values, 1), "most": 12}
        hidden = Mask(body).hidden(body)
        left = json.dumps(hidden, ensure_ascii=False)
        shown += [(text, left) for value in values if value in left or json.dumps(value)[1:-1] in left]
        shown += [(text, left)] if hidden["most"] != 12 or not values else []
    assert [] == shown
    plain = {"messages": [{"role": "user", "content": "two of 4,000 for 2024-05-17"}], "temperature": 0.0}
    assert (plain, ()) == (Mask(plain).hidden(plain), Mask(plain).kinds)


def test_what_tells_and_what_is_told_may_stand_apart() -> None:
    """A number that its question alone makes private is hidden in the answer; JSON around one stays JSON."""
    turns = [{"role": "user", "content": "What is her PESEL?"}, {"role": "assistant", "content": "44051401359"}]
    assert "[identity number]" == Mask(turns).hidden(turns)[1]["content"]
    answer = json.dumps({"to": "hello\nann.lee@example.org"})
    assert {"to": "hello\n[e-mail]"} == json.loads(Mask([answer]).hidden(answer))


def test_what_was_hidden_is_put_back() -> None:
    """A masked text becomes the original again, also where only some of it is kept; what is unclear is not guessed."""
    two = "mail ann.lee@example.org or bob.ray@example.org, or ring 020 7946 0958"
    texts = [*PRIVATE, two]
    assert texts == [Mask(text).restored(Mask(text).hidden(text), text) for text in texts]
    assert "ring 020 7946 0958!" == Mask(two).restored("ring [phone]!", two)
    assert None is Mask(two).restored("mail [e-mail]", two)
    assert "nothing hidden" == Mask(two).restored("nothing hidden", two)
