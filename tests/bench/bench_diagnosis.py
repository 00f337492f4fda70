"""How well the diagnosis finds faults: the table of issue 6, from mutants that know nothing of how it searches.

`--quick` a few of each fault, `--all` every mutant; `--failures` each with its line and what was said; `--program NAME`,
`--fault NAME`, `--way TEXT` only those; `--jobs N` processes. Without, up to 20 of each fault known and not known.
"""

# ruff: noqa: E501 (the path first; rows of a table)
from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers.mutants import Mutant, Pair, made, pairs
from helpers.mutants_score import Said, Score, accused, accused_beside, both_found, said, score
from helpers.right_programs import RIGHT
from helpers.right_ways import ways

USUAL, QUICK = 20, 5


def spread(mutants: Sequence[Mutant], most: int) -> list[Mutant]:
    """Return up to so many of each fault, known and not known apart, evenly from all."""
    groups: dict[tuple[str, bool], list[Mutant]] = {}
    for m in mutants:
        groups.setdefault((m.fault, m.known), []).append(m)
    chosen: list[Mutant] = []
    for group in groups.values():
        step = max(1.0, len(group) / most)
        chosen += [group[int((k + 0.5) * step)] for k in range(min(most, len(group)))]
    return chosen


def percent(part: int, whole: int) -> str:
    """Return a share, such as ` 98.4 %`."""
    return f"{100 * part / whole:6.1f} %" if whole else "       –"


def _row(name: str, scores: Sequence[Score], seconds: Sequence[float]) -> str:
    n = len(scores)
    judged = [s.parameters for s in scores if s.parameters is not None]
    cells = [
        f"{name:34}{n:6}", percent(sum(judged), len(judged)), percent(sum(s.named for s in scores), n),
        percent(sum(s.alone for s in scores), n), percent(sum(s.name for s in scores), n),
        f"{sum(s.wrong_alone for s in scores):6}", f"{sum(s.beside for s in scores):7}",
        f"{statistics.median(seconds):8.2f} s" if n else "",
    ]  # fmt: skip
    return " ".join(cells)


HEAD = (
    f"{'fault':34}{'number':>6} {'parameters':>8} {'named':>7} {'alone':>8} {'name':>8} {'wrong':>8} {'beside':>7} {'median':>9}"
)


def _failed(s: Score) -> bool:
    return s.parameters is False or not (s.named and s.alone and s.name) or s.wrong_alone or s.beside


def _why(s: Score) -> str:
    flags = {
        "PARAMETERS": s.parameters is False, "NOT NAMED": not s.named, "not alone": s.named and not s.alone,
        "other name": s.named and not s.name, "WRONG ALONE": s.wrong_alone, "beside": s.beside,
    }  # fmt: skip
    return ", ".join(k for k, v in flags.items() if v)


def singles(mutants: Sequence[Mutant], results: Sequence[Said], failures: bool) -> list[str]:
    """Return the table of single faults."""
    scores = [score(m, it) for m, it in zip(mutants, results, strict=True)]
    out = [HEAD]

    def add(name: str, where: Callable[[Mutant], bool]) -> None:
        chosen = [k for k, m in enumerate(mutants) if where(m)]
        if chosen:
            out.append(_row(name, [scores[k] for k in chosen], [results[k].seconds for k in chosen]))

    for fault in sorted({m.fault for m in mutants}):
        for known in (True, False):
            add(
                f"{fault or 'one factor'}{'' if known else ', by no search'}",
                lambda m, f=fault, k=known: m.fault == f and m.known == k,
            )
    out.append("")
    add("all faults", lambda m: bool(m.fault))
    add("all that a search may have", lambda m: bool(m.fault) and m.known)
    add("all that no search has", lambda m: bool(m.fault) and not m.known)
    add("all that run", lambda m: bool(m.fault) and m.expected.wrong is not None)
    add("all that cannot run", lambda m: bool(m.fault) and m.expected.wrong is None)
    for right in RIGHT:
        add(f"  of {right.name}", lambda m, r=right: bool(m.fault) and m.program == r.name)
    raised = sum(bool(it.raised) for it in results)
    out.append(f"{raised} raised")
    if failures:
        for m, s, it in zip(mutants, scores, results, strict=True):
            if _failed(s):
                wrong = (
                    ""
                    if m.expected.wrong is None
                    else f" wrong {sorted(m.expected.wrong)}"
                    + (f" either {sorted(m.expected.either)}" if m.expected.either else "")
                )
                out += [
                    f"[{_why(s)}] {m.program} {'/'.join(m.names) if m.fault else 'one factor'} ({m.way}{'' if m.known else '; by no search'}){wrong}",
                    f"    line {m.line}{f' {m.lines}' if len(m.lines) > 1 else ''}: {m.typed}",
                    f"    said: {it}",
                ]
    return out


