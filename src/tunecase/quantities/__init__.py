"""Numbers that are not known exactly, and how they are written."""
