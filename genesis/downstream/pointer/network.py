"""The pointer network: 0.3 million parameters that read a request, the tools on offer and their parameters.

======================  ===========================================================================================
part                    what it does
======================  ===========================================================================================
words                   mean of hashed character grams, trained; or frozen word pieces and a trained projection
request encoder         two convolutions over word vectors and what tokens look like -> (B, T, H)
tool head               how much of a tool's words the request says, and the reverse -> a score a tool; 0 is "none fits"
count head              1 to MOST_CALLS calls of a tool
parameter encoder       name, description, kind, how many-th call -> (P, H)
pointer                 convolutions over the request as this parameter sees it -> a score a span, and one for "absent"
choice                  options matched with the request -> a score an option (enum members, true and false)
======================  ===========================================================================================

Shapes: B requests, T tokens, F tools, P parameters, O options, H width. Torch is imported when a network is made.
"""

from __future__ import annotations

from typing import Any

from genesis.downstream.pointer.examples import KINDS, MOST_CALLS
from genesis.downstream.pointer.tokens import SHAPES
from genesis.downstream.pointer.values import LONGEST
from genesis.downstream.pointer.vectors import BUCKETS
from genesis.errors import MissingExtraError

INSTALL = "the pointer probe needs torch: `pip install 'genesisfunc-workbench[probe]'`, or `make test-train` once"


def torch_() -> Any:
    """Return the torch module. Raises MissingExtraError with the line that installs it."""
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError(INSTALL) from error
    return torch


