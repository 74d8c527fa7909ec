"""Rows to review as files: Label Studio, Argilla or a spreadsheet, written and read back."""
