"""The sizes of a model that decide what its training takes: parameters, floating-point operations, what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.train.adapter import Adapter


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

    def adapted(self, adapter: Adapter) -> int:
        """Parameters of an adapter beside all linear layers but the head, or beside those of some names."""
        h, q, k, f = self.hidden, self.queries, self.keys, self.feed_forward
        sides = {"q_proj": h + q, "k_proj": h + k, "v_proj": h + k, "o_proj": q + h}
        sides |= {"gate_proj": h + f, "up_proj": h + f, "down_proj": f + h}
        return self.layers * adapter.rank * sum(sides.get(name, 0) for name in adapter.targets or sides)

    def forward(self, keys: float, targets: float) -> float:
        """Floating-point operations of a token on the way forward.

        `keys` is how many tokens it looks back at, `targets` the share of the tokens of which logits are made.
        """
        attention = 4 * self.queries * keys
        return self.layers * (2 * self.matrices + attention) + 2 * self.table * targets