def build(width: int = 48, hidden: int = 48, frozen: int = 0) -> Any:
    """Return a new network; ``frozen``: width of pretrained word vectors, 0 for vectors trained from scratch."""
    torch = torch_()
    nn, f = torch.nn, torch.nn.functional

    class Network(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            inner = hidden * 2 // 3
            if frozen:
                self.word = nn.Linear(frozen, width, bias=False)
            else:
                self.word = nn.EmbeddingBag(BUCKETS, width, mode="mean", padding_idx=0)
                nn.init.normal_(self.word.weight, std=1.0)
            self.match = nn.Linear(width, width, bias=False)
            nn.init.eye_(self.match.weight)
            self.weight = nn.Linear(width, 1)
            self.lift = nn.Linear(width + SHAPES, hidden)
            self.one, self.two = (nn.Conv1d(hidden, hidden, 5, padding=2) for _ in range(2))
            self.norm = nn.LayerNorm(hidden)
            self.kind, self.turn = nn.Embedding(len(KINDS), 8), nn.Embedding(MOST_CALLS, 8)
            self.parameter = nn.Sequential(nn.Linear(2 * width + 17, hidden), nn.Tanh())
            self.tool = nn.Sequential(nn.Linear(2 * width, hidden), nn.Tanh())
            self.rank = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 1))
            self.count = nn.Sequential(nn.Linear(2 * hidden + 4, 32), nn.ReLU(), nn.Linear(32, MOST_CALLS))
            self.see, self.cross = nn.Linear(hidden, inner), nn.Linear(hidden, inner, bias=False)
            self.condition, self.channel = nn.Linear(hidden, inner, bias=False), nn.Linear(5, inner, bias=False)
            self.near = nn.Conv1d(inner, inner, 5, padding=2)
            self.ends = nn.Linear(inner, 2)
            self.length = nn.Parameter(torch.zeros(len(KINDS), LONGEST))
            self.absent = nn.Sequential(nn.Linear(hidden + inner + 2, 32), nn.ReLU(), nn.Linear(32, 1))
            self.said = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
            self.option = nn.Linear(width, inner, bias=False)

        def embed(self, table: Any, ids: Any) -> Any:
            """Return word vectors of ``ids`` (any shape); ``table``: sub-word buckets or frozen vectors by word."""
            unique, where = torch.unique(ids, return_inverse=True)
            vectors = self.word(table[unique])
            return vectors[where] * (ids > 0).unsqueeze(-1)

        def mean(self, vectors: Any, ids: Any) -> Any:
            """Return weighted means of word vectors (N, W, D) -> (N, D), and the weights (N, W)."""
            scores = self.weight(vectors).squeeze(-1).masked_fill(ids == 0, -30.0)
            weights = torch.softmax(scores, -1) * (ids > 0)
            return (weights.unsqueeze(-1) * vectors).sum(1), weights

        def keys(self, vectors: Any) -> Any:
            """Return vectors to be matched by cosine."""
            return f.normalize(self.match(vectors), dim=-1, eps=1e-6)

        def encode(self, table: Any, requests: Any) -> Any:
            """Return what is known of each request: ``hidden`` (B, T, H), ``keys`` (B, T, D), ``weights`` (B, T)."""
            vectors = self.embed(table, requests["tokens"])
            inside = requests["inside"].unsqueeze(-1)
            hidden = torch.relu(self.lift(torch.cat([vectors, requests["shape"]], -1))) * inside
            hidden = hidden + torch.relu(self.one(hidden.transpose(1, 2)).transpose(1, 2)) * inside
            hidden = self.norm(hidden + torch.relu(self.two(hidden.transpose(1, 2)).transpose(1, 2))) * inside
            pooled, weights = self.mean(vectors, requests["tokens"])
            return {"hidden": hidden, "keys": self.keys(vectors), "weights": weights, "pooled": pooled} | requests

        def tools(self, table: Any, known: Any, functions: Any) -> tuple[Any, Any]:
            """Return a score a tool (F,) and the logits of its number of calls (F, MOST_CALLS)."""
            owner = functions["owner"]
            keys, weights = known["keys"][owner], known["weights"][owner]
            signs, means = [], []
            best: Any = None
            for part in ("name", "about", "fields"):
                vectors = self.embed(table, functions[part])
                mean, shares = self.mean(vectors, functions[part])
                table_ = torch.bmm(keys, self.keys(vectors).transpose(1, 2))
                signs.append((table_.amax(1) * shares).sum(-1))
                means.append(mean)
                if part != "fields":
                    top = table_.amax(2)
                    best = top if best is None else torch.maximum(best, top)
            signs.append((best * weights).sum(-1))
            signs.append(f.cosine_similarity(known["pooled"][owner], means[0] + means[1], dim=-1, eps=1e-6))
            signs.append(((best > 0.7) * weights).sum(-1))
            score = self.rank(torch.stack(signs, -1)).squeeze(-1)
            seen = known["hidden"][owner] * self.tool(torch.cat(means[:2], -1)).unsqueeze(1)
            inside = known["inside"][owner].unsqueeze(-1)
            figures = known["shape"][owner][..., :2].sum(1)
            size = inside.sum(1).float()
            offered = torch.bincount(owner, minlength=len(known["keys"]))[owner].float().unsqueeze(-1)
            looks = torch.cat([figures / 4, size / 32, (offered > 1).float()], -1)
            pooled = torch.cat(
                [seen.masked_fill(~inside, -9.0).amax(1), (seen * inside).sum(1) / size.clamp(min=1)], -1
            )
            return score, self.count(torch.cat([pooled, looks], -1))

        def arguments(self, table: Any, known: Any, pairs: Any) -> tuple[Any, Any, Any]:
            """Return scores of spans (P, T, LONGEST; -inf where none may stand), of options (O,), of "absent" (P,)."""
            owner = pairs["owner"]
            name, about = self.embed(table, pairs["name"]), self.embed(table, pairs["about"])
            named, _ = self.mean(name, pairs["name"])
            told, shares = self.mean(about, pairs["about"])
            extra = [self.kind(pairs["kind"]), self.turn(pairs["turn"]), pairs["required"].unsqueeze(-1)]
            parameter = self.parameter(torch.cat([named, told, *extra], -1))
            keys = known["keys"][owner]
            in_name = torch.bmm(keys, self.keys(name).transpose(1, 2)).amax(2)
            in_about = (torch.bmm(keys, self.keys(about).transpose(1, 2)) * (0.2 + shares).unsqueeze(1)).amax(2)
            mentions = torch.cumsum((in_name > 0.8).float(), 1).clamp(max=4) / 4
            channels = torch.cat([torch.stack([in_name, in_about, mentions], -1), pairs["used"]], -1)
            inside = known["inside"][owner].unsqueeze(-1)
            hidden = known["hidden"]
            seen = self.see(hidden)[owner] + self.cross(hidden[owner] * parameter.unsqueeze(1))
            seen = torch.relu(seen + self.condition(parameter).unsqueeze(1) + self.channel(channels)) * inside
            seen = seen + torch.relu(self.near(seen.transpose(1, 2)).transpose(1, 2)) * inside
            ends = self.ends(seen)
            start, end = ends[..., 0], f.pad(ends[..., 1], (0, LONGEST - 1))
            spans = start.unsqueeze(-1) + end.unfold(1, LONGEST, 1) + self.length[pairs["kind"]].unsqueeze(1)
            spans = spans.masked_fill(~pairs["allowed"], -1e9)
            attention = torch.softmax(start.masked_fill(~known["inside"][owner], -1e9), -1)
            context = torch.bmm(attention.unsqueeze(1), seen).squeeze(1)
            top = torch.stack([in_name.amax(1), in_about.amax(1)], -1)
            absent = self.absent(torch.cat([parameter, context, top], -1)).squeeze(-1)
            return spans, self.options(table, keys, pairs, parameter, context), absent

        def options(self, table: Any, keys: Any, pairs: Any, parameter: Any, context: Any) -> Any:
            """Return a score an option, by its words in the request and by the request as the parameter sees it."""
            owner, ids = pairs["option_owner"], pairs["option"]
            if not len(owner):
                return torch.zeros(0)
            vectors = self.embed(table, ids)
            mean, shares = self.mean(vectors, ids)
            heard = torch.bmm(keys[owner], self.keys(vectors).transpose(1, 2)).amax(1)
            least = heard.masked_fill(ids == 0, 2.0).amin(-1)
            fit = (self.option(mean) * context[owner]).sum(-1) / 4
            logic = (self.keys(mean) * f.normalize(parameter, dim=-1)[:, : mean.shape[-1]][owner]).sum(-1)
            return self.said(torch.stack([(heard * shares).sum(-1), least, fit, logic], -1)).squeeze(-1) + fit

    return Network()
