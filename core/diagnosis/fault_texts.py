"""What is said of each fault: a title, a hint that does not give the place away, what is wrong, and what mends it.

Templates of `core.diagnosis.words`, which fills in the learner's own names:

    {it}      the name that the line gives its result to, or `the line`
    {role}    what that should be, such as `the gradient of w2 (∂L/∂w2)`
    {names}   the parameters that are wrong for it; {gradients} their gradients; {are}, {move}, {keep} … agree with them
    {Names}, {Gradients} begin a sentence
    {old}     what stands in the line and does not belong there
    {shapes}  the shapes of parameters and gradients that differ; {fails} why a line cannot run, in the learner's names
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Said:
    """The texts of one fault.

    `hints` has others for a kind of role: weight, bias, error, slope. `fault` has others too: `update` for a line of the
    update, `unknown` where no mended line was found, `alone` for a fault that makes no parameter wrong, `fails` for a line that
    cannot run.
    """

    title: str
    hint: str
    fault: str
    mend: str
    hints: dict[str, str] = field(default_factory=dict[str, str])
    update: str = ""
    unknown: str = ""
    alone: str = ""
    fails: str = ""


SAID: dict[str, Said] = {
    "sign": Said(
        "The wrong sign",
        "{Names} {move} exactly uphill, so the loss rises where it should fall. Count the minus signs from the loss to the"
        " update: which way round does the derivative of the loss have the output and the target, and does the update add or"
        " take away?",
        "{it} has the opposite sign of {role}: a step with it goes uphill, whatever the learning rate is.",
        "Turn the sign, here or in the update, but not in both.",
        update="The step goes along the gradient, uphill. The gradient is the direction in which the loss rises; the way down"
        " is against it.",
    ),
    "scale": Said(
        "A wrong constant factor",
        "{Gradients} {point} the right way and {are} too {long} against the others. Compare the formulas side by side: which"
        " constant is in one and not in another? It may be 1/m, a 2, a ½, or a mean where there should be a sum.",
        "{it} is {off} against the other gradients, so that {names} {learn} at another rate than the rest.",
        "Give every gradient the same factor. A factor that all of them share is no fault: it acts like another learning"
        " rate.",
    ),
    "operand": Said(
        "The wrong value in the formula",
        "{Gradients} {are} not true. Write down what each line of the forward uses, and beside it the line of the backward"
        " that undoes it: do both use the same values?",
        "{it} should be {role}. The formula has the right form, but {old} does not belong in it.",
        "Use the value that the forward used at the same place.",
        {
            "weight": "The gradient of a weight pairs two things: the error of the units behind it, and the value that went"
            " into the weight in the forward. What was {names} multiplied with in the forward? And in the backward?",
            "bias": "A bias is added to a weighted sum, so its gradient is the error of just that sum. To which line of the"
            " forward is {names} added, and whose error does the backward take for it?",
            "error": "{Gradients} {are} wrong because something before {them} on the way back is. Every step back uses the"
            " same weights and values as the step forward that it undoes. Go through both, layer by layer: is each number"
            " that of its own layer?",
            "slope": "{Gradients} {are} off by a factor that differs from cell to cell. Each activation has a slope of its"
            " own, taken where that activation was. Is every slope in your backward taken of the right layer's value?",
        },
        unknown="{it} should be {role}, and it is not, although what goes into it is right: it is made of other values, or in"
        " another way, than it should be.",
    ),
    "transpose": Said(
        "Rows and columns exchanged",
        "{Gradients} {have} the right shape, perhaps, but not the right numbers. Write beside every array what its rows and"
        " what its columns are: units, inputs or samples. In a product, the inner two must be the same thing, not only the"
        " same number.",
        "{it} should be {role}. In its product {old} is the wrong way round: rows meet what columns should meet.",
        "Exchange the rows and columns of that factor.",
        {
            "weight": "The numbers of {gradients} stand at wrong places. In a product the inner axes vanish. For the gradient"
            " of a weight these must be the samples, because every sample contributes; what stays must be units × inputs, as"
            " in the weight. Is it so in yours?",
            "error": "On the way back an error goes through the same weights as the values did on the way forward, in the"
            " other direction: what were rows for the forward are columns for the backward. Which shape do you get for"
            " {gradients}, and which units are its rows?",
        },
    ),
    "derivative-twice": Said(
        "The activation is applied twice",
        "{Gradients} {are} off by a factor that differs from cell to cell. The slope of an activation can be written with the"
        " sum z that goes in, or with the value a that comes out. Which of the two does your formula expect, and which one"
        " does it get?",
        "The slope is taken of what is already an activation, as in σ of σ(z). For a sigmoid such a slope always lies between"
        " 0.197 and 0.25, however flat the sigmoid really is: errors of saturated units go back through {it} almost"
        " unweakened.",
        "Either give the function z, or write the slope with a: `a * (1 - a)` for a sigmoid, `1 - a ** 2` for tanh.",
    ),
    "derivative-of-preactivation": Said(
        "The slope is written with a but gets z",
        "A sigmoid, a tanh and a ReLU never fall, so their slope is never negative. Look at the factors that stand for a"
        " slope on the way to {gradients}: is any of them below 0, or far above 1?",
        "`a * (1 - a)` (or `1 - a ** 2`) is the slope only where a is the activation. Here it is computed of the sum z, which"
        " may be any number, so that {it} is wrong in size and often in sign.",
        "Put the activation there, or use a function that applies the activation itself.",
    ),
    "derivative-missing": Said(
        "The slope of an activation is missing",
        "Between a weighted sum and what the next layer gets stands an activation, and on the way back it leaves a factor:"
        " its slope. Count the activations of the forward that lie behind {names}, and the slopes in the backward.",
        "{it} should be {role}, but the slope of the activation is not in it: the error goes back as if that activation were"
        " a straight line of slope 1.",
        "Multiply by the slope, cell by cell.",
    ),
    "derivative-extra": Said(
        "One slope too many",
        "On the way back every activation leaves one factor, and only one. Count the activations of the forward that lie"
        " behind {names}, and the slopes in the backward. A loss that is derived together with the last activation (`A - Y`"
        " for cross-entropy) has that slope in it already.",
        "{it} should be {role}, but it is multiplied by a slope once too often; that shrinks it, most of all where the output"
        " is confidently wrong and should learn the most.",
        "Leave that slope out.",
    ),
    "chain-skipped": Said(
        "A link of the chain is left out",
        "An error goes from one layer to the layer before through the weights between them, and through nothing else. Follow"
        " the way back to {names}: at which step does the number of units change, and by what?",
        "{it} should be {role}, but a step of the chain rule is left out: the error is used as it is, where it should first"
        " go through what lies between.",
        "Put the missing step in.",
        {
            "weight": "A gradient has two parts: the error that comes back, and what met the parameter in the forward. Are"
            " both in {gradients}? Compare the shape with that of {names}.",
        },
    ),
    "batch-sum": Said(
        "The sum over the samples",
        "Every sample says how it would like {names} to change, and the gradient is the sum (or mean) of that over the"
        " samples, and over nothing else. How many numbers does {names} have, and how many has its gradient?",
        "{it} should be {role}: one number for each of its cells, summed over the samples alone. {sum}",
        "Sum over the axis of the samples, and keep the axis: `keepdims=True`.",
    ),
    "product": Said(
        "`*` and `@` confused",
        "There are two kinds of products: `@` sums over an axis, `*` works cell by cell. A weight comes back with `@`, an"
        " activation with `*`. Look at the products on the way to {gradients}: is each of the right kind?",
        "{it} should be {role}, but it is computed with the wrong kind of product. Where arrays are square, or can be"
        " stretched, both kinds run, and only the numbers are wrong.",
        "Use `@` where an axis is to be summed over, `*` where cells meet their own factors.",
    ),
    "broadcast": Said(
        "Stretched to a larger shape",
        "NumPy stretches an axis of length 1 without asking. Write down the shape of each value of your backward, and beside"
        " it the shape of the forward value that it belongs to. Where is one larger than the other?",
        "{it} should be {role} and have its shape. Two operands of different shapes were stretched to fit one another, so"
        " that the result is larger than it should be, and mixes what does not belong together.",
        "Bring both operands to one shape first, with `.reshape`, `.T` or `keepdims=True`.",
    ),
    "axis": Said(
        "Along the wrong axis",
        "Each axis of an array means something: units, or samples. Where your code sums, averages or takes a softmax, which"
        " of the two does it run along? For a softmax, add up the probabilities of one sample: they must come to 1.",
        "{it} should be {role}, but it is taken along the wrong axis: it mixes samples where it should mix units, or units"
        " where it should mix samples.",
        "Use the other axis.",
    ),
    "stale": Said(
        "Already updated",
        "All gradients belong to one point: the weights that the forward was computed with. Follow the way back to {names}."
        " Is every weight that is read there still the one from the forward?",
        "{it} should be {role}, but it reads a parameter that has been updated before: it mixes the weights before the step"
        " with those after it.",
        "Compute all gradients first, then update.",
    ),
    "overwritten": Said(
        "A kept value was overwritten",
        "The backward needs the values of the forward as they were. Follow the way back to {names}. Does a name that is read"
        " there still hold what the forward put into it?",
        "{it} should be {role}, but a name that it reads has been given something else since the forward.",
        "Use another name for the new value, or compute it later.",
    ),
    "never-applied": Said(
        "Never applied",
        "{Names} {keep} the same values in every iteration. Follow {gradients} to the end of the program: where {is_gradient}"
        " used?",
        "{it} is computed, and no update uses it, so {names} never {change}.",
        "Write its update.",
        {
            "": "Compare the names under `# parameters` with those under `# update`. Which of them keeps its first numbers, and"
            " is it meant to?",
        },
        alone="The loss depends on {it}, but nothing computes its gradient and no update changes it: it keeps its first"
        " numbers. If that is meant, it is frozen, and nothing is wrong.",
    ),
    "never-reset": Said(
        "Added up and never set back",
        "{Gradients} {are} right in the first iteration and {grow} from then on, although the loss does not. What does the"
        " sum begin with in the second iteration?",
        "{it} is added to what the last iterations left in it: it is the sum of all gradients so far, not that of this"
        " iteration.",
        "Begin each iteration at zero, or write `=` for `+=`.",
    ),
    "shape": Said(
        "Shapes that do not fit",
        "A gradient has one number for each number of its parameter, at the same place. Compare the shapes.{shapes}",
        "{it} should be {role} and have the same shape.{shapes}",
        "Use what belongs there, in the order that makes the shapes meet; not just anything that happens to fit.",
        {
            "fails": "A line cannot run, because two shapes do not meet there. Say in words what each array of it holds and"
            " what its rows and columns are: which one does not belong there?",
        },
        alone="{it} does not have the shape that is needed here.",
        fails="This line cannot run. {fails}",
    ),
    "no-target": Said(
        "An error without a target",
        "Imagine all targets were others. Would {gradients} change? An error compares what came out with what should have"
        " come out.",
        "{it} should be {role}, but no target goes into it, so it cannot be the gradient of a loss: whatever the right"
        " answers are, it stays the same.",
        "Begin the backward with the derivative of the loss by the output, such as the output minus the target.",
    ),
    "bias-missing": Said(
        "A bias is missing",
        "Think of a sample whose inputs are all 0. What can a layer answer that multiplies them by weights and adds nothing?",
        "{Names} {stand} among the parameters and {get} an update, but {it} is computed without {them}: the loss does not"
        " depend on {them}, so whatever the update adds, nothing is learned by it.",
        "Add the bias after the product with the weights; or give the layer an input that is always 1.",
        alone="{it} is computed without a bias: whatever the weights are, the sum is 0 where all that goes in is 0. No"
        " gradient is wrong for it, but the network can represent less.",
    ),
    "symmetric-start": Said(
        "All units start alike",
        "Compare two units of one hidden layer. In what do they differ before the first step? And after it?",
        "{it} starts with the same numbers for all units. They then get the same gradients and stay copies of each other for"
        " ever, so that a layer can do no more than one unit.",
        "Start with small random weights; biases may start at 0.",
    ),
    "epsilon": Said(
        "A small number bends the gradient",
        "A small number added to a divisor or in a logarithm ends the NaN. What does it do where the output is confidently"
        " wrong, where 1 − A is smaller than that number? Compare the gradient there with A − Y.",
        "The small number keeps the division finite, but just where the output is confidently wrong, and the gradient matters"
        " most, it shrinks it towards 0: for a target of 0 the true ∂L/∂Z is nearly 1, and with 0.00001 you get 0.5 at z ="
        " 11.5, and 0.0002 at z = 20.",
        "Take the loss and the last activation together: their derivative is A − Y, without any division.",
    ),
}  # fmt: skip
