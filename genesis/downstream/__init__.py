"""Benchmark scorers and the students that learn from a data set."""
