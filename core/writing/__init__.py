"""A program's text while it is written: what is known of it, line by line, whatever state it is in."""

from core.writing.analysis import Analysis, LineFacts, Role, Trouble, analyse, analysing
from core.writing.completion import Completion, Completions, completions
from core.writing.derived import Derived, DerivedLine, derived_backward
from core.writing.givens import SetupCache
from core.writing.marks import Mark, marks_of
from core.writing.reading import said

__all__ = [
    "Analysis",
    "Completion",
    "Completions",
    "Derived",
    "DerivedLine",
    "LineFacts",
    "Mark",
    "Role",
    "SetupCache",
    "Trouble",
    "analyse",
    "analysing",
    "completions",
    "derived_backward",
    "marks_of",
    "said",
]
