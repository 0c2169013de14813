"""What settings are called in figures and tables, and what a case is called in a legend."""

from collections.abc import Sequence

from rectified.formulas.activation import label
from reproduction.config.tasks.ritz import RitzSettings
from reproduction.config.words import GRADIENTS, OPTIMIZERS
from reproduction.storage.results import Result

NUMBERS = {"points": "$M={}$", "learning_rate": "rate {:g}"}


def legend_labels(results: Sequence[Result]) -> list[str]:
    """One label per trained case that says in what the cases differ, and what they fit or start from."""
    settings = [result.job.settings for result in results]
    return [_label(mine, settings) for mine in settings]


def _label(mine: RitzSettings, everyone: Sequence[RitzSettings]) -> str:
    parts = [label(mine.activation)]
    if mine.hidden_layers > 1 or _differs("hidden_layers", everyone):
        parts.append(f"{mine.hidden_layers} hidden")
    if mine.objective == "regression":
        parts.append("regression")
    elif _differs("gradient", everyone):
        parts.append(GRADIENTS[mine.gradient])
    if _differs("initialization", everyone) and mine.initialization == "spread":
        parts.append("spread kinks")
    if mine.solve_output_weights:
        parts.append("solved $c$")
    if _differs("optimizer", everyone):
        parts.append(OPTIMIZERS[mine.optimizer])
    parts += [sign.format(getattr(mine, name)) for name, sign in NUMBERS.items() if _differs(name, everyone)]
    if mine.start:
        parts.append("from the fit")
    return ", ".join(parts)


def _differs(name: str, settings: Sequence[RitzSettings]) -> bool:
    return len({getattr(s, name) for s in settings if s.objective == "energy"}) > 1
