"""Wrong solutions of lesson 13."""

import numpy as np

from lessons.exercises.solutions import lesson13_fast_on_a_cpu as good
from lessons.exercises.solutions.lesson13_fast_on_a_cpu import AT, BT, G
from tests.lessons.wrong import wrong

# --- 13.1 winograd_f23


@wrong("13.1")
def no_halves(d, g):
    m0 = (d[:, 0] - d[:, 2]) * g[0]
    m1 = (d[:, 1] + d[:, 2]) * (g[0] + g[1] + g[2])
    m2 = (d[:, 2] - d[:, 1]) * (g[0] - g[1] + g[2])
    m3 = (d[:, 3] - d[:, 1]) * g[2]
    return np.stack([m0, m1, m2, m3], 1), np.stack([m0 + m1 + m2, m1 - m2 + m3], 1)


@wrong("13.1")
def half_of_a_sum_only(d, g):
    """A half without brackets."""
    m0 = (d[:, 0] - d[:, 2]) * g[0]
    m1 = (d[:, 1] + d[:, 2]) * (g[0] + g[1] + g[2] / 2)
    m2 = (d[:, 2] - d[:, 1]) * (g[0] - g[1] + g[2] / 2)
    m3 = (d[:, 3] - d[:, 1]) * g[2]
    return np.stack([m0, m1, m2, m3], 1), np.stack([m0 + m1 + m2, m1 - m2 + m3], 1)


@wrong("13.1")
def last_sign_of_the_paper(d, g):
    m0 = (d[:, 0] - d[:, 2]) * g[0]
    m1 = (d[:, 1] + d[:, 2]) * (g[0] + g[1] + g[2]) / 2
    m2 = (d[:, 2] - d[:, 1]) * (g[0] - g[1] + g[2]) / 2
    m3 = (d[:, 1] - d[:, 3]) * g[2]
    return np.stack([m0, m1, m2, m3], 1), np.stack([m0 + m1 + m2, m1 - m2 - m3], 1)


@wrong("13.1")
def last_product_subtracted(d, g):
    m = (d @ BT.T) * (G @ g)
    return m, np.stack([m[:, 0] + m[:, 1] + m[:, 2], m[:, 1] - m[:, 2] - m[:, 3]], 1)


@wrong("13.1")
def everything_added(d, g):
    m = (d @ BT.T) * (G @ g)
    return m, np.stack([m[:, 0] + m[:, 1] + m[:, 2], m[:, 1] + m[:, 2] + m[:, 3]], 1)


@wrong("13.1")
def flipped(d, g):
    g = g[::-1]
    m = (d @ BT.T) * (G @ g)
    return m, m @ AT.T


@wrong("13.1")
def one_tile(d, g):
    m = (BT @ d[0]) * (G @ g)
    return m, AT @ m


# --- 13.2 winograd_tile


@wrong("13.2")
def matrix_product(d, g):
    v, u = BT @ d @ BT.T, G @ g @ G.T
    return v, u, AT @ (v @ u) @ AT.T


@wrong("13.2")
def one_side(d, g):
    v, u = BT @ d, G @ g
    return v, u, AT @ (v[:, :3] * u)


@wrong("13.2")
def no_transpose(d, g):
    v, u = BT @ d @ BT, G @ g @ G.T
    return v, u, AT @ (v * u) @ AT.T


@wrong("13.2")
def not_back(d, g):
    v, u = BT @ d @ BT.T, G @ g @ G.T
    return v, u, v * u


@wrong("13.2")
def turned_kernel(d, g):
    v, u = BT @ d @ BT.T, G @ np.rot90(g, 2) @ G.T
    return v, u, AT @ (v * u) @ AT.T


@wrong("13.2")
def corner_of_the_products(d, g):
    v, u = BT @ d @ BT.T, G @ g @ G.T
    return v, u, (v * u)[:2, :2]


@wrong("13.2")
def kernel_first(d, g):
    v, u = BT @ d @ BT.T, G @ g @ G.T
    return u, v, AT @ (u * v) @ AT.T


@wrong("13.2")
def forgot_u(d, g):
    v, u = BT @ d @ BT.T, G @ g @ G.T
    return v, AT @ (v * u) @ AT.T


# --- 13.3 winograd_conv


@wrong("13.3")
def reshaped_straight(x, weight):
    batch, height, width, channels = x.shape
    t, s = (height - 2) // 2, (width - 2) // 2
    tiles = np.stack([[x[:, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] for j in range(s)] for i in range(t)])
    v = np.einsum("ia,jb,tsnabc->ijntsc", BT, BT, tiles)  # (4, 4, N, t, s, C)
    u = np.einsum("ia,jb,abck->ijck", G, G, weight)
    m = np.einsum("ijntsc,ijck->ijntsk", v, u)
    y = np.einsum("ai,bj,ijntsk->ntsabk", AT, AT, m)
    return y.reshape(batch, height - 2, width - 2, -1)


