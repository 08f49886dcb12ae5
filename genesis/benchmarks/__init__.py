"""Readers of public benchmarks: raw tools, items and gold, in the benchmark's own dialect."""
