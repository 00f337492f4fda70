"""A small lesson with a question of each kind."""

from __future__ import annotations

TEXT = """
title = "A small one"
summary = "Nothing much."
[programs]
wrong = '''
# data
X = np.array([[1.0, 2.0]])
# parameters
W = np.array([[0.5], [0.25]])
lr = 0.1
# forward
Z = W @ X
# loss
L = mean(Z * Z)
'''
mended = '''
# data
X = np.array([[1.0, 2.0]])
# parameters
W = np.array([[0.5], [0.25]])
lr = 0.2
# forward
Z = W @ X
# loss
L = mean(Z * Z)
'''
[[step]]
title = "First"
text = "Words with `code` and <b>no</b> markup. W is {shape: W}."
run = 3
reveal = "REVEALED one"
[[step]]
title = "A sign"
text = "Now guess."
stop = { iteration = 1, before = "Z" }
show = ["value"]
reveal = "REVEALED two"
[step.question]
kind = "sign"
prompt = "Which sign will `Z` have in its first cell?"
answer = { sign = "Z[0, 0]" }
explanation = "EXPLAINED: it is {value: Z[0, 0]}."
[[step]]
title = "A shape"
text = "Now type."
stop = { iteration = 1, before = "Z" }
diagnose = true
[step.question]
kind = "shape"
prompt = "Which shape will `Z` have?"
options = ["2×2", "1×2"]
answer = { shape = "Z" }
explanation = "EXPLAINED."
[[step]]
title = "A number"
text = "Now type."
compare = { variants = ["wrong", "mended"], iterations = 5 }
[step.question]
kind = "number"
prompt = "What is `X[0, 1]` times ten?"
answer = { value = "X[0, 1] * 10" }
explanation = "EXPLAINED."
[[step]]
title = "A choice"
text = "Last one."
[step.question]
kind = "choice"
prompt = "Which?"
options = ["`this` one", "that one"]
answer = { choice = 2 }
explanation = "EXPLAINED."
"""
