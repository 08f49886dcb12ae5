"""How varied the meaning of requests is, as far as an embedder sees it.

The embedder is a parameter: ``tfidf`` (default, no weights: it sees words, not meaning) or the name or path of a
sentence-transformers model. All measures are of unit vectors, so a dot product is a cosine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from genesis.errors import MissingExtraError
from genesis.metrics.bleu import mix
from genesis.metrics.columns import Columns, Rows, spans
from genesis.metrics.duplicates import word_hashes
from genesis.metrics.statistics import at_fixed_n
from genesis.metrics.structural import entropy
from genesis.text import stable_hash

Vectors = NDArray[np.float32]
Embed = Callable[[Rows], Vectors]
"""Rows of the data set -> unit vectors, shape (rows, dimensions)."""

DIMENSIONS = 256
_SPREAD = 4
_CHUNK = 20_000
CLUSTERS = 50
CLUSTERED = 10_000


def embedder(columns: Columns, name: str = "tfidf") -> tuple[Embed, Rows]:
    """Return a function from rows to unit vectors, and the rows it can embed (models: those whose text was kept).

    Raises MissingExtraError where a model is named and sentence-transformers is not installed.
    """
    if name == "tfidf":
        return tfidf(columns), np.arange(columns.n, dtype=np.int64)
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise MissingExtraError(f"embedder {name!r} needs a package: pip install sentence-transformers") from error
    model = SentenceTransformer(name)
    rows = np.array(sorted(columns.texts), np.int64)
    vectors = np.zeros((columns.n, model.get_sentence_embedding_dimension()), np.float32)
    vectors[rows] = model.encode([columns.texts[row] for row in rows.tolist()], normalize_embeddings=True)
    return (lambda wanted: vectors[wanted]), rows


def tfidf(columns: Columns, *, dimensions: int = DIMENSIONS, seed: int = 0) -> Embed:
    """Return an embedder by TF-IDF and a sparse random projection.

    A word's weight is (1 + ln tf) (ln((1 + n) / (1 + df)) + 1); it goes to four of the dimensions with random signs,
    drawn from the hash of its text (a sparse Johnson-Lindenstrauss map: Kane and Nelson 2014): cosines are kept within
    about 1 / sqrt(dimensions).
    """
    requests, n = columns.requests, columns.n
    bits = np.uint64(max(1, (len(requests.names) - 1).bit_length()))
    words = len(requests.names)

    def counted(rows: Rows) -> tuple[Rows, Rows, Rows]:
        """Return (place in rows, word, how often) of every different word of each row."""
        place = np.repeat(np.arange(len(rows), dtype=np.uint64), requests.starts[rows + 1] - requests.starts[rows])
        keys = (place << bits) | requests.codes[spans(requests.starts, rows)].astype(np.uint64)
        found, counts = np.unique(keys, return_counts=True)
        word = found & ((np.uint64(1) << bits) - np.uint64(1))
        return (found >> bits).astype(np.int64), word.astype(np.int64), counts

    df = np.zeros(words, np.int64)
    for rows in chunks(np.arange(n, dtype=np.int64)):
        df += np.bincount(counted(rows)[1], minlength=words)
    idf = np.log((1 + n) / (1 + df)) + 1
    keys = mix(word_hashes(requests) + np.uint64(stable_hash("projection", seed)))
    targets = [mix(keys + np.uint64(step)) for step in range(_SPREAD)]

    def embed(rows: Rows) -> Vectors:
        place, word, tf = counted(rows)
        weight = (1 + np.log(tf)) * idf[word]
        flat = np.zeros(len(rows) * dimensions)
        for target in targets:
            signed = np.where(target[word] >> np.uint64(63), weight, -weight)
            column = (target[word] % np.uint64(dimensions)).astype(np.int64)
            flat += np.bincount(place * dimensions + column, weights=signed, minlength=len(flat))
        vectors = flat.reshape(len(rows), dimensions)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / np.where(norms == 0, 1, norms)).astype(np.float32)

    return embed


def chunks(rows: Rows) -> Iterator[Rows]:
    """Yield rows in pieces that keep memory flat."""
    for begin in range(0, len(rows), _CHUNK):
        yield rows[begin : begin + _CHUNK]


def spectrum(embed: Embed, rows: Rows) -> NDArray[np.float64]:
    """Return the eigenvalues of K / n, K the matrix of all cosines: exact, through the d x d matrix X'X / n.

    X X' (n x n) and X' X (d x d) have the same eigenvalues but for zeros, so n requests cost n d^2, not n^3.
    """
    total: Any = 0.0
    for part in chunks(rows):
        vectors = embed(part)
        total = total + (vectors.T @ vectors).astype(np.float64)
    values: NDArray[np.float64] = np.linalg.eigvalsh(total / len(rows)).clip(0)
    return values


def vendi(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the Vendi score of order 1, exp(-sum l ln l), and of order infinity, 1 / max l (Friedman and Dieng 2023;
    Pasarkar and Dieng 2024), of the eigenvalues of K / n.

    It counts effectively different requests. Pitfalls: it grows with n, is capped by the embedder's dimensions, and a
    third of copies hardly moves it.
    """
    shares = values / values.sum() if values.sum() > 0 else values
    positive = shares[shares > 0]
    if not len(positive):
        return float("nan"), float("nan")
    return exp(float(-(positive * np.log(positive)).sum())), float(1 / positive.max())


