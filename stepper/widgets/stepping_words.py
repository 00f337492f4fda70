"""What the form over a saved network says by itself; what is said of a file comes from `core`, escaped there."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from core.choices import meaning
from core.explain.prose_activations import CALLED
from core.files.inference.infer import STORED
from core.files.problem import escaped
from core.steppable.data import Wanted
from core.steppable.form import FittingSet, Form, FormField
from stepper import theme
from stepper.widgets.diagnosis_words import first_up

translate = QCoreApplication.translate
SIGNS = {"file": "≡", "assumed": "?", "chosen": "✓", "usual": "·"}
LONGEST = 400
FUNCTIONS = ("activation", "output_activation", "orientation")
"""What may be asked of the network itself."""


def label(key: str) -> str:
    """Return what a field is called."""
    return {
        "activation": translate("stepping", "Function of the hidden layers"),
        "output_activation": translate("stepping", "Function of the last layer"),
        "orientation": translate("stepping", "How the matrices are stored"),
        "mode": translate("stepping", "Mode"),
        "loss": translate("stepping", "Loss"),
        "optimizer": translate("stepping", "Optimizer"),
        "learning_rate": translate("stepping", "Learning rate"),
        "batch": translate("stepping", "Samples in an iteration"),
        "shuffle": translate("stepping", "Shuffle in each epoch"),
        "standardize": translate("stepping", "Standardise the inputs"),
        "count": translate("stepping", "How many samples"),
        "seed": translate("stepping", "Seed (another one, other numbers)"),
        "set": translate("stepping", "Data set"),
        "file": translate("stepping", "File"),
        "inputs": translate("stepping", "The sample"),
        "target": translate("stepping", "What it should give"),
    }[key]


def way_label(way: str) -> str:
    """Return what a way to give data is called."""
    return {
        "random": translate("stepping", "Random numbers"),
        "set": translate("stepping", "Built-in data set"),
        "file": translate("stepping", "File of mine"),
        "typed": translate("stepping", "One sample, typed"),
    }[way]


def origin_words(field: FormField) -> str:
    """Return who decided a value, with its sign."""
    words = {
        "file": translate("stepping", "said by the file"),
        "assumed": translate("stepping", "assumed by the app"),
        "chosen": translate("stepping", "chosen by you"),
        "usual": translate("stepping", "the usual one"),
    }[field.origin]
    return f"{SIGNS[field.origin]} {words}"


def origin_colour(field: FormField) -> str:
    """Return the ink of who decided a value."""
    t = theme.current()
    return {"file": t.dim, "assumed": t.written, "chosen": t.read, "usual": t.dim}[field.origin]


def hint(field: FormField) -> str:
    """Return what is said below a question; that a file says its functions, the mark says."""
    if field.origin == "file" and field.key != "orientation":
        return ""
    return first_up(cut(field.question or field.why))


def option_words(key: str, option: str) -> str:
    """Return an option as a person reads it."""
    if key == "orientation":
        return STORED[option] if option in STORED else escaped(option)
    if key == "mode":
        return {
            "use": translate("stepping", "as when the network is used"),
            "training": translate("stepping", "as in training"),
        }.get(option, option)
    if option == "identity":
        return translate("stepping", "identity (no function)")
    if key in ("activation", "output_activation"):
        return ", ".join(CALLED.get(name, name) for name in option.split(", "))
    return option


def option_meaning(key: str, option: str) -> str:
    """Return what an option means, in a line; '' where its words say it."""
    paths = {"activation": "network.activation", "output_activation": "network.activation", "loss": "network.loss"}
    return meaning({**paths, "optimizer": "optimizer.name", "set": "data.source"}.get(key, ""), option)


def left_to_the_app(key: str, value: str) -> str:
    """Return the entry that leaves a choice to the app; `value` is what that is now, '' where it is not known yet."""
    if not value:
        return translate("stepping", "the usual one for the data")
    return translate("stepping", "{value} (the app's choice)").format(value=option_words(key, value))


def set_words(found: FittingSet) -> str:
    """Return a data set with its sizes: `iris: 4 inputs, 3 classes`."""
    if found.inputs == 1:
        inputs = translate("stepping", "1 input")
    else:
        inputs = translate("stepping", "{n} inputs").format(n=found.inputs)
    if found.classes:
        targets = translate("stepping", "{n} classes").format(n=found.classes)
    else:
        targets = translate("stepping", "numbers as targets")
    return f"{found.name}: {inputs}, {targets}"


def size_words(w: Wanted) -> str:
    """Return what a network takes and gives, in a sentence."""
    shape = "×".join(map(str, w.shape))
    takes = translate("stepping", "1 number") if shape == "1" else translate("stepping", "{n} numbers").format(n=shape)
    if not w.outputs:
        return translate("stepping", "It takes {takes} a sample.").format(takes=takes)
    return translate("stepping", "It takes {takes} a sample and gives {n}.").format(takes=takes, n=w.outputs)


def about(wanted: Wanted | None, stops: str) -> str:
    """Return what a network takes and gives, and how far it can be stepped."""
    why = cut(stops)
    if wanted is None:
        # That it cannot be stepped need not be said twice in a sentence.
        why = why.removesuffix(", and cannot be stepped").removesuffix(".")
        return translate("stepping", "✗ It cannot be stepped: {why}.\nAll of it can be looked at.").format(why=why)
    ends = f"⚠ {first_up(why)}" if stops else translate("stepping", "✓ Every layer can be stepped.")
    return f"{size_words(wanted)}\n{ends}"


def asked_of(form: Form) -> tuple[str, ...]:
    """Return which of FUNCTIONS are worth asking for: nobody need choose the function of a layer that is not stepped."""
    if form.wanted is None:
        return ("orientation",)
    return ("activation", "orientation") if form.stops else FUNCTIONS


def target_hint(w: Wanted) -> str:
    """Return what a typed target has to be."""
    if w.targets == "classes" and w.outputs > 1:
        return translate("stepping", "the class, from 0 to {most}; or {n} numbers that add up to 1").format(
            most=w.outputs - 1, n=w.outputs
        )
    if w.targets in ("", "one-hot") and w.outputs > 1:
        return translate("stepping", "{n} numbers, or the class, from 0 to {most}").format(most=w.outputs - 1, n=w.outputs)
    if w.targets == "truth":
        one = translate("stepping", "0 or 1")
        return one if w.outputs == 1 else translate("stepping", "{n} times 0 or 1").format(n=w.outputs)
    if w.targets == "signs":
        one = translate("stepping", "−1 or 1")
        return one if w.outputs == 1 else translate("stepping", "{n} times −1 or 1").format(n=w.outputs)
    one = translate("stepping", "1 number")
    return one if w.outputs == 1 else translate("stepping", "{n} numbers").format(n=w.outputs)


def cut(text: str, most: int = LONGEST) -> str:
    """Return a text of a file as it can be shown: escaped, and not without end."""
    plain = escaped(text[: most + 1])
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
