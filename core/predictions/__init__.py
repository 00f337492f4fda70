"""What the network answers for inputs other than those of the iteration: all samples, a plane, a line.

The program's own forward lines are run with other inputs, so there is one meaning and the same bits.
"""

from core.predictions.find import Refusal, Source, source_of
from core.predictions.plane import Answers, Box, NeuronLine, Surface, box_around, padded
from core.predictions.predictor import Predictor, parameters_at
from core.predictions.reading import Answer, Reading

__all__ = [
    "Answer", "Answers", "Box", "NeuronLine", "Predictor", "Reading", "Refusal", "Source", "Surface", "box_around", "padded",
    "parameters_at", "source_of",
]  # fmt: skip
