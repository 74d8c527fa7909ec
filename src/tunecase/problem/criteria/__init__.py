"""The rules of a well-posed problem, by subject: each is a function of the Facts that returns one Criterion."""