@wrong("13.3")
def tiles_side_by_side(x, weight):
    batch, height, width, _ = x.shape
    u = np.einsum("ia,jb,abck->ijck", G, G, weight)
    y = np.zeros((batch, height - 2, width - 2, weight.shape[3]))
    for i in range(0, height - 3, 4):
        for j in range(0, width - 3, 4):
            v = np.einsum("ia,jb,nabc->ijnc", BT, BT, x[:, i : i + 4, j : j + 4])
            y[:, i : i + 2, j : j + 2] = np.einsum("ai,bj,ijnk->nabk", AT, AT, v @ u)
    return y


@wrong("13.3")
def last_tiles_missing(x, weight):
    batch, height, width, _ = x.shape
    u = np.einsum("ia,jb,abck->ijck", G, G, weight)
    y = np.zeros((batch, height - 2, width - 2, weight.shape[3]))
    for i in range(0, height - 4, 2):
        for j in range(0, width - 4, 2):
            v = np.einsum("ia,jb,nabc->ijnc", BT, BT, x[:, i : i + 4, j : j + 4])
            y[:, i : i + 2, j : j + 2] = np.einsum("ai,bj,ijnk->nabk", AT, AT, v @ u)
    return y


@wrong("13.3")
def channels_summed_first(x, weight):
    d, g = x.sum(axis=3, keepdims=True), weight.sum(axis=2, keepdims=True)
    return good.winograd_conv(d, g)


@wrong("13.3")
def kernel_transposed(x, weight):
    """einsum with the letters of the kernel exchanged."""
    batch, height, width, _ = x.shape
    u = np.einsum("ia,jb,back->ijck", G, G, weight)
    y = np.zeros((batch, height - 2, width - 2, weight.shape[3]))
    for i in range(0, height - 2, 2):
        for j in range(0, width - 2, 2):
            v = np.einsum("ia,jb,nabc->ijnc", BT, BT, x[:, i : i + 4, j : j + 4])
            y[:, i : i + 2, j : j + 2] = np.einsum("ai,bj,ijnk->nabk", AT, AT, v @ u)
    return y


@wrong("13.3")
def first_channel(x, weight):
    return good.winograd_conv(x[..., 0:1], weight[:, :, 0:1])


@wrong("13.3")
def way_back_without_signs(x, weight):
    batch, height, width, _ = x.shape
    u = np.einsum("ia,jb,abck->ijck", G, G, weight)
    y = np.zeros((batch, height - 2, width - 2, weight.shape[3]))
    for i in range(0, height - 2, 2):
        for j in range(0, width - 2, 2):
            v = np.einsum("ia,jb,nabc->ijnc", BT, BT, x[:, i : i + 4, j : j + 4])
            y[:, i : i + 2, j : j + 2] = np.einsum("ai,bj,ijnk->nabk", abs(AT), abs(AT), v @ u)
    return y


# --- 13.4 sum_of_parts


@wrong("13.4")
def plain_mean(losses, grads, weights):
    count = len(losses)
    return sum(losses) / count, {name: sum(part[name] for part in grads) / count for name in grads[0]}


@wrong("13.4")
def plain_sum(losses, grads, weights):
    return sum(losses), {name: sum(part[name] for part in grads) for name in grads[0]}


@wrong("13.4")
def loss_weighted_gradients_not(losses, grads, weights):
    loss = np.average(losses, weights=weights)
    return loss, {name: np.mean([part[name] for part in grads], axis=0) for name in grads[0]}


@wrong("13.4")
def not_divided(losses, grads, weights):
    loss = sum(loss * weight for loss, weight in zip(losses, weights, strict=True))
    return loss, {
        name: sum(part[name] * weight for part, weight in zip(grads, weights, strict=True)) for name in grads[0]
    }


@wrong("13.4")
def update_overwrites(losses, grads, weights):
    total, loss, summed = sum(weights), 0.0, {}
    for part_loss, part, weight in zip(losses, grads, weights, strict=True):
        loss += part_loss * weight / total
        summed.update({name: gradient * weight / total for name, gradient in part.items()})
    return loss, summed


@wrong("13.4")
def begins_with_the_first_and_adds_it_again(losses, grads, weights):
    shares = [weight / sum(weights) for weight in weights]
    loss = losses[0] * shares[0]
    summed = {name: gradient * shares[0] for name, gradient in grads[0].items()}
    for part_loss, part, share in zip(losses, grads, shares, strict=True):
        loss += part_loss * share
        for name, gradient in part.items():
            summed[name] = summed[name] + gradient * share
    return loss, summed


@wrong("13.4")
def adds_into_the_first(losses, grads, weights):
    """`+=` into the arrays that were handed in."""
    total = sum(weights)
    summed = grads[0]
    for name in summed:
        summed[name] *= weights[0] / total
        for part, weight in zip(grads[1:], weights[1:], strict=True):
            summed[name] += part[name] * weight / total
    return sum(loss * weight for loss, weight in zip(losses, weights, strict=True)) / total, summed
