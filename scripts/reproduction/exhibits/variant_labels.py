"""Labels of variants of physics-informed networks in figures and tables.

Labels are derived from the settings, not from the names of the cases.
"""

from collections import Counter
from collections.abc import Sequence

from rectified.formulas.activation import label
from reproduction.config.job import Job
from reproduction.config.tasks.collocation import CollocationSettings

BASE = "base"
SIZES = {
    "hidden_layers": lambda number: f"{number} layer{'s' * (number > 1)}",
    "epochs": lambda number: f"{number:,} steps",
}
DEFAULTS = {name: field.default for name, field in CollocationSettings.model_fields.items()}


def variant_label(job: Job, width: int = DEFAULTS["width"]) -> str:
    """Return the label of a job of task ``collocation``: its differences from a dense tanh network.

    Args:
        job: that trains the variant.
        width: the default width, which the label omits.
    """
    s = job.settings
    parts = [part for part in (_architecture(s), _normalization(s), _activation(s)) if part]
    if s.width != width:
        parts.append(f"width {s.width}")
    if s.inputs == "similarity":
        parts.append("similarity variable")
    if not s.input_scaling:
        parts.append("unscaled inputs")
    if s.architecture != "convolution" and s.derivatives != DEFAULTS["derivatives"]:
        parts.append(f"{s.derivatives} derivatives")
    return " + ".join([", ".join(parts) or BASE, *_remedies(job)])


def variant_labels(jobs: Sequence[Job]) -> list[str]:
    """Return one label per job, unique within a problem; widths other than that of the first job are included.

    Identical labels are followed by the names of the cases.
    """
    names = [variant_label(job, jobs[0].settings.width) for job in jobs]
    keys = [job.problem.solution_key for job in jobs]
    count = Counter(zip(keys, names))
    return [
        name if count[key, name] == 1 else f"{name} ({job.experiment}/{job.case})"
        for job, key, name in zip(jobs, keys, names)
    ]


def remedy_labels(jobs: Sequence[Job]) -> list[str]:
    """Return one label per job, with its depth and number of steps where they differ from those of most jobs."""
    labels = [variant_label(job, job.settings.width) for job in jobs]
    labels = [label.replace(BASE, "tanh", 1) if label.startswith(BASE) else label for label in labels]
    for name, words in SIZES.items():
        values = [getattr(job.settings, name) for job in jobs]
        ((usual, count),) = Counter(values).most_common(1)
        usual = usual if 2 * count > len(jobs) else None
        labels = [label if n == usual else f"{label}, {words(n)}" for label, n in zip(labels, values)]
    return labels


def _architecture(s: CollocationSettings) -> str:
    names = {
        "dense": _dense,
        "towers": _towers,
        "mixed": _mixed,
        "convolution": _convolution,
        "quantized": _quantized,
        "experts": _experts,
    }
    return names[s.architecture](s)


def _dense(s: CollocationSettings) -> str:
    sampling = {"nodes": "dense on nodes", "resampled": "resampled"}.get(s.sampling, "")
    return "" if s.sampling == "resampled" and s.normalization != "none" else sampling


def _towers(s: CollocationSettings) -> str:
    return " + ".join(map(_power, s.powers)) + (" towers" if len(s.powers) > 1 else " tower")


def _mixed(s: CollocationSettings) -> str:
    usual = s.powers == DEFAULTS["powers"]
    return "mixed ReLUᵏ layers" + ("" if usual else f", k = {', '.join(map(str, s.powers))}")


def _power(k: int) -> str:
    return label("relu" if k == 1 else f"relu{k}")


def _convolution(s: CollocationSettings) -> str:
    """Return the label of a convolution; padding and derivatives matter only for kernels wider than 1×1."""
    name = f"{s.kernel}×{s.kernel} CNN"
    zero = s.kernel > 1 and s.padding == "zero"
    usual = s.derivatives == DEFAULTS["derivatives"] and (zero or s.kernel == 1)
    return ", ".join([name, *["zero padding"] * zero, *[s.derivatives] * (not usual)])


def _quantized(s: CollocationSettings) -> str:
    name = "VQ" if s.straight_through else "VQ without straight-through"
    if s.assignment == "annealed":
        name = "soft VQ, annealed"
    return name if s.codebook == DEFAULTS["codebook"] else f"{name}, {s.codebook} codebook"


def _experts(s: CollocationSettings) -> str:
    name = "experts" if s.experts == DEFAULTS["experts"] else f"{s.experts} experts"
    return f"{name}, hard gate" if s.sharpness == "hard" else f"{name} β = {s.sharpness:g}"


def _normalization(s: CollocationSettings) -> str:
    """Return the kind of normalization, and for batch statistics the composition of a batch."""
    if s.normalization == "none":
        return ""
    kinds = {"reference_batch": "reference batch norm", "learnable": "learnable norm"}
    parts = [kinds.get(s.normalization, f"{s.normalization} norm")]
    if s.first_normalized > 1:
        parts[0] += f" from layer {s.first_normalized}"
    if s.normalization == "batch" and s.passes == "joint":
        parts.append("one batch")
    return ", ".join([*parts, *["resampled"] * (s.sampling == "resampled")])


def _activation(s: CollocationSettings) -> str:
    return "" if s.architecture in ("towers", "mixed") or s.activation == "tanh" else label(s.activation)


def _remedies(job: Job) -> list[str]:
    """Return the modifications of the loss and of the problem."""
    s = job.settings
    own = {
        "mass": s.mass_weight > 0,
        "lines": s.quadrature == "lines",
        "lines, kinks at rest": s.quadrature == "lines_at_rest",
        "cell balance": s.quadrature == "cells",
    }
    return [*(name for name, applies in own.items() if applies), *job.problem.applied_remedies]
