"""Weights written as .npz, .safetensors and .onnx."""
