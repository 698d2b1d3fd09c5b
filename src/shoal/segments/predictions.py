"""Traits that models and experiments state: their names begin with a word that is reserved for them."""

from __future__ import annotations

SCORE = "score:"
"""`score:churn risk` is a trait that holds a number."""

CLUSTER = "cluster:"
"""`cluster:Bargain hunters` is a trait that is true of those in it, and null or false of those who left it."""

ARM = "arm:"
"""`arm:subject-test` is a trait that holds the name of the arm that somebody was given in this experiment."""

RESERVED = (SCORE, CLUSTER, ARM)
"""What such names begin with."""
