"""Fields are read by type; what is of another type is told with its place and read as absent."""

from tunecase.compute.configs.settings import Content, Run, Settings


def settings(content, lines=None):
    """The fields of a file called a.yaml."""
    return Settings(Content(content, lines), "a.yaml", Run("a tool", "a.yaml"))


def test_whole_numbers():
    """A whole number may be written in several ways."""
    cases = [("8", 8), (8, 8), ("1_000", 1000), ("1e3", 1000), ("8.0", 8)]
    assert [] == [(text, number) for text, number in cases if number != settings({"n": text}).whole("n")]


def test_no_whole_numbers():
    """Anything else is a problem, not an exception."""
    cases = ["eight", "1.5", "0", "-1", "1e400", "nan", True, [8], {"a": 1}, "9" * 400]
    for value in cases:
        fields = settings({"n": value})
        assert fields.whole("n") is None
        assert 1 == len(fields.run.problems)


def test_left_to_the_tool():
    """What is empty or automatic is absent, and no problem."""
    cases = [None, "", "  ", "auto", "null", "None"]
    for value in cases:
        fields = settings({"n": value})
        assert fields.whole("n") is fields.text("n") is fields.flag("n") is None
        assert [] == fields.run.problems


def test_flags():
    """Every way in which the tools write yes and no."""
    fields = settings({"a": "True", "b": "no", "c": "on", "d": False, "e": "0", "f": "maybe"})
    assert (True, False, True, False, False, None) == tuple(fields.flag(key) for key in "abcdef")
    assert ["a.yaml: f"] == [problem.where for problem in fields.run.problems]


def test_a_mistake_is_told_once():
    """A wrong value that several rules of a reader look at is one problem."""
    fields = settings({"gptq": "maybe"})
    assert fields.flag("gptq") is fields.flag("gptq") is None
    assert ["a.yaml: gptq"] == [problem.where for problem in fields.run.problems]


def test_names():
    """Names stand in a list, or in a text with commas or blanks."""
    assert ("a", "b") == settings({"n": ["a", "b"]}).names("n") == settings({"n": "a, b"}).names("n")
    assert settings({"n": []}).names("n") is None
    fields = settings({"n": [{"a": 1}]})
    assert fields.names("n") is None
    assert "a list of 1" == fields.run.problems[0].got


def test_places_below():
    """A problem below a field names the way to it and its line."""
    fields = settings({"a": {"b": {"n": "x"}}}, {("a", "b", "n"): 7})
    below = fields.part("a").part("b")
    assert below.whole("n") is None
    assert "a.yaml:7: a.b.n" == fields.run.problems[0].where
    assert {("b", "n"): 7} == fields.content_of("a").lines


def test_long_values_are_shortened():
    """A problem shows a long value's beginning only."""
    fields = settings({"n": "x" * 1000})
    fields.whole("n")
    assert 60 == len(fields.run.problems[0].got)


def test_references():
    """${name} stands for a field at the top of the file; to a set of fields it stands for nothing."""
    fields = settings({"a": "${b}/x", "b": "y", "c": "${d}z", "d": {"e": 1}})
    assert ("y/x", "z") == (fields.text("a"), fields.text("c"))
