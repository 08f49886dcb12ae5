"""Text similarity: one implementation for tools, memory, metrics and checks.

>>> words("What's the weather in Oslo, 2 days from now?")
['what', "'s", 'the', 'weather', 'in', 'oslo', '2', 'days', 'from', 'now']
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import xxhash

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_WORD = re.compile(r"'?[^\W_]+", re.UNICODE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
FEATURES = 1 << 18


def words(text: str) -> list[str]:
    """Return the lower-case words and numbers of ``text``; ``snake_case`` gives its parts."""
    return _WORD.findall(text.lower())


def split_name(name: str) -> list[str]:
    """Split an identifier into lower-case words: ``getUserInfo_v2`` -> ``get user info v2``."""
    return words(_CAMEL.sub(" ", name))


def ngrams(items: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    """Yield the n-grams of a token list, in order."""
    return zip(*(items[start:] for start in range(n)), strict=False)


def stable_hash(*parts: object) -> int:
    """Return a 63-bit hash of the parts' text: the same on every machine, for seeds and ids."""
    return xxhash.xxh3_64_intdigest("\x1f".join(map(str, parts)).encode()) >> 1


def clean_text(text: str) -> str:
    """Replace lone surrogates, which no file or socket takes, by U+FFFD; other text comes back as it is."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def hashed_tfidf(texts: Iterable[Sequence[str]], *, features: int = FEATURES, idf: Any = None) -> csr_matrix:
    """Return L2-normalised hashed TF-IDF rows of token lists, shape (n, features), float32.

    Weights are (1 + ln tf) * (ln((1 + n) / (1 + df)) + 1), the smoothed form of scikit-learn; hash collisions add up.
    ``idf``: an array of weights by feature from elsewhere, so that two rows' cosine depends on these two alone.
    The dot product of two rows is their cosine.
    """
    import numpy as np
    from scipy.sparse import csr_matrix

    indices: list[int] = []
    counts: list[float] = []
    starts = [0]
    cache: dict[str, int] = {}
    for tokens in texts:
        row: dict[int, int] = {}
        for token in tokens:
            column = cache.get(token)
            if column is None:
                column = cache[token] = xxhash.xxh3_64_intdigest(token.encode()) % features
            row[column] = row.get(column, 0) + 1
        indices.extend(row)
        counts.extend(row.values())
        starts.append(len(indices))
    n = len(starts) - 1
    columns = np.asarray(indices, dtype=np.int64)
    if idf is None:
        idf = np.log((1 + n) / (1 + np.bincount(columns, minlength=features))) + 1
    data = ((1 + np.log(np.asarray(counts))) * idf[columns]).astype(np.float32) if n else np.zeros(0, np.float32)
    matrix = csr_matrix((data, columns, np.asarray(starts)), shape=(n, features))
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    norms[norms == 0] = 1
    matrix.data /= np.repeat(norms, np.diff(matrix.indptr)).astype(np.float32)
    return matrix


def nearest(matrix: Any, query: int, k: int) -> list[tuple[int, float]]:
    """Return the ``k`` rows most similar to row ``query`` as (row, cosine), best first, ties by row; not itself."""
    import numpy as np

    scores = np.asarray((matrix @ matrix[query].T).todense()).ravel()
    scores[query] = -1
    order = np.lexsort((np.arange(len(scores)), -scores))[:k]
    return [(int(row), float(scores[row])) for row in order if row != query]
