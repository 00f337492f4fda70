"""PyTorch: what its pickles describe, as tensors and layers; nothing of torch is imported."""
