"""One tensor of a saved network, and two such files beside each other, as text for a person and as plain data for a script."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from core.files.looks.look import layer_of
from core.files.looks.look_words import remark_text
from core.files.looks.looks import Histogram, Look, Match, Spectrum
from core.files.problem import FileProblem, bare, shown
from core.files.saved import Layer, Saved, Tensor, shape_text

_WIDEST = 40
_MOST_BARS = 16
_MOST_VALUES = 12
_KINDS = {
    "equal": "equal", "near": "nearly equal", "different": "different", "shape": "other shape", "type": "cannot be read",
    "only here": "only here", "only there": "only there",
}  # fmt: skip


def tensor_named(saved: Saved, name: str) -> Tensor:
    """Return the tensor of that name; raises FileProblem with names that there are."""
    try:
        return saved.tensor(name)
    except KeyError:
        held = ", ".join(shown(t.name) for t in saved.tensors[:8]) or "none"
        more = ", …" if len(saved.tensors) > 8 else ""
        raise FileProblem(f"there is no tensor {shown(name)}; there are {held}{more}") from None


def look_json(look: Look, tensor: Tensor, layers: Sequence[Layer] = ()) -> dict[str, Any]:
    """Return a look as JSON holds it, but for its heat map; numbers that are not finite are texts."""
    s, layer = look.summary, layer_of(layers, tensor.name)
    return finite({
        "name": tensor.name, "shape": list(tensor.shape), "dtype": tensor.dtype, "bytes": tensor.bytes,
        "layer": layer.name if layer is not None else None, "units": look.units or None,
        "count": s.count, "min": s.min, "max": s.max, "mean": s.mean, "std": s.std, "zeros": s.zeros, "nonfinite": s.nonfinite,
        "histogram": None if look.histogram is None else _histogram_json(look.histogram),
        "remarks": [
            {"kind": r.kind, "severity": r.severity, "count": r.count, "at": [list(at) for at in r.at], "value": r.value,
             "text": remark_text(r, look)}
            for r in look.remarks
        ],
        "singular_values": None if look.spectrum is None else look.spectrum.values.tolist(),
        "condition": None if look.spectrum is None else look.spectrum.condition,
        "rank": None if look.spectrum is None else look.spectrum.rank,
        "spectrum_later": look.spectrum_later,
    })  # fmt: skip


def look_text(look: Look, tensor: Tensor, layers: Sequence[Layer] = ()) -> str:
    """Return a look as lines for a person."""
    s, layer = look.summary, layer_of(layers, tensor.name)
    facts = [("shape", shape_text(tensor.shape)), ("type", bare(tensor.dtype, 16))]
    if layer is not None:
        facts.append(("layer", bare(layer.name, 40)))
    if look.units:
        facts.append(("units", "a row for each" if look.units == "rows" else "a column for each"))
    facts.append(("numbers", f"{s.count:,}, of which {s.zeros:,} {'is' if s.zeros == 1 else 'are'} 0"))
    known = {"min": s.min, "max": s.max, "mean": s.mean, "deviation": s.std}
    facts += [(what, f"{value:.6g}") for what, value in known.items() if value is not None]
    lines = [shown(look.name), *(f"  {what.ljust(9)}  {value}" for what, value in facts)]
    if look.histogram is not None:
        few = "" if look.histogram.exact else " (of some of the numbers)"
        lines += ["", f"histogram{few}", *_bars(look.histogram)]
    if look.spectrum is not None:
        lines += ["", "singular values", *_spectrum(look.spectrum)]
    elif look.spectrum_later:
        lines += ["", "singular values", "  not worked out, as that takes long; add --spectrum"]
    if look.remarks:
        lines += ["", "remarks", *(f"  {r.severity}: {remark_text(r, look)}" for r in look.remarks)]
    return "\n".join(lines)


def matches_json(matches: Sequence[Match]) -> list[dict[str, Any]]:
    """Return a comparison as JSON holds it; numbers that are not finite are texts. `name` is None for what is only there."""
    return [
        finite({
            "name": None if m.kind == "only there" else m.name, "other": m.other or None, "kind": m.kind, "largest": m.largest,
            "rms": m.rms, "relative": m.relative, "differing": m.differing, "cosine": m.cosine,
        })
        for m in matches
    ]  # fmt: skip


def matches_text(matches: Sequence[Match]) -> str:
    """Return a comparison as a table for a person, with how many of each kind there are below."""
    rows = [("name", "", "largest", "rms", "relative", "differing", "cosine", "name there")]
    for m in matches:
        numbers = (_short(m.largest), _short(m.rms), _short(m.relative))
        there = bare(m.other, 48) if m.other not in ("", m.name) else ""
        count = "" if m.differing is None else f"{m.differing:,}"
        rows.append((bare(m.name, 48), _KINDS[m.kind], *numbers, count, _short(m.cosine), there))
    widths = [max(len(r[k]) for r in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    counts = [(text, sum(m.kind == kind for m in matches)) for kind, text in _KINDS.items()]
    return "\n".join([*lines, "", ", ".join(f"{n} {text}" for text, n in counts if n) or "no tensors"])


def finite(value: Any) -> Any:
    """Return plain data with NaN and infinities as texts, which any reader of JSON takes."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [finite(v) for v in value]
    return value


def _histogram_json(h: Histogram) -> dict[str, Any]:
    return {"edges": h.edges.tolist(), "counts": h.counts.tolist(), "exact": h.exact}


def _bars(h: Histogram) -> list[str]:
    """Return a histogram as lines of text, with neighbours put together."""
    step = max(1, len(h.counts) // _MOST_BARS)
    counts = [int(h.counts[i : i + step].sum()) for i in range(0, len(h.counts), step)]
    most = max(counts) or 1
    lines: list[str] = []
    for i, n in enumerate(counts):
        low, high = h.edges[i * step], h.edges[min((i + 1) * step, len(h.counts))]
        # A bar of its own for the fewest numbers, too: none is where there are none.
        bar = "█" * max(round(_WIDEST * n / most), int(n > 0))
        lines.append(f"  {low:>11.4g} … {high:<11.4g} {bar} {n:,}")
    return lines


def _spectrum(s: Spectrum) -> list[str]:
    values = ", ".join(f"{v:.6g}" for v in s.values[:_MOST_VALUES])
    more = f", … {s.values[-1]:.6g} ({len(s.values)} in all)" if len(s.values) > _MOST_VALUES else ""
    return [f"  {values}{more}", f"  condition  {s.condition:.6g}", f"  rank       {s.rank} of {len(s.values)}"]


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
