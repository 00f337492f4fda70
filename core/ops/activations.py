"""Activations. Every rule uses the activation's own result where it can, as textbooks do."""

from __future__ import annotations

import numpy as np

from core.ops.base import Op, register, same
from core.program.expr import call


def sigmoid(z):
    """Logistic function 1 / (1 + exp(-z)), written so that exp never overflows."""
    e = np.exp(-np.abs(z))
    return np.where(np.greater_equal(z, 0), 1.0, e) / (1.0 + e)


def sigmoid_written_out(z):
    """Logistic function exactly as `1 / (1 + np.exp(-z))` computes it; exp(-z) overflows for large -z."""
    return 1 / (1 + np.exp(-z))


def relu(z):
    """Rectified linear unit: z where it is positive, else 0."""
    return np.maximum(z, 0)


def leaky_relu(z, slope=0.01):
    """Leaky ReLU: z where it is positive, else slope·z (Maas, Hannun, Ng, 2013)."""
    return np.where(np.greater(z, 0), z, slope * z)


def elu(z, alpha=1.0):
    """Exponential linear unit: z where it is positive, else alpha·(exp(z) − 1) (Clevert et al., 2016)."""
    return np.where(np.greater(z, 0), z, alpha * np.expm1(np.minimum(z, 0)))


def gelu(z):
    """Gaussian error linear unit in its tanh form (Hendrycks, Gimpel, 2016): 0.5·z·(1 + tanh(√(2/π)·(z + 0.044715·z³)))."""
    return 0.5 * z * (1 + np.tanh(0.7978845608028654 * (z + 0.044715 * z**3)))


