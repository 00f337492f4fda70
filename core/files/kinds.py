"""The kinds of files that are recognised: who reads them, what a person calls them, and how their names end."""

from __future__ import annotations

READERS = {
    "read_npz": "core.files.read_npz", "read_safetensors": "core.files.read_safetensors",
    "read_table": "core.files.read_table", "read_other": "core.files.read_other",
    "read_keras": "core.files.keras_format.read_keras", "read_onnx": "core.files.onnx_format.read_onnx",
    "read_torch": "core.files.torch_format.read_torch", "read_sklearn": "core.files.pickles.read_sklearn",
}  # fmt: skip
"""The modules that the child may import to read a file; a file's contents never name one."""

READER_OF = {
    "npz": "read_npz", "npy": "read_npz", "safetensors": "read_safetensors", "torch": "read_torch", "torch-legacy": "read_torch",
    "torch-tar": "read_torch", "pickle": "read_sklearn", "onnx": "read_onnx", "keras": "read_keras", "h5": "read_keras",
    "json": "read_table", "csv": "read_table", "skops": "read_other", "tfjs": "read_other", "mat": "read_other",
    "gguf": "read_other", "savedmodel": "read_other", "torchscript": "read_other", "pt2": "read_other",
}  # fmt: skip
NAMES = {
    "npz": ("a NumPy .npz archive", ".npz"),
    "npy": ("a NumPy .npy array", ".npy"),
    "safetensors": ("a safetensors file", ".safetensors"),
    "torch": ("a PyTorch file", ".pt"),
    "torch-legacy": ("a PyTorch file of the older kind", ".pt"),
    "torch-tar": ("a PyTorch file of the oldest kind", ".pt"),
    "pickle": ("a Python pickle", ".pkl"),
    "onnx": ("an ONNX graph", ".onnx"),
    "keras": ("a Keras archive", ".keras"),
    "h5": ("an HDF5 file", ".h5"),
    "json": ("JSON", ".json"),
    "csv": ("a table of text", ".csv"),
    "skops": ("a skops archive", ".skops"),
    "tfjs": ("a TensorFlow.js model", ".json"),
    "mat": ("a MATLAB file", ".mat"),
    "gguf": ("a GGUF file", ".gguf"),
    "savedmodel": ("a TensorFlow SavedModel", ".pb"),
    "torchscript": ("a TorchScript archive", ".pt"),
    "pt2": ("an exported PyTorch program", ".pt2"),
    "stepper": ("a document of this app", ".stepper"),
}
_PICKLE = ("pickle", "torch", "torch-legacy", "torch-tar", "torchscript", "pt2")
_TORCH = ("torch", "torch-legacy", "torch-tar", "torchscript", "pt2", "pickle")
SUFFIXES: dict[str, tuple[str, ...]] = {
    ".npz": ("npz",), ".npy": ("npy",), ".safetensors": ("safetensors",), ".onnx": ("onnx",), ".keras": ("keras",),
    ".h5": ("h5",), ".hdf5": ("h5",), ".pt": _TORCH, ".pth": _TORCH, ".pkl": _PICKLE, ".pickle": _PICKLE,
    ".joblib": _PICKLE, ".sav": _PICKLE, ".json": ("json", "tfjs"), ".csv": ("csv", "json"), ".tsv": ("csv",),
    ".skops": ("skops",), ".mat": ("mat", "h5"), ".gguf": ("gguf",), ".pt2": ("pt2", "torchscript", "torch"),
    ".stepper": ("stepper",), ".pb": ("savedmodel",),
}  # fmt: skip
"""Which kinds a file of that name can be, the usual one first; a name that is not listed can be any."""
