"""What each task computes, as an equation, with its source and the module that has it in code."""

from typing import NamedTuple

ROWAN = "Rowan, arXiv:2512.11184"
KIM_KANG = "Kim and Kang, arXiv:2408.02697"
BISCHOF = 'Bischof, "4 Ideas for Physics-Informed Neural Networks that failed"'


class Equation(NamedTuple):
    """An equation in one line, where it comes from, and the modules in ``scripts/rectified`` that compute it."""

    text: str
    source: str
    modules: tuple[str, ...]


EQUATIONS = {
    "ritz": Equation(
        "Π[û] = ∫ (½κû′² − bû) dx over û = D(x) Σ cᵢ σ(aᵢx + bᵢ), made small in a, b, c",
        f"{ROWAN}, eqs. 2 and 4",
        ("ritz", "gradients"),
    ),
    "gradient_errors": Equation(
        "∂Π/∂θ by each rule, less that of the exact integral; ∂û′/∂a and ∂û′/∂b hold σ″, a delta at every kink",
        f"{ROWAN}, eqs. 5–10",
        ("gradient_errors", "gradients"),
    ),
    "feature": Equation(
        "f = σ(ax + b): ∂f/∂x, ∂f/∂a, ∂f/∂b and ∂²f/∂b∂x, with δ at x = −b/a or without it",
        f"{ROWAN}, eqs. 6–10",
        ("feature", "deltas"),
    ),
    "landscape": Equation(
        "Π(θ* + αvᵢ + βvⱼ), vᵢ and vⱼ eigenvectors of the Hessian ∂²Π/∂θ² at θ*",
        f"{ROWAN}, sec. 2",
        ("hessian", "landscape", "curvature"),
    ),
    "theory": Equation(
        "K′ = C_b + C_W⟨σ²⟩_K, χ∥ = C_W⟨zσσ′⟩_K/K, χ⊥ = C_W⟨σ′²⟩_K",
        f"{KIM_KANG}, eqs. 4–7",
        ("theory", "gaussian", "universality"),
    ),
    "lemma": Equation(
        "Σⱼ cⱼ MRePU_p(wⱼx) + c₀ = any polynomial of degree p + 1 on [−R, R], |wⱼ|R < 1",
        f"{KIM_KANG}, Lemma 7",
        ("lemma",),
    ),
    "kernel_ensemble": Equation(
        "Ĝ′ = C_b + C_W/n Σⱼ σ(zⱼ)², z ~ N(0, Ĝ) independent over neurons",
        f"{KIM_KANG}, eqs. 1–4",
        ("ensembles", "kernel_ensemble"),
    ),
    "ensemble_training": Equation(
        "mean squared error over the samples, made small; K, χ⊥ and V = n(E[zᵢ²zⱼ²] − E[zᵢ²]E[zⱼ²]) by layer and epoch",
        f"{KIM_KANG}, secs. 3.2 and 4.2",
        ("ensemble_training", "mlp"),
    ),
    "regression": Equation(
        "mean of (N(x; θ) − f(x))² over the grid, made small",
        f"{KIM_KANG}, sec. 5.2",
        ("regression",),
    ),
    "pinn": Equation(
        "mean of (u_t + uu_x − νu_xx)² and of the squared misfits of initial and boundary values, made small",
        f"{KIM_KANG}, sec. 5.2",
        ("pinn", "jets"),
    ),
    "collocation": Equation(
        "mean squared residual of the equation at the collocation points and misfits at the conditions, made small",
        f"{BISCHOF}, secs. 1–4",
        ("collocation", "field_networks", "normalization", "convolution"),
    ),
    "latents": Equation(
        "distances of hidden-layer values against those of places and of outputs; t-SNE of all layers together",
        f"{BISCHOF}, introduction",
        ("latents",),
    ),
    "audit": Equation(
        "what automatic differentiation returns, less the derivative of the function evaluated, over their size",
        "ours",
        ("audit", "input_audit", "parameter_audit"),
    ),
}
