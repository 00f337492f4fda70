"""What a terminal is given: names of a file in it can neither steer it nor turn the direction of writing."""

from __future__ import annotations

import json
import sys

from core.files.problem import escaped

LONGEST = 2_000
"""Characters of a sentence."""


def put(found: object, allow_nan: bool = False) -> None:
    """Print lines, or anything else as JSON on one line."""
    if isinstance(found, str):
        print("\n".join(escaped(line) for line in found.split("\n")))
    else:
        print(as_json(found, allow_nan))


def as_json(found: object, allow_nan: bool = False) -> str:
    """Return a JSON text, in ASCII where a character in it would not show itself."""
    text = json.dumps(found, ensure_ascii=False, allow_nan=allow_nan)
    return text if escaped(text) == text else json.dumps(found, allow_nan=allow_nan)


def complain(error: Exception) -> None:
    """Print an error as one sentence on its own line, beside the output; of a long one the midst is left out."""
    words, half = str(error), LONGEST // 2
    short = words if len(words) <= LONGEST else f"{words[: half - 1]}…{words[-half:]}"  # at its end stands what to do
    print(f"stepper: {escaped(short)}", file=sys.stderr)
