"""A document of this app looked into as any saved network: its layers, and its parameters as they stand where it was left."""

from __future__ import annotations

from pathlib import Path

from core.document import open_document
from core.files.looks.gather import Summary, Summing
from core.files.saved import Layer, Saved, Tensor, Where
from core.inspect_report import Inspection, odd_numbers
from core.program.ir import Array
from core.program.network import network_of
from core.saved_writing import tensor_names, values_now
from core.session import Session

FORMAT = "Backprop Stepper document"


def inspected_document(path: Path) -> Inspection:
    """Look into a document; raises FileProblem if it cannot be opened."""
    restored = open_document(path)
    session = restored.session
    values = values_now(session)
    tensors = tuple(Tensor(n, a.shape, str(a.dtype), a.nbytes, Where("worker")) for n, a in values.items())
    summaries = {n: _summary(a) for n, a in values.items()}
    layers = _own_layers(session) or _layers_of_program(session)
    at = session.timeline.position
    saved = Saved(
        FORMAT, str(path), path.stat().st_size, tensors, layers, not session.closed, session.assumed,
        {"title": session.title, "iteration": str(at.iteration), "operations done": f"{at.k} of {len(session.program)}"},
    )  # fmt: skip
    odd = (odd_numbers(n, s) for n, s in summaries.items() if s.nonfinite)
    return Inspection(saved, layers, None, summaries, (*restored.said, *odd))


def _own_layers(session: Session) -> tuple[Layer, ...]:
    """Return the layers of the saved network that it was made from, with the arrays by the names that they have here."""
    here = {tensor: name for name, tensor in tensor_names(session.program).items()}
    found: list[Layer] = []
    for n in session.layers:
        names = {role: here[t] for role, t in n.tensors.items() if t in here}
        stepped = n.steppable and n not in session.closed
        found.append(Layer(n.kind, n.name, n.inputs, n.outputs, n.activation, names, n.attributes, stepped, n.why))
    return tuple(found)


def _layers_of_program(session: Session) -> tuple[Layer, ...]:
    """Return the dense layers that the lines of the program make."""
    network = network_of(session.program, session.moment().shape)
    found: list[Layer] = []
    for n, layer in enumerate(network.layers if network is not None else (), 1):
        names = {"weight": layer.weight} | ({} if layer.bias is None else {"bias": layer.bias})
        flow = ("X" if n == 1 else f"layer {n - 1}",), (f"layer {n}",)
        attributes = {"orientation": "out,in" if layer.weight_out_first else "in,out"}
        found.append(Layer("dense", f"layer {n}", *flow, layer.activation or "", names, attributes))
    return tuple(found)


def _summary(a: Array) -> Summary:
    gathered = Summing()
    gathered.add(a.reshape(-1))
    return gathered.summary()
