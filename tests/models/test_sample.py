"""The sampler against plain definitions."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from komainu.models.sample import draw, kept, mixed, pick, signed, tempered, uniforms

LOGITS = hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(2, 12)), elements=st.floats(-8, 8, width=16))
SHARE = st.floats(0.01, 0.99)


def softmax(row: np.ndarray, temperature: float) -> np.ndarray:
    scaled = np.exp((row.astype(np.float64) - row.max()) / temperature)
    return np.asarray(scaled / scaled.sum())


def nucleus(row: np.ndarray, top_p: float) -> set[int]:
    """The smallest set of most probable tokens that reaches top_p."""
    chosen: set[int] = set()
    total = 0.0
    for token in sorted(range(len(row)), key=lambda i: (-row[i], i)):
        if chosen and total >= top_p:
            break
        chosen.add(token)
        total += float(row[token])
    return chosen


@given(LOGITS, st.floats(0.1, 4))
def test_tempered_is_the_softmax_of_scaled_logits(logits: np.ndarray, temperature: float) -> None:
    found = tempered(torch.from_numpy(logits), temperature).numpy()
    for row, given_row in zip(found, logits, strict=True):
        np.testing.assert_allclose(row, softmax(given_row, temperature), atol=1e-5)


@given(LOGITS, SHARE)
def test_top_p_keeps_the_smallest_set_that_reaches_it(logits: np.ndarray, top_p: float) -> None:
    probabilities = tempered(torch.from_numpy(logits), 1.0)
    for row, left in zip(probabilities.numpy(), kept(probabilities, top_p, 0).numpy(), strict=True):
        assert {*np.flatnonzero(left).tolist()} == nucleus(row.astype(np.float64), top_p) - {*zeros(row)}
        assert all(left[i] in (0, row[i]) for i in range(len(row)))


def zeros(row: np.ndarray) -> list[int]:
    return [int(i) for i in np.flatnonzero(row == 0)]


@given(LOGITS, SHARE)
def test_min_p_keeps_what_reaches_its_share_of_the_highest(logits: np.ndarray, min_p: float) -> None:
    probabilities = tempered(torch.from_numpy(logits), 1.0)
    for row, left in zip(probabilities.numpy(), kept(probabilities, 1.0, min_p).numpy(), strict=True):
        wanted = {i for i, p in enumerate(row) if p > 0 and p >= np.float32(min_p) * row.max()}
        assert {*np.flatnonzero(left).tolist()} == wanted


@given(LOGITS, SHARE, SHARE)
def test_top_p_and_min_p_together_keep_what_both_keep(logits: np.ndarray, top_p: float, min_p: float) -> None:
    probabilities = tempered(torch.from_numpy(logits), 1.0)
    both = kept(probabilities, top_p, min_p) > 0
    assert torch.equal(both, (kept(probabilities, top_p, 0) > 0) & (kept(probabilities, 1.0, min_p) > 0))
    assert bool(both.any(-1).all())


@given(hnp.arrays(np.float32, (3, 7), elements=st.floats(0, 1, width=16)), st.floats(0, 1, exclude_max=True))
def test_pick_inverts_the_running_sum_and_never_takes_weight_zero(weights: np.ndarray, uniform: float) -> None:
    weights[:, 3] += 0.5
    found = pick(torch.from_numpy(weights), torch.full((3,), uniform, dtype=torch.float64)).tolist()
    for row, token in zip(weights.astype(np.float64), found, strict=True):
        running = np.cumsum(row)
        assert token == int(np.argmax(running > uniform * running[-1]))
        assert row[token] > 0


@given(st.integers(0, 2**63 - 1))
def test_mixing_is_splitmix64_on_plain_bits(seed: int) -> None:
    x, most = seed, 2**64 - 1
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & most
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & most
    assert int(mixed(torch.tensor([seed]))[0]) == signed(x ^ (x >> 31))


def test_uniforms_are_uniform_and_differ_by_row_and_step() -> None:
    seeds = torch.arange(2000)
    rows = torch.stack([uniforms(seeds, step) for step in range(50)])
    assert float(rows.min()) >= 0 and float(rows.max()) < 1
    counts = torch.histc(rows.float(), 20, 0, 1) / rows.numel()
    assert float((counts - 0.05).abs().max()) < 0.005
    assert abs(float(torch.corrcoef(rows[:2])[0, 1])) < 0.1
    assert len({*rows.flatten().tolist()}) == rows.numel()


def test_a_row_s_number_does_not_depend_on_its_neighbours() -> None:
    alone = uniforms(torch.tensor([42]), 7)
    among = uniforms(torch.tensor([1, 42, 3]), 7)
    assert float(alone[0]) == float(among[1])


@settings(deadline=None)
@given(LOGITS)
def test_draws_follow_the_distribution(logits: np.ndarray) -> None:
    row = torch.from_numpy(logits[:1])
    n = 4000
    tokens = draw(row.expand(n, -1), uniforms(torch.arange(n), 0), temperature=1.0, top_p=1.0, min_p=0.0)
    shares = np.bincount(tokens.numpy(), minlength=row.shape[1]) / n
    np.testing.assert_allclose(shares, softmax(logits[0], 1.0), atol=0.05)


def test_temperature_zero_takes_the_most_probable() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [5.0, 1.0, 2.0]])
    found = draw(logits, torch.tensor([0.9, 0.9]), temperature=0.0, top_p=0.5, min_p=0.5)
    assert found.tolist() == [1, 0]


def test_a_temperature_near_zero_stays_finite() -> None:
    found = tempered(torch.tensor([[1e4, 1e4 - 1, -1e4]]), 1e-30)
    assert found.tolist() == [[1.0, 0.0, 0.0]]
