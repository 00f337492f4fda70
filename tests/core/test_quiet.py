"""A quiet session tells no problem and no shape to come; what is computed is told as ever."""

from __future__ import annotations

from core.complete import load
from core.session import Session

SICK = """
# data
X = np.array([[0.0, 2.0]])
# parameters
W = np.array([[0.5]])
lr = 0.1
# forward
Z = W @ X
A = np.log(Z)
# loss
L = mean(A)
"""


def test_quiet() -> None:
    session = Session(load(SICK), "sick")
    told: list[int] = []
    session.listen(lambda: told.append(1))
    session.go(1, 2)
    names = {value.label: value.index for value in session.program.values}
    loud = session.moment()
    assert loud.problems and loud.signs(names["A"]) and not loud.quiet
    assert loud.told_shape(names["L"]) == () == loud.shape(names["L"])
    session.set_quiet(True)
    assert len(told) == 2
    quiet = session.moment()
    assert not quiet.problems and not quiet.signs(names["A"]) and quiet.quiet
    assert quiet.told_shape(names["L"]) is None and quiet.shape(names["L"]) == ()
    assert quiet.told_shape(names["Z"]) == (1, 2) and quiet.told_shape(names["X"]) == (1, 2)
    session.set_quiet(False)
    assert session.moment().problems == loud.problems
