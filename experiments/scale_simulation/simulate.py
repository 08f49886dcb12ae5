"""What saturates first on a cluster: a simulation of `genesis run --scheduler` from measured costs.

    python experiments/scale_simulation/simulate.py        # writes results.json and prints the table

Simulated is the path of a dialogue: it waits for its round, for a batch of its shard, for a free worker, for the GPUs,
and for the one process that reads the plan. Everything under ``MEASURED`` was measured on this software, offline
(simulated) LM; everything under ``ASSUMED`` is an assumption about models and GPUs that a user should replace.
"""

from __future__ import annotations

import heapq
import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MEASURED = {
    "calls": 22.1,  # LM calls a dialogue, quickstart's mix, N = 4, 240 dialogues
    "prompt_tokens": 30_347,  # a dialogue
    "completion_tokens": 1_336,
    "cpu_ms_per_call": 1.3,  # a worker's CPU, `genesis bench throughput --concurrency 64`
    "reader_ms": 2.2,  # CPU of the process that reads the plan, a dialogue: decode, settle, check, write
    "journal_bytes": 8_831,  # a dialogue
    "row_bytes": 4_920,
    "parquet_bytes": 561,
}
ASSUMED = {
    "prefill_per_gpu": 25_000,  # prompt tokens a second of one GPU with an 8B model, no prefix cache
    "decode_per_gpu": 2_500,  # completion tokens a second, batched
    "seconds": 12.0,  # a dialogue on an unloaded server: 10 to 16 calls one after the other
    "spread": 0.5,  # sigma of the logarithm of that
    "task_seconds": 0.2,  # Dask's way there and back, opening the shard's journal
}
TARGET = 10_000_000


@dataclass(frozen=True)
class Cluster:
    """What a run is given."""

    gpus: int
    threads: int
    """Worker threads, a core each."""
    flight: int
    """Dialogues at once on a thread."""
    tools: int = 4_000
    rounds: int = 6


def gpu_seconds() -> float:
    """Return the GPU seconds a dialogue takes."""
    return (
        MEASURED["prompt_tokens"] / ASSUMED["prefill_per_gpu"]
        + MEASURED["completion_tokens"] / ASSUMED["decode_per_gpu"]
    )


