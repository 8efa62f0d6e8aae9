import pytest
import torch
import torch.nn.functional as F

from theodolite.network.gru import STATE_CHANNELS, ContextEncoder, ConvGRU, UpdateBlock, pool
from theodolite.network.layers import resize_to

D = 4


def joint_weight(cell, gate):
    """The weight of one gate, over hidden state and inputs in one, as papers write it."""
    rows = slice(gate * D, (gate + 1) * D)
    own = cell.gates.weight[rows] if gate < 2 else cell.candidate.weight
    return torch.cat([own, *(conv.weight[rows] for conv in cell.inputs)], dim=1)


def textbook(cell, hidden, inputs, context):
    def gate(index, h, bias):
        return F.conv2d(torch.cat([h, *inputs], 1), joint_weight(cell, index), bias, padding=1)

    c_update, c_reset, c_candidate = context.chunk(3, 1)
    update = torch.sigmoid(gate(0, hidden, cell.gates.bias[:D]) + c_update)
    reset = torch.sigmoid(gate(1, hidden, cell.gates.bias[D:]) + c_reset)
    candidate = torch.tanh(gate(2, reset * hidden, cell.candidate.bias) + c_candidate)
    return (1 - update) * hidden + update * candidate


def levels(channels, sizes=((11, 15), (6, 8), (3, 4))):
    return tuple(torch.randn(2, channels, *size) for size in sizes)


def test_a_cell_is_the_textbook_one():
    cell = ConvGRU(D, [3, 5])
    hidden, context = torch.randn(2, D, 6, 7), torch.randn(2, 3 * D, 6, 7)
    inputs = torch.randn(2, 3, 6, 7), torch.randn(2, 5, 6, 7)
    drive = context + sum(conv(x) for conv, x in zip(cell.inputs, inputs, strict=True))
    torch.testing.assert_close(cell(hidden, drive), textbook(cell, hidden, inputs, context), rtol=1e-4, atol=1e-5)


def test_an_update_is_three_sweeps_of_textbook_cells():
    block = UpdateBlock(D)
    (fine, middle, coarse), (to_fine, to_middle, to_coarse) = hidden, context = levels(D), levels(3 * D)
    state = torch.randn(2, STATE_CHANNELS, 11, 15)
    for sweep in range(3):
        coarse = textbook(block.coarse, coarse, [pool(middle)], to_coarse)
        if sweep > 0:
            inputs = [resize_to(pool(fine), middle), resize_to(coarse, middle)]
            middle = textbook(block.middle, middle, inputs, to_middle)
        if sweep > 1:
            fine = textbook(block.fine, fine, [state, resize_to(middle, fine)], to_fine)
    for got, wanted in zip(block(hidden, context, state), (fine, middle, coarse), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-5)


def test_zeros_beyond_the_border_count_in_pooling():
    pooled = pool(torch.ones(1, 1, 4, 4))
    torch.testing.assert_close(pooled[0, 0], torch.tensor([[4.0, 6.0], [6.0, 9.0]]) / 9)


@pytest.mark.parametrize("size", [(5, 7), (6, 8)])
def test_pooling_halves_rounding_up(size):
    assert pool(torch.zeros(1, 1, *size)).shape[-2:] == tuple(-(-side // 2) for side in size)


def test_hidden_states_start_within_one_and_context_tells_three_gates():
    hidden, context = ContextEncoder((3, 4, 5), D)(tuple(torch.randn(1, c, h, h) for c, h in ((3, 8), (4, 4), (5, 2))))
    assert [h.shape[1] for h in hidden] == [D] * 3
    assert [c.shape[1] for c in context] == [3 * D] * 3
    assert all(h.abs().max() < 1 for h in hidden)
