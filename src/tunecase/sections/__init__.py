"""Sections of the report: each turns finished records into one question, its answer and what it rests on.

Every member takes a `Found` and returns a Section; a record that is missing makes it say what to run.
"""
