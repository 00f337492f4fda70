"""What is wrong with a backward pass that a person wrote (HEALTH.md, section 2)."""

from core.diagnosis.diagnose import diagnose, diagnosing
from core.diagnosis.result import FAULTS, Diagnosis, Fault, ParameterVerdict, Tie

__all__ = ["FAULTS", "Diagnosis", "Fault", "ParameterVerdict", "Tie", "diagnose", "diagnosing"]
