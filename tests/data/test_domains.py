"""The kind of text of a file, on made-up files."""

from tunecase.data.domains import domain_of, looks_like_code

REQUEST = "where is parcel number {n}"
STORY = (
    "day {n} began early: the miller of {n} hills counted his sacks, found that {n} were missing, and walked down to "
    "the river to ask the ferryman whether anybody had crossed during the night with a heavy load."
)
WORDS = ["once", "later"] * 25
PROGRAM = "def area_{n}(width, height):\n    return width * height + {n}\n"


def many(text: str) -> list[str]:
    """Fifty rows of one text, each with a number of its own."""
    return [text.format(n=n) for n in range(50)]


def test_requests_prose_and_code() -> None:
    """By length and signs, tools before chats; sentences that begin with a language's word stay prose."""
    answers = ["yes"] * 50
    requests = [f"{word} is parcel {n}, please" for n, word in enumerate(["where", "when"] * 25)]
    stories = [
        f"{word}, {text} He paid {n} coins." for n, (word, text) in enumerate(zip(WORDS, many(STORY), strict=True))
    ]
    assert "short requests" == domain_of(requests, answers)
    assert "prose" == domain_of([f"{text} {word}" for text, word in zip(stories, WORDS, strict=True)], answers)
    assert "code" == domain_of(many(REQUEST), many(PROGRAM))
    assert "code" == domain_of(many(PROGRAM), many("what does it do"))
    turns = [(("user", "hello"), ("assistant", "hi"), ("user", "bye"), ("assistant", "bye"))] * 50
    assert "chats" == domain_of(many(REQUEST), many("hello"), turns)
    assert "tool calls" == domain_of(many(REQUEST), many("hello"), turns, True)
    prompt = "Read the message of a customer below and name the department that has to answer it. Message: {n}"
    assert "templated prompts" == domain_of(many(prompt), ["sales"] * 50)
    said = [
        "Return the card; it has expired.",
        "Select the best answer from the list: a, b or c",
        "Let x be the sum: 3",
    ]
    assert [False] * 3 == [looks_like_code(text) for text in said]
    assert not looks_like_code('{"names": ["Ann", "Bo"]}')
    assert looks_like_code("library.hub.load(name='small', pretrained=True)")
    queries = ["SELECT name FROM staff WHERE age > 3", "select name from staff where age > 3"]
    assert [True] * 2 == [looks_like_code(text) for text in queries]
