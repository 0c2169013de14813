"""Labels of trained cases in legends."""

from collections.abc import Sequence

from rectified.formulas.activation import label
from reproduction.config.tasks.ritz import RitzSettings
from reproduction.config.words import GRADIENTS, OPTIMIZERS
from reproduction.storage.results import Result

NUMBERS = {"points": "$M={}$", "learning_rate": "rate {:g}"}


def legend_labels(results: Sequence[Result]) -> list[str]:
    """Return one label per trained case: its activation, the settings in which the cases differ, and its start."""
    settings = [result.job.settings for result in results]
    return [_label(one, settings) for one in settings]


def _label(settings: RitzSettings, all_settings: Sequence[RitzSettings]) -> str:
    parts = [label(settings.activation)]
    if settings.hidden_layers > 1 or _differs("hidden_layers", all_settings):
        parts.append(f"{settings.hidden_layers} hidden")
    if settings.objective == "regression":
        parts.append("regression")
    elif _differs("gradient", all_settings):
        parts.append(GRADIENTS[settings.gradient])
    if _differs("initialization", all_settings) and settings.initialization != "random":
        parts.append(f"{settings.initialization} kinks")
    if _differs("optimizer", all_settings):
        parts.append(OPTIMIZERS[settings.optimizer])
    parts += [sign.format(getattr(settings, name)) for name, sign in NUMBERS.items() if _differs(name, all_settings)]
    if settings.start:
        parts.append("from the fit")
    elif settings.objective == "energy" and any(other.start for other in all_settings):
        parts.append("from scratch")
    return ", ".join(parts)


def _differs(name: str, settings: Sequence[RitzSettings]) -> bool:
    return len({getattr(s, name) for s in settings if s.objective == "energy"}) > 1
