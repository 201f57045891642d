"""The sizes of a model that decide what its training takes: parameters, floating-point operations, what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.train.adapter import Adapter

BLOCK = 256  # numbers of a matrix's row that share a scale where an optimiser's state has 8 bits


class Architecture(NamedTuple):
    """A decoder as Llama, Qwen and Mistral are: attention with grouped keys, three feed-forward matrices a layer.

    Norms and biases are left out of all counts. Not covered: experts.
    """

    hidden: int
    layers: int
    queries: int  # heads x units of a head
    keys: int  # heads of keys x units of a head
    feed_forward: int
    vocabulary: int
    tied: bool

    @staticmethod
    def of_config(config: Mapping[str, Any], where: str) -> Architecture:
        """From a config.json. Raises UsageError for one of another kind."""
        if any(config.get(key) for key in ("num_experts", "num_local_experts", "n_routed_experts")):
            raise UsageError(f"{where} has experts, of which plan knows no sizes; measure a short run")
        try:
            hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
            unit = int(config.get("head_dim") or hidden // heads)
            return Architecture(
                hidden,
                int(config["num_hidden_layers"]),
                heads * unit,
                int(config.get("num_key_value_heads") or heads) * unit,
                int(config["intermediate_size"]),
                int(config["vocab_size"]),
                bool(config.get("tie_word_embeddings", False)),
            )
        except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
            raise UsageError(f"{where} does not say its sizes as Llama's config does: {error}") from None

    @property
    def matrices(self) -> int:
        """Parameters of a layer."""
        return 2 * self.hidden * (self.queries + self.keys) + 3 * self.hidden * self.feed_forward

    @property
    def table(self) -> int:
        """Parameters of the embedding, and of the head."""
        return self.vocabulary * self.hidden

    @property
    def params(self) -> int:
        return self.layers * self.matrices + self.table * (1 if self.tied else 2)

    @property
    def linear(self) -> dict[str, tuple[int, int]]:
        """Rows and columns of a layer's matrices."""
        h, q, k, f = self.hidden, self.queries, self.keys, self.feed_forward
        attention = {"q_proj": (q, h), "k_proj": (k, h), "v_proj": (k, h), "o_proj": (h, q)}
        return attention | {"gate_proj": (f, h), "up_proj": (f, h), "down_proj": (h, f)}

    def adapted(self, adapter: Adapter) -> int:
        """Parameters of an adapter beside all linear layers but the head, or beside those of some names."""
        return self.layers * sum(rows * columns for rows, columns in self.added(adapter))

    def added(self, adapter: Adapter) -> list[tuple[int, int]]:
        """Rows and columns of an adapter's matrices in a layer."""
        beside = [self.linear[name] for name in adapter.targets or self.linear if name in self.linear]
        return [pair for rows, columns in beside for pair in ((adapter.rank, columns), (rows, adapter.rank))]

    def in_blocks(self, adapter: Adapter | None) -> int:
        """Trained parameters whose state an optimiser may hold in 8 bits: rows of whole blocks, not the embedding."""
        layer = [*self.linear.values()] if adapter is None else self.added(adapter)
        inner = self.layers * sum(rows * columns for rows, columns in layer if columns % BLOCK == 0)
        head = adapter is None and not self.tied and self.hidden % BLOCK == 0
        return inner + (self.table if head else 0)

    def forward(self, keys: float, targets: float) -> float:
        """Floating-point operations of a token on the way forward.

        `keys` is how many tokens it looks back at, `targets` the share of the tokens of which logits are made.
        """
        attention = 4 * self.queries * keys
        return self.layers * (2 * self.matrices + attention) + 2 * self.table * targets