class Simulation:
    """One run: shards of tools, batches, workers, and one reader."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self.cluster = cluster
        self.rng = random.Random(seed)
        self.shards = 2 * cluster.threads
        self.waiting: list[list[tuple[int, int]]] = [[] for _ in range(self.shards)]
        self.busy = [False] * self.shards
        self.queue: list[tuple[int, list[tuple[int, int]]]] = []
        self.free = cluster.threads
        self.flying = 0.0
        self.open = [cluster.tools] * (cluster.rounds + 1)
        self.complete = 0
        self.held: list[tuple[int, int]] = []
        self.reader_at = self.reader_busy = self.worker_busy = self.gpu_busy = 0.0
        self.events: list[tuple[float, int, str, Any]] = []
        self.now = 0.0

    def run(self) -> dict[str, float]:
        """Return dialogues a second and how busy each part was, between 0 and 1, over the run."""
        for tool in range(self.cluster.tools):
            self._may_start(tool, 1)
        while self.events:
            self.now, _, what, about = heapq.heappop(self.events)
            self._made(*about) if what == "made" else self._settled(about)
        made = self.cluster.tools * self.cluster.rounds
        return {
            "dialogues_per_s": made / self.now,
            "gpu_busy": self.gpu_busy / (self.now * self.cluster.gpus),
            "workers_busy": self.worker_busy / (self.now * self.cluster.threads),
            "reader_busy": self.reader_busy / self.now,
        }

    def _at(self, time: float, what: str, about: Any) -> None:
        heapq.heappush(self.events, (time, len(self.events) + self.rng.getrandbits(40), what, about))

    def _may_start(self, tool: int, number: int) -> None:
        if number > self.cluster.rounds:
            return
        if self.complete < number - 2:
            self.held.append((tool, number))
            return
        shard = tool % self.shards
        self.waiting[shard].append((tool, number))
        self._send(shard)

    def _send(self, shard: int) -> None:
        if self.busy[shard] or not self.waiting[shard]:
            return
        size = max(8, 2 * self.cluster.flight)
        batch, self.waiting[shard] = self.waiting[shard][:size], self.waiting[shard][size:]
        self.busy[shard] = True
        self.queue.append((shard, batch))
        self._work()

    def _work(self) -> None:
        while self.free and self.queue:
            shard, batch = self.queue.pop(0)
            self.free -= 1
            span, at_once = self._unloaded(len(batch))
            self.flying += at_once
            slower = max(1.0, self.flying * gpu_seconds() / (self.cluster.gpus * ASSUMED["seconds"]))
            cpu = len(batch) * MEASURED["calls"] * MEASURED["cpu_ms_per_call"] / 1000
            self.worker_busy += cpu
            self.gpu_busy += len(batch) * gpu_seconds()
            length = ASSUMED["task_seconds"] + max(slower * span, cpu)
            self._at(self.now + length, "made", (shard, batch, at_once))

    def _unloaded(self, size: int) -> tuple[float, float]:
        """Return the seconds a batch takes where nobody else asks, and how many dialogues are asking on average."""
        places = [0.0] * min(size, self.cluster.flight)
        whole = 0.0
        for _ in range(size):
            length = ASSUMED["seconds"] * self.rng.lognormvariate(-(ASSUMED["spread"] ** 2) / 2, ASSUMED["spread"])
            heapq.heapreplace(places, places[0] + length)
            whole += length
        return max(places), whole / max(places)

    def _made(self, shard: int, batch: list[tuple[int, int]], at_once: float) -> None:
        self.free += 1
        self.flying -= at_once
        self.busy[shard] = False
        spent = len(batch) * MEASURED["reader_ms"] / 1000
        self.reader_at = max(self.reader_at, self.now) + spent
        self.reader_busy += spent
        self._at(self.reader_at, "settled", batch)
        self._send(shard)
        self._work()

    def _settled(self, batch: list[tuple[int, int]]) -> None:
        for _, number in batch:
            self.open[number] -= 1
        while self.complete < self.cluster.rounds and not self.open[self.complete + 1]:
            self.complete += 1
        held, self.held = self.held, []
        for tool, number in held:
            self._may_start(tool, number)
        for tool, number in batch:
            self._may_start(tool, number + 1)


CLUSTERS = (
    Cluster(gpus=8, threads=4, flight=16),
    Cluster(gpus=8, threads=8, flight=16),
    Cluster(gpus=64, threads=32, flight=32, tools=8_000),
    Cluster(gpus=256, threads=128, flight=32, tools=32_000, rounds=3),
    Cluster(gpus=1024, threads=512, flight=32, tools=100_000, rounds=3),
    Cluster(gpus=2048, threads=1024, flight=32, tools=200_000, rounds=2),
    Cluster(gpus=256, threads=128, flight=32, tools=1_000, rounds=40),
)


def main() -> None:
    """Simulate each cluster; print a table and write results.json."""
    rows = []
    for cluster in CLUSTERS:
        found = Simulation(cluster, seed=0).run()
        hours = TARGET / found["dialogues_per_s"] / 3600
        figures = {name: round(value, 3) for name, value in found.items()}
        rows.append({**asdict(cluster), **figures, "hours": round(hours, 1)})
    needs = {
        "dialogues": TARGET,
        "calls": round(TARGET * MEASURED["calls"]),
        "prompt_tokens": TARGET * MEASURED["prompt_tokens"],
        "completion_tokens": TARGET * MEASURED["completion_tokens"],
        "gpu_hours": round(TARGET * gpu_seconds() / 3600),
        "worker_core_hours": round(TARGET * MEASURED["calls"] * MEASURED["cpu_ms_per_call"] / 3.6e6, 1),
        "reader_core_hours": round(TARGET * MEASURED["reader_ms"] / 3.6e6, 1),
        "journal_gb": round(TARGET * MEASURED["journal_bytes"] / 1e9, 1),
        "rows_gb": round(TARGET * MEASURED["row_bytes"] / 1e9, 1),
        "parquet_gb": round(TARGET * MEASURED["parquet_bytes"] / 1e9, 1),
    }
    results = {"measured": MEASURED, "assumed": ASSUMED, "needs": needs, "clusters": rows}
    Path(__file__).with_name("results.json").write_text(json.dumps(results, indent=2) + "\n")
    for name, value in needs.items():
        print(f"{name:20} {value:,}")
    print("| GPUs | threads | tools | dialogues/s | hours for 10 M | GPUs busy | workers' CPU busy | reader busy |")
    print("|" + " --- |" * 8)
    for row in rows:
        print(
            f"| {row['gpus']} | {row['threads']} | {row['tools']:,} | {row['dialogues_per_s']:.1f} | {row['hours']:,} "
            f"| {row['gpu_busy']:.0%} | {row['workers_busy']:.0%} | {row['reader_busy']:.0%} |"
        )


if __name__ == "__main__":
    main()
