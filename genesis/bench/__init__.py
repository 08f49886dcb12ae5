"""Measures this machine with the real pipeline: throughput at a known latency, memory over a long run."""

from genesis.bench.memory import memory
from genesis.bench.setup import bench_params, bench_pool
from genesis.bench.throughput import throughput

__all__ = ["bench_params", "bench_pool", "memory", "throughput"]
