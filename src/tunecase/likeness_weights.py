"""Weights of a pair's features: logistic regressions (L2, C = .01), intercept first.

PROSE: half of GSM8K's rewrites and clean questions, with and without answers, banking77, CLINC and Self-Instruct as
further clean rows. CODE: half of HumanEval's Python rewrites, clean functions of Python's library. Date: 2026-11-24.
"""

PROSE = (
    -12.672,
    -0.886,  # words_overlap
    -0.077,  # words_shared
    0.934,  # words_bits
    0.000,  # words_none
    1.027,  # groups_overlap
    0.865,  # groups_shared
    1.068,  # groups_bits
    0.000,  # groups_none
    2.012,  # numerals_overlap
    1.886,  # numerals_shared
    0.981,  # numerals_bits
    -0.323,  # numerals_none
    1.128,  # names_overlap
    0.618,  # names_shared
    0.438,  # names_bits
    0.215,  # names_none
    -0.287,  # shapes_overlap
    -0.287,  # shapes_shared
    0.000,  # shapes_bits
    -0.143,  # shapes_none
    0.478,  # cosine
    2.796,  # lead
    0.761,  # grams
    -0.474,  # length
    2.740,  # order
    0.663,  # same_answer
    -0.526,  # other_answer
)
CODE = (
    2.256,
    7.402,  # words_overlap
    0.794,  # words_shared
    0.054,  # words_bits
    0.000,  # words_none
    9.846,  # groups_overlap
    1.657,  # groups_shared
    0.168,  # groups_bits
    0.000,  # groups_none
    0.928,  # numerals_overlap
    -0.192,  # numerals_shared
    0.044,  # numerals_bits
    -0.056,  # numerals_none
    -0.389,  # names_overlap
    -0.495,  # names_shared
    0.159,  # names_bits
    -0.173,  # names_none
    0.257,  # shapes_overlap
    0.159,  # shapes_shared
    0.045,  # shapes_bits
    -0.039,  # shapes_none
    0.097,  # cosine
    3.051,  # lead
    7.421,  # grams
    -0.191,  # length
    0.935,  # order
    0.000,  # same_answer
    0.000,  # other_answer
)
