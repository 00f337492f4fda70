"""What is told of tensors: statistics, heat maps, health, comparing, their numbers."""