def remote_clique(vectors: Vectors) -> float:
    """Return the mean cosine distance between two different requests, in linear time (Rhys Cox et al. 2021).

    n / (n - 1) (1 - |mean vector|^2). Pitfall: near 1 for any set of short texts, copies or not.
    """
    n = len(vectors)
    if n < 2:
        return float("nan")
    centre = vectors.mean(axis=0, dtype=np.float64)
    return float((1 - centre @ centre) * n / (n - 1))


def nearest_distance(vectors: Vectors) -> float:
    """Return the mean cosine distance of a request to its nearest other one: mean over i of min over j of 1 - x_i x_j.

    After Clark and Evans 1954 (spacing of points). Pitfalls: it falls with n, hence a fixed one; quadratic in n; copies
    pull it down by their share only.
    """
    if len(vectors) < 2:
        return float("nan")
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    return float(np.clip(1 - cosines.max(axis=1), 0, 2).mean())


def clusters(vectors: Vectors, k: int = CLUSTERS, *, rounds: int = 12, seed: int = 0) -> NDArray[np.int32]:
    """Return the cluster of each vector by spherical k-means (Dhillon and Modha 2001), seeds drawn far apart.

    Cluster entropy is -sum p log2 p over the clusters' shares. Pitfall: the clusters are this data set's own, so the
    entropy says how evenly its requests spread, not how far apart they are: few topics, evenly filled, look varied.
    """
    generator = np.random.default_rng(stable_hash("clusters", seed, len(vectors), k))
    centres = vectors[[int(generator.integers(len(vectors)))]]
    nearest = vectors @ centres[0]
    while len(centres) < min(k, len(vectors)):
        distance = np.clip(1 - nearest, 0, None).astype(np.float64)
        if distance.sum() <= 1e-9:
            break
        chosen = int(generator.choice(len(vectors), p=distance / distance.sum()))
        centres = np.vstack([centres, vectors[chosen]])
        nearest = np.maximum(nearest, vectors @ vectors[chosen])
    labels = (vectors @ centres.T).argmax(axis=1)
    for _ in range(rounds):
        for number in range(len(centres)):
            total = vectors[labels == number].sum(axis=0)
            norm = float(np.linalg.norm(total))
            if norm:
                centres[number] = total / norm
        labels = (vectors @ centres.T).argmax(axis=1)
    found: NDArray[np.int32] = labels.astype(np.int32)
    return found


def semantic(columns: Columns, *, size: int | None = None, name: str = "tfidf") -> dict[str, Any]:
    """Return the semantic measures at a fixed number of dialogues, with intervals; Vendi of the whole set beside.

    Cluster entropy is that of at most 50 clusters of at most 10,000 requests, the clusters taken as given.
    """
    if columns.n < 2:
        return {"embedder": name}
    embed, rows = embedder(columns, name)
    dimensions = embed(rows[:1]).shape[1]

    def at_n(measure: Callable[[Vectors], float], most: float) -> dict[str, Any] | None:
        found = at_fixed_n(lambda part: measure(embed(rows[part])), len(rows), size=size, most=most)
        return found.to_json() if found else None

    sample = rows[:: -(-len(rows) // CLUSTERED)]
    labels = clusters(embed(sample), max(2, min(CLUSTERS, len(sample) // 10)))
    grouped = at_fixed_n(lambda part: entropy(labels[part]), len(sample), size=size)
    whole = vendi(spectrum(embed, rows))
    return {
        "embedder": f"{name}, {dimensions} dimensions",
        "vendi": at_n(lambda vectors: vendi(_values(vectors))[0], dimensions),
        "vendi_inf": at_n(lambda vectors: vendi(_values(vectors))[1], dimensions),
        "vendi_in_all": round(whole[0], 4),
        "vendi_inf_in_all": round(whole[1], 4),
        "remote_clique": at_n(remote_clique, 2.0),
        "nearest_distance": at_n(nearest_distance, 2.0),
        "cluster_entropy": {**grouped.to_json(), "clusters": int(labels.max()) + 1} if grouped else None,
    }


def _values(vectors: Vectors) -> NDArray[np.float64]:
    """Return the eigenvalues of K / n through the smaller of the two matrices that have them."""
    n, dimensions = vectors.shape
    gram = vectors @ vectors.T if n < dimensions else vectors.T @ vectors
    values: NDArray[np.float64] = np.linalg.eigvalsh(gram.astype(np.float64) / n).clip(0)
    return values


NO_CALL = "no call"
"""The domain of a request that no tool was called for."""


def picture(columns: Columns, *, most: int = 5000, name: str = "tfidf") -> list[dict[str, Any]]:
    """Return a 2-D map of requests, ``[{"id", "x", "y", "domain"}, ...]``: the two main directions of their vectors.

    Principal components, signs fixed so that the same data gives the same picture; the domain is the first called
    tool's (:data:`NO_CALL` where nothing is called or known). At most ``most`` requests, evenly spread.
    """
    if columns.n < 3:
        return []
    embed, rows = embedder(columns, name)
    rows = rows[:: -(-len(rows) // most)]
    vectors = embed(rows).astype(np.float64)
    vectors -= vectors.mean(axis=0)
    with threadpool_limits(1):
        _, directions = np.linalg.eigh(vectors.T @ vectors)
    main = directions[:, -2:][:, ::-1]
    main = main * np.sign(main[np.abs(main).argmax(axis=0), [0, 1]])
    places = vectors @ main
    domains = columns.domains
    found = []
    for row, (x, y) in zip(rows.tolist(), places.tolist(), strict=True):
        start, end = domains.starts[row], domains.starts[row + 1]
        domain = domains.names[domains.codes[start]] if end > start else NO_CALL
        found.append({"id": columns.ids[row], "x": round(x, 5), "y": round(y, 5), "domain": domain})
    return found