def doubles(couples: Sequence[Pair], results: Sequence[Said], failures: bool) -> list[str]:
    """Return what is said of pairs of faults."""
    both = [both_found(p, it) for p, it in zip(couples, results, strict=True)]
    one = [any(set(lines) & it.lines for lines in p.lines) for p, it in zip(couples, results, strict=True)]
    beside = [accused_beside(p, it) for p, it in zip(couples, results, strict=True)]
    known = [all(m.known for m in p.both) for p in couples]
    out = [
        f"pairs of faults {len(couples)}: both found {percent(sum(both), len(both))}, one at least {percent(sum(one), len(one))}, "
        f"another line accused in {sum(beside)}; both known: {percent(sum(b for b, k in zip(both, known, strict=True) if k), sum(known))} of {sum(known)}"
    ]
    if failures:
        for p, b, w, it in zip(couples, both, beside, results, strict=True):
            if not b or w:
                lines = p.text.splitlines()
                out.append(f"[{'' if b else 'NOT BOTH '}{'BESIDE' if w else ''}] {p.program}")
                out += [
                    f"    line {at[0]}: {lines[at[0] - 1].strip()}   {m.names[0]} ({m.way}{'' if m.known else '; by no search'})"
                    for m, at in zip(p.both, p.lines, strict=True)
                ]
                out.append(f"    said: {it}")
    return out


def rights(results: dict[str, Said]) -> list[str]:
    """Return what is said of right programs and their other right ways."""
    bad = {name: it for name, it in results.items() if accused(it)}
    return [f"right programs and ways {len(results)}: accused {len(bad)}", *(f"    {name}: {it}" for name, it in bad.items())]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for flag in ("--quick", "--all", "--failures"):
        parser.add_argument(flag, action="store_true")
    for option in ("--program", "--fault", "--way"):
        parser.add_argument(option)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", choices=("single", "pairs", "right"))
    chosen = parser.parse_args(arguments)
    everything = made()
    print(
        f"{len(everything.mutants)} mutants of {len(RIGHT)} right programs ({sum(m.known for m in everything.mutants)} from edits that a search "
        f"may have); {everything.equal} dropped as they compute the same, {everything.twice} made twice"
    )
    mutants: list[Mutant] = [
        m for m in everything.mutants
        if (chosen.program or m.program) == m.program and (chosen.fault or m.names[0]) == m.names[0] and (chosen.way or m.way) in m.way
    ]  # fmt: skip
    if not chosen.all:
        mutants = spread(mutants, QUICK if chosen.quick else USUAL)
    some = not (chosen.fault or chosen.way)
    couples = [p for p in pairs(everything.mutants, 30 if chosen.quick else 150) if (chosen.program or p.program) == p.program]
    right = {
        f"{r.name}, {way}": text
        for r in RIGHT
        if (chosen.program or r.name) == r.name
        for way, text in {"as it is": r.text, **ways(r)}.items()
    }
    if chosen.only in (None, "right") and some:
        print("\n".join(rights(dict(zip(right, _all(list(right.values()), chosen.jobs), strict=True)))), flush=True)
    if chosen.only in (None, "single"):
        results = _all([m.text for m in mutants], chosen.jobs)
        print("\n".join(singles(mutants, results, chosen.failures)))
        seconds = sorted(it.seconds for it in results)
        print(
            f"time of one diagnosis: median {statistics.median(seconds):.2f} s, 95 % within {seconds[int(0.95 * (len(seconds) - 1))]:.2f} s",
            flush=True,
        )
    if chosen.only in (None, "pairs") and some:
        print("\n".join(doubles(couples, _all([p.text for p in couples], chosen.jobs), chosen.failures)))


def _all(texts: Sequence[str], jobs: int) -> list[Any]:
    if jobs < 2:
        return [said(text) for text in texts]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        return pool.map(said, texts, chunksize=8)


if __name__ == "__main__":
    main()
