"""Predictions of random programs: the Machine's own answers, whatever the names, the convention and the batches."""

from __future__ import annotations

import numpy as np
from helpers.programs import SETTINGS, Net, nets
from hypothesis import given

from core.complete import load
from core.predictions import Predictor, box_around, parameters_at
from core.session import Session


@SETTINGS(80)
@given(nets())
def test_the_answers_are_those_that_the_next_iteration_finds(net: Net) -> None:
    program = load(net.text)
    session = Session(program, "random")
    session.go(2, len(program))
    moment = session.moment()
    predictor = Predictor(moment.program)
    parameters = parameters_at(program, moment.k, moment.machine.peek)
    assert predictor.refusal is None and parameters is not None
    answer = predictor.answer(parameters)
    assert answer is not None
    session.go(3, len(program))
    moment = session.moment()
    seen = np.asarray(moment.machine.peek(predictor.source.output))
    rows = seen[None] if predictor.source.unit_axis is None else np.moveaxis(seen, predictor.source.unit_axis, 0)
    if len(moment.samples) == predictor.samples and not program.batching.shuffle:
        assert answer.outputs.tobytes() == rows.tobytes()
    else:
        np.testing.assert_allclose(answer.outputs[:, moment.samples], rows, rtol=1e-4, atol=1e-5)


@SETTINGS(40)
@given(nets())
def test_a_point_of_the_plane_is_answered_as_a_sample_there_is(net: Net) -> None:
    program = load(net.text)
    session = Session(program, "random")
    session.go(1, len(program))
    predictor = Predictor(program)
    parameters = parameters_at(program, len(program), session.timeline.machine.peek)
    assert parameters is not None
    answer = predictor.answer(parameters)
    assert answer is not None
    if predictor.has_curve:
        x = predictor.points[predictor.varying[0]].astype(float)
        curve = predictor.curve(parameters, x.min(), x.max(), 2)
        assert curve is not None
        for end, sample in ((0, int(x.argmin())), (1, int(x.argmax()))):
            np.testing.assert_allclose(curve.outputs[:, end], answer.outputs[:, sample], rtol=1e-4, atol=1e-5)
    if predictor.has_surface:
        box = box_around(*predictor.points[list(predictor.varying)])
        surface = predictor.surface(parameters, box, 12, 9)
        assert surface is not None and surface.strength.shape == surface.classes.shape == (9, 12)
        assert np.abs(surface.strength).max() <= 1
        for line in predictor.neuron_lines(parameters, box):
            for x, y in (line.start, line.end):
                inside = box.left <= x <= box.right and box.bottom <= y <= box.top
                assert inside and (x in (box.left, box.right) or y in (box.bottom, box.top))
