"""Sentences in segments, some of which name a type."""

import json

from tunecase.data.reading.load import load


def test_segments_give_text_and_spans(tmp_path):
    """The text is the sum of the segments, the answer what they name; a row of another form is a bad row."""
    marked = [{"text": "Rain in "}, {"text": "Bonn", "entity": "city", "slot_name": "place"}, {"text": "?"}]
    rows = [{"data": marked}] * 9 + [{"data": [{"words": "Rain"}]}]
    (tmp_path / "a.json").write_text(json.dumps({"AskWeather": rows}), encoding="utf-8")
    table = load(tmp_path / "a.json")
    assert {("Rain in Bonn?", '{"place":["Bonn"]}')} == {(row.input, row.output) for row in table.rows}
    assert [9] == [row.number for row in table.bad]
