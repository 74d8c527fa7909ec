"""Faults on purpose: the disk, the memory and the user stop a command at every step that it takes."""
