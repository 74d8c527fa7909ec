"""The data checks: each is a function of the Evidence that returns one Defect, or None when nothing is wrong.

A check never reads a file and never prices anything; adding one is a function here and its name in audit.CHECKS.
"""
