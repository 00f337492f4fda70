"""Qt item models over programs and arrays."""
