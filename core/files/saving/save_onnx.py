"""The forward lines of a program → an ONNX graph with the parameters in it, for any number of samples.

Source: the operator set of ONNX, version 20 (https://onnx.ai/onnx/operators).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.errors import StepperError
from core.program.ir import Array, Instruction, Number, Operand, Program

OPSET = 20
IR_VERSION = 9

_SAME = {
    "matmul": "MatMul", "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "negative": "Neg", "sqrt": "Sqrt",
    "exp": "Exp", "log": "Log", "abs": "Abs", "sigmoid": "Sigmoid", "sigmoid_written_out": "Sigmoid", "tanh": "Tanh",
    "relu": "Relu", "softplus": "Softplus", "maximum": "Max", "minimum": "Min", "power": "Pow", "power_function": "Pow",
    "dot": "MatMul", "identity": "Identity", "copy": "Identity", "sin": "Sin", "cos": "Cos", "erf": "Erf",
    "softsign": "Softsign",
}  # fmt: skip
_ROOT, _SMALL = 0.7978845608028654, 0.044715
"""√(2/π) and the factor of x³ in the tanh form of GELU."""
_LAMBDA, _ALPHA = 1.0507009873554805, 1.6732632423543772
"""The numbers of SELU (Klambauer et al., 2017)."""
_REDUCED = {"mean": "ReduceMean", "sum": "ReduceSum", "max": "ReduceMax", "min": "ReduceMin"}
_ATTRIBUTES: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, dict[str, Any]]]] = {
    "leaky_relu": lambda a: ("LeakyRelu", {"alpha": float(a.get("slope", 0.01))}),
    "elu": lambda a: ("Elu", {"alpha": float(a.get("alpha", 1.0))}),
    "gelu": lambda a: ("Gelu", {"approximate": "tanh"}),
    "gelu_erf": lambda a: ("Gelu", {}),
    "selu": lambda a: ("Selu", {}),
    "softmax": lambda a: ("Softmax", {"axis": int(a["axis"])}),
    "log_softmax": lambda a: ("LogSoftmax", {"axis": int(a["axis"])}),
}


class OnnxError(StepperError):
    """A program whose forward lines an ONNX graph cannot hold: which line, and what to do."""


def onnx_bytes(program: Program, values: Mapping[str, Any] | None = None, name: str = "network") -> bytes:
    """Return the ONNX file of a program's forward lines; `values` are parameters by name, the first ones where left out.

    Raises:
        OnnxError: if a line has no counterpart in ONNX, or there is no forward line.
    """
    return _Graph(program, values or {}).bytes(name)


class _Graph:
    def __init__(self, program: Program, values: Mapping[str, Any]) -> None:
        self.program, self.values = program, values
        self.nodes: list[Any] = []
        self.held: dict[str, Array] = {}
        self.inputs: dict[str, Array] = {}
        self.names: dict[int, str] = {}
        self.type = np.dtype(np.float64)

    def bytes(self, name: str) -> bytes:
        import onnx
        from onnx import helper, numpy_helper

        program = self.program
        forward = [s for s in program.statements if s.phase == "forward"]
        if not forward or program.fault is not None:
            raise OnnxError("there are no forward lines that run, so there is nothing to write as ONNX")
        end = program.instructions[forward[-1].last - 1].result
        needed = self._needed(end)
        floats = [np.asarray(g.value).dtype for g in program.given if isinstance(g.value, np.ndarray)]
        self.type = np.result_type(*[d for d in floats if d.kind == "f"] or [np.float64])
        for i in program.instructions:
            if i.index in needed:
                self._instruction(i)
        axis = program.batching.axis
        inputs = [
            helper.make_tensor_value_info(
                n, helper.np_dtype_to_tensor_dtype(self.type), _open(a.shape, axis if n in program.batching.sliced else None)
            )
            for n, a in self.inputs.items()
        ]
        outputs = [helper.make_tensor_value_info(self.names[end], helper.np_dtype_to_tensor_dtype(self.type), None)]
        held = [numpy_helper.from_array(np.ascontiguousarray(a), n) for n, a in self.held.items()]
        graph = helper.make_graph(self.nodes, name, inputs, outputs, held)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="Backprop Stepper", ir_version=IR_VERSION
        )
        model = onnx.shape_inference.infer_shapes(model)
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString()

    def _needed(self, end: int) -> set[int]:
        makers = self.program.makers
        found: set[int] = set()
        todo = [end]
        while todo:
            maker = makers.get(todo.pop())
            if maker is not None and maker not in found:
                found.add(maker)
                todo += self.program.instructions[maker].reads
        return found

    def _instruction(self, i: Instruction) -> None:
        from onnx import helper

        given = [self._operand(o, i) for o in i.operands]
        label = self.program.values[i.result].label
        self.names[i.result] = label
        more: dict[str, Any] = {}
        if i.op in _SAME:
            kind = _SAME[i.op]
        elif i.op == "silu" or (i.op in ("leaky_relu", "elu", "selu", "gelu") and self._is_rounded(i)):
            self._bent(i, given[0], label)
            return
        elif i.op in _ATTRIBUTES:
            kind, more = _ATTRIBUTES[i.op](i.attributes)
        elif i.op in _REDUCED:
            kind, more = _REDUCED[i.op], {"keepdims": int(bool(i.attributes.get("keepdims", False)))}
            axis = i.attributes.get("axis")
            if axis is not None:
                axes = np.array(axis if isinstance(axis, tuple) else [axis], np.int64)
                given.append(self._hold(f"{label}/axes", axes))
        elif i.op == "square":
            kind = "Mul"
            given *= 2
        elif i.op == "reshape":
            shape = i.attributes["shape"]
            sizes = np.array(shape if isinstance(shape, tuple) else [shape], np.int64)
            kind = "Reshape"
            given.append(self._hold(f"{label}/shape", sizes))
        elif i.op == "transpose":
            axes = i.attributes.get("axes")
            kind, more = "Transpose", {} if axes is None else {"perm": [int(a) for a in axes]}
        else:
            raise self._refused(i)
        self.nodes.append(helper.make_node(kind, given, [label], name=f"node_{len(self.nodes)}", **more))

    def _is_rounded(self, i: Instruction) -> bool:
        """Tell whether a number of an operation loses digits in ONNX, which has only a float32 for it."""
        number = _SMALL if i.op == "gelu" else _slope(i)
        return self.type.itemsize > 4 and float(np.float32(number)) != number

    def _bent(self, i: Instruction, x: str, label: str) -> None:
        """Write an activation as simpler operations.

        leaky_relu, elu and selu: (λ ·) max(x, 0) + slope · (x or exp(x) − 1 where x is below 0); silu, which ONNX has
        only since version 24, and gelu: as `core.ops` has them.
        """
        from onnx import helper

        def step(kind: str, *given: str | float, to: str = "") -> str:
            names = [g if isinstance(g, str) else self._number(g) for g in given]
            made = to or f"{label}/{len(self.nodes)}"  # no name of a program has a slash
            self.nodes.append(helper.make_node(kind, names, [made], name=f"node_{len(self.nodes)}"))
            return made

        if i.op == "gelu":
            cube = step("Mul", step("Mul", x, x), x)
            inside = step("Mul", _ROOT, step("Add", x, step("Mul", _SMALL, cube)))
            step("Mul", step("Mul", 0.5, x), step("Add", 1.0, step("Tanh", inside)), to=label)
            return
        if i.op == "silu":
            step("Mul", x, step("Sigmoid", x), to=label)
            return
        below = step("Min", x, 0.0)
        if i.op != "leaky_relu":
            below = step("Sub", step("Exp", below), 1.0)
        above = step("Max", x, 0.0)
        if i.op == "selu":
            above = step("Mul", _LAMBDA, above)
        step("Add", above, step("Mul", _slope(i), below), to=label)

    def _refused(self, i: Instruction) -> OnnxError:
        s = self.program.statements[i.statement]
        why = (
            "it draws at random, as only training does" if i.op == "dropout_mask" else f"ONNX has no `{i.op}` that does the same"
        )
        instead = "so the network cannot be written as ONNX; write .npz or .safetensors"
        return OnnxError(f"line {s.line}, `{s.text}`: {why}, {instead}")

    def _operand(self, o: Operand, i: Instruction) -> str:
        from onnx import helper

        if o.value is None:
            assert o.number is not None
            return self._number(o.number)
        name = self._value(o.value, i)
        if not o.transposed:
            return name
        turned = f"{name}/T"
        if all(turned not in n.output for n in self.nodes):
            self.nodes.append(helper.make_node("Transpose", [name], [turned], name=f"node_{len(self.nodes)}"))
        return turned

    def _value(self, index: int, i: Instruction) -> str:
        if index in self.names:
            return self.names[index]
        value = self.program.values[index]
        if value.kind == "size":
            raise self._refused(i)
        given = self.values.get(value.name, self.program.first_values.get(value.name))
        if given is None:
            raise self._refused(i)
        self.names[index] = value.label
        if value.kind == "data" and isinstance(given, np.ndarray):
            self.inputs[value.label] = given
        elif isinstance(given, (bool, int, float)):
            self._hold(value.label, np.array(given, self.type))
        else:
            self._hold(value.label, np.asarray(given, self.type))
        return value.label

    def _number(self, number: Number) -> str:
        return self._hold(f"number_{number!r}", np.array(number, self.type))

    def _hold(self, name: str, array: Array) -> str:
        self.held[name] = array
        return name


def _slope(i: Instruction) -> float:
    if i.op == "leaky_relu":
        return float(i.attributes.get("slope", 0.01))
    return _LAMBDA * _ALPHA if i.op == "selu" else float(i.attributes.get("alpha", 1.0))


def _open(shape: tuple[int, ...], axis: int | None) -> list[int | str]:
    """Return a shape with the sample axis left open, if there is one."""
    sizes: list[int | str] = list(shape)
    if axis is not None:
        sizes[axis] = "m"
    return sizes
