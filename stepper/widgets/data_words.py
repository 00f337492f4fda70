"""What the data view says in words: how many are wrong, what a sample is, why there is nothing to see."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from PySide6.QtCore import QCoreApplication

from core.predictions import Answer, Predictor, Refusal
from core.program.ir import Array, Program
from stepper.widgets.numbers import short

translate = QCoreApplication.translate
MOST_NUMBERS = 6


def refused(why: Refusal | None) -> str:
    """Say why a program's data cannot be shown."""
    return {
        "no data": translate(
            "DataView", "There are no samples to show: no array under # data is read by the network and cut into samples."
        ),
        "no loss": translate(
            "DataView", "There is nothing to show: the program has no dense layers and no loss, so its answer is not known."
        ),
        "no network": translate(
            "DataView", "The network was not found: no line multiplies the data by a parameter, as in Z1 = W1 @ X."
        ),
        "two data": translate(
            "DataView", "The network reads several data arrays at once; this view shows one whose samples it can vary."
        ),
        "no samples": translate(
            "DataView", "The network's answer does not have one entry for each sample, so the samples cannot be judged."
        ),
        "does not fit": translate(
            "DataView", "A line of the program cannot run, so the network has no answers. The program shows which line."
        ),
    }.get(why or "no data", "")


def headline(predictor: Predictor, answer: Answer) -> str:
    """Say how many samples are misclassified, or have no answer at all."""
    count = predictor.samples
    of = translate("DataView", "{n} samples").format(n=count)
    if predictor.total > count:
        of = translate("DataView", "the first {n} of {total} samples").format(n=count, total=predictor.total)
    if answer.silent == count:
        return translate("DataView", "No answer for any of {of}: the output is NaN with the parameters at this point").format(
            of=of
        )
    if predictor.truth is None and predictor.reading.kind != "each":
        what = translate("DataView", "Targets of {of}, and the network's answer with the parameters at this point").format(of=of)
        if predictor.targets is None:
            what = translate("DataView", "The network's answer for {of} with the parameters at this point").format(of=of)
    elif answer.misclassified == 0:
        what = translate("DataView", "None of {of} misclassified with the parameters at this point").format(of=of)
    else:
        what = translate("DataView", "{wrong} of {of} misclassified with the parameters at this point").format(
            wrong=answer.misclassified, of=of
        )
    if answer.silent:
        what += translate("DataView", "; {n} have no answer (NaN)").format(n=answer.silent)
    return what


def sample_text(predictor: Predictor, answer: Answer, sample: int, batch: Array) -> str:
    """Say what a sample is, what it should give, and what the network answers."""
    if sample >= predictor.samples:
        text = translate("DataView", "Sample {n} is beyond the first {count}, which are shown here.")
        return text.format(n=sample + 1, count=predictor.samples)
    place = translate("DataView", "sample {n} of {total}").format(n=sample + 1, total=predictor.total)
    parts = [place]
    if len(batch) < predictor.total:
        parts[0] += translate("DataView", ", in this batch") if sample in batch else translate("DataView", ", not in this batch")
    if not predictor.pictures:
        parts.append(translate("DataView", "inputs {x}").format(x=_numbers(predictor.points[:, sample])))
    name, outputs = predictor.reading.name, answer.outputs[:, sample]
    if predictor.truth is None:
        if predictor.targets is not None:
            parts.append(translate("DataView", "target {y}").format(y=_numbers(predictor.targets[:, sample])))
        parts.append(translate("DataView", "answer {a}").format(a=_numbers(outputs)))
        return " · ".join(parts)
    parts.append(translate("DataView", "target class {c}").format(c=name(int(predictor.truth[sample]))))
    found = int(answer.found[sample])
    if found < 0:
        return " · ".join([*parts, translate("DataView", "no answer: the output is NaN")])
    sign = "✗" if answer.wrong[sample] else "✓"
    strength = short(float(outputs[found if len(outputs) > 1 else 0]))
    parts.append(translate("DataView", "answer class {c} {sign} (output {a})").format(c=name(found), sign=sign, a=strength))
    return " · ".join(parts)


def notes(predictor: Predictor, pictures: bool) -> list[str]:
    """Say under which conditions what is shown was computed."""
    found: list[str] = []
    inputs = len(predictor.varying)
    if not pictures and inputs > 2:
        found.append(
            translate("DataView", "No surface: the answer depends on {n} inputs, and a plane shows two.").format(n=inputs)
        )
    if not pictures and inputs in (1, 2) and not predictor.has_surface and not predictor.has_curve:
        found.append(translate("DataView", "No surface: the answer for one sample depends on the other samples beside it."))
    if predictor.source.dropout:
        found.append(translate("DataView", "Without dropout, as when the network is used."))
    if predictor.source.shared:
        found.append(translate("DataView", "Means and the like over all samples, not over one batch."))
    if pictures and predictor.standardised:
        found.append(translate("DataView", "Each pixel on its own scale: the data were standardised."))
    return found


def ahead(program: Program, stale: Collection[int]) -> str:
    """Say that the answers follow from a change by hand which the parameters on show do not; empty where they do."""
    if not any(program.values[v].name in program.carried for v in stale):
        return ""
    return translate(
        "DataView", "Computed with the parameters as they are after the change by hand; those on show elsewhere are out of date."
    )


def outside(heights: Array, low: float, high: float) -> str:
    """Say that a curve leaves the picture, and where it goes; empty if it does not."""
    finite = heights[np.isfinite(heights)]
    if not finite.size or (finite.min() >= low and finite.max() <= high):
        return ""
    text = translate("DataView", "The curve leaves the picture: it goes from {a} to {b}.")
    return text.format(a=short(float(finite.min())), b=short(float(finite.max())))


def _numbers(values: Array) -> str:
    shown = ", ".join(short(v) for v in values[:MOST_NUMBERS].tolist())
    return shown if len(values) <= MOST_NUMBERS else shown + ", …"