def gelu_slope(z):
    """Derivative of the tanh form of GELU."""
    t = np.tanh(0.7978845608028654 * (z + 0.044715 * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * 0.7978845608028654 * (1 + 0.134145 * z**2)


def erf(x):
    """Error function: 2/√π times the integral of exp(−t²) from 0 to x (Abramowitz, Stegun, 1964, 7.1.1), by Python's math.erf."""
    import math  # here, so that these lines are all that a printed script needs: NumPy has no erf

    x = np.multiply(x, 1.0)
    return np.vectorize(math.erf, otypes=[x.dtype])(x)


def gelu_erf(z):
    """Gaussian error linear unit in its exact form (Hendrycks, Gimpel, 2016): 0.5·z·(1 + erf(z/√2))."""
    import math  # here, so that these lines are all that a printed script needs: NumPy has no erf

    x = np.multiply(z, 0.7071067811865476)
    return 0.5 * z * (1 + np.vectorize(math.erf, otypes=[x.dtype])(x))


def gelu_erf_slope(z):
    """Derivative of the exact form of GELU: 0.5·(1 + erf(z/√2)) + z·exp(−z²/2)/√(2π)."""
    import math  # here, so that these lines are all that a printed script needs: NumPy has no erf

    x = np.multiply(z, 0.7071067811865476)
    below = 0.5 * (1 + np.vectorize(math.erf, otypes=[x.dtype])(x))
    return below + z * (0.3989422804014327 * np.exp(-(x**2)))


def silu(z):
    """Sigmoid linear unit, or Swish: z·sigmoid(z) (Elfwing et al., 2018; Ramachandran et al., 2017); exp never overflows."""
    e = np.exp(-np.abs(z))
    return z * (np.where(np.greater_equal(z, 0), 1.0, e) / (1.0 + e))


def selu(z):
    """Scaled ELU (Klambauer et al., 2017): λ·z where z is positive, else λ·α·(exp(z) − 1), with their λ and α."""
    return 1.0507009873554805 * np.where(np.greater(z, 0), z, 1.6732632423543772 * np.expm1(np.minimum(z, 0)))


def softsign(z):
    """z / (1 + |z|): as tanh, but nearing −1 and 1 slowly (Turian, Bergstra, Bengio, 2009)."""
    return z / (1 + np.abs(z))


def softplus(z):
    """Smooth form of ReLU, log(1 + exp(z)), computed so that exp never overflows."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def _cost(flops: int):
    return lambda shapes, out, attributes: flops * int(np.prod(out))


register(
    Op(
        "sigmoid", sigmoid, same, (lambda s: s.g * s.out * (1 - s.out),), names=("sigmoid",), elementwise=True, kind="activation",
        cost=_cost(14), definition="e = exp(-z)\n1 / (1 + e)",
    )
)  # fmt: skip
register(
    Op(
        "sigmoid_written_out", sigmoid_written_out, same, (lambda s: s.g * s.out * (1 - s.out),),
        names=("sigmoid_written_out",), elementwise=True, cost=_cost(13), definition="e = exp(-z)\n1 / (1 + e)",
    )
)  # fmt: skip
register(
    Op(
        "tanh", np.tanh, same, (lambda s: s.g * (1 - s.out**2),), names=("tanh",), numpy="np.tanh", ufunc=np.tanh,
        elementwise=True, kind="activation", cost=_cost(10),
    )
)  # fmt: skip
register(
    Op(
        "relu", relu, same, (lambda s: s.g * call("greater", s.a, 0),), names=("relu",), elementwise=True, kind="activation",
        cost=_cost(1), definition="maximum(z, 0)",
    )
)  # fmt: skip
register(
    Op(
        "leaky_relu", leaky_relu, same,
        (lambda s: call("where", call("greater", s.a, 0), s.g, s.attributes.get("slope", 0.01) * s.g),),
        names=("leaky_relu",), elementwise=True, kind="activation", attributes={"slope": 0.01}, cost=_cost(2),
        definition="below = {slope} * z\nwhere(z > 0, z, below)",
    )
)  # fmt: skip
register(
    Op(
        "elu", elu, same,
        (lambda s: call("where", call("greater", s.a, 0), s.g, s.g * (s.out + s.attributes.get("alpha", 1.0))),),
        names=("elu",), elementwise=True, kind="activation", attributes={"alpha": 1.0}, cost=_cost(12),
        definition="below = {alpha} * (exp(minimum(z, 0)) - 1)\nwhere(z > 0, z, below)",
    )
)  # fmt: skip
register(
    Op(
        "selu", selu, same,
        (lambda s: call("where", call("greater", s.a, 0), 1.0507009873554805 * s.g, s.g * (s.out + 1.7580993408473768)),),
        names=("selu",), elementwise=True, kind="activation", cost=_cost(13),
        definition="below = 1.6732632423543772 * (exp(minimum(z, 0)) - 1)\n1.0507009873554805 * where(z > 0, z, below)",
    )
)  # fmt: skip
register(
    Op(
        "gelu", gelu, same, (lambda s: s.g * call("gelu_slope", s.a),), names=("gelu",), elementwise=True,
        kind="activation", cost=_cost(20),
        definition="t = tanh(0.7978845608028654 * (z + 0.044715 * z ** 3))\n0.5 * z * (1 + t)",
    )
)  # fmt: skip
register(Op("gelu_slope", gelu_slope, same, (None,), names=("gelu_slope",), elementwise=True, cost=_cost(28)))
register(
    Op(
        "gelu_erf", gelu_erf, same, (lambda s: s.g * call("gelu_erf_slope", s.a),), names=("gelu_erf",), elementwise=True,
        kind="activation", cost=_cost(24), definition="t = erf(0.7071067811865476 * z)\n0.5 * z * (1 + t)",
    )
)  # fmt: skip
register(
    Op(
        "gelu_erf_slope", gelu_erf_slope, same, (None,), names=("gelu_erf_slope",), elementwise=True, cost=_cost(38),
        definition="below = 0.5 * (1 + erf(0.7071067811865476 * z))\n"
        "here = 0.3989422804014327 * exp(-0.5 * z ** 2)\nbelow + z * here",
    )
)  # fmt: skip
register(
    Op(
        # 1 − sigmoid(z) is sigmoid(−z), which keeps its digits where the sigmoid is close to 1.
        "silu", silu, same, (lambda s: s.g * (call("sigmoid", s.a) + s.out * call("sigmoid", -s.a)),), names=("silu",),
        elementwise=True, kind="activation", cost=_cost(15), definition="s = sigmoid(z)\nz * s",
    )
)  # fmt: skip
register(
    Op(
        "softplus", softplus, same, (lambda s: s.g * call("sigmoid", s.a),), names=("softplus",), elementwise=True,
        kind="activation", cost=_cost(22), definition="e = exp(-abs(z))\nmaximum(z, 0) + log(1 + e)",
    )
)  # fmt: skip
register(
    Op(
        "softsign", softsign, same, (lambda s: s.g / (1 + call("abs", s.a)) ** 2,), names=("softsign",), elementwise=True,
        kind="activation", cost=_cost(3), definition="size = 1 + abs(z)\nz / size",
    )
)  # fmt: skip
register(
    Op(
        "erf", erf, same, (lambda s: s.g * (1.1283791670955126 * call("exp", -(s.a**2))),), names=("erf",), elementwise=True,
        cost=_cost(20),
    )
)  # fmt: skip
