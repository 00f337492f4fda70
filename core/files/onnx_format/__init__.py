"""ONNX: a graph of operators, put together to layers."""
