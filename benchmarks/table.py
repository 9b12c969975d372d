"""The table: eighty columns, one line for each layer."""

from __future__ import annotations

from benchmarks.startup import Start
from benchmarks.stopwatch import Bench, Layer, quartiles

_LINE = "{:<38}{:>8}{:>18}{:>8}{:>8}"


def print_head() -> None:
    """Say once what the columns hold."""
    print(_LINE.format("microseconds", "a call", "added (quartiles)", "/secure", "budget"))


def print_bench(bench: Bench) -> None:
    """Print a bare app and its layers."""
    print(f"\n{bench.title}")
    print(_LINE.format("  bare", f"{quartiles(bench.total)[1]:.1f}", "", "", "").rstrip())
    yardstick = next(layer for layer in bench.layers if layer.is_yardstick)
    for layer in bench.layers:
        print(_layer_line(layer, quartiles(yardstick.added)[1]))


def _layer_line(layer: Layer, yardstick: float) -> str:
    low, added, high = quartiles(layer.added)
    return _LINE.format(
        f"  {layer.name}"[:38],
        f"{quartiles(layer.total)[1]:.1f}",
        _spread(low, added, high),
        f"{added / yardstick:.2f}",
        _verdict(added, layer.budget),
    ).rstrip()


def print_starts(starts: list[Start]) -> None:
    """Print what starting costs."""
    print("\nStarting, beyond starlette and werkzeug (milliseconds)")
    for start in starts:
        low, took, high = quartiles(start.took)
        print(
            _LINE.format(
                f"  {start.name}", "", _spread(low, took, high), "", _verdict(took, start.budget)
            ).rstrip()
        )


def _spread(low: float, middle: float, high: float) -> str:
    digits = 1 if high < 100 else 0
    return f"{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def _verdict(value: float, budget: float | None) -> str:
    if budget is None:
        return ""
    return f"{budget:g} {'met' if value <= budget else 'OVER'}"
