"""Linear finite elements on a uniform mesh by scikit-fem, the peer of Ritz networks with as many parameters."""

import numpy as np
import skfem
import xarray as xr
from skfem.helpers import dot, grad

from rectified.problems.diffusion import DiffusionProblem
from reproduction.config.job import Job

MESHES = {1: skfem.MeshLine, 2: skfem.MeshTri, 3: skfem.MeshTet}
ELEMENTS = {1: skfem.ElementLineP1, 2: skfem.ElementTriP1, 3: skfem.ElementTetP1}
ASSEMBLY, ERRORS = 4, 8  # degree of the quadrature rules of the system and of the errors


def finite_elements(job: Job, inputs: dict[str, list[str]]) -> xr.Dataset:
    """Return the errors of the finite element solution, its unknowns and its nominal work.

    The gap is computed as ½∫κ|∇(û − u)|² dx. Work counts three field evaluations per quadrature point of the assembly,
    as for networks, and n^{3/2} for the direct solution of n unknowns.
    """
    problem: DiffusionProblem = job.problem.build()
    basis = _basis(problem, job.settings.divisions, ASSEMBLY)
    solution = _solve(problem, basis)
    fine = skfem.Basis(basis.mesh, basis.elem, intorder=ERRORS)
    gap, square = _errors(problem, fine, solution)
    unknowns = len(basis.complement_dofs(basis.get_dofs()))
    work = 3 * basis.dx.size + unknowns**1.5
    return xr.Dataset(
        {
            "energy": ((), problem.minimum_energy + gap, {"long_name": "energy of the solution"}),
            "gap": ((), gap, {"long_name": "energy less that of u"}),
            "relative_l2": ((), np.sqrt(square) / problem.solution_norm, {"long_name": "relative L2 error"}),
            "parameters": ((), unknowns, {"long_name": "unknowns"}),
            "work": ((), work, {"units": "field evaluations"}),
            "minimum_energy": ((), problem.minimum_energy),
        }
    )


def _basis(problem: DiffusionProblem, divisions: int, degree: int) -> skfem.Basis:
    axes = [np.linspace(*ends, divisions + 1) for ends in problem.box]
    mesh = MESHES[problem.inputs].init_tensor(*axes)
    return skfem.Basis(mesh, ELEMENTS[problem.inputs](), intorder=degree)


def _solve(problem: DiffusionProblem, basis: skfem.Basis) -> np.ndarray:
    """The coefficients of the solution, zero on the boundary."""

    @skfem.BilinearForm
    def stiffness(u, v, w):
        return problem.sample(problem.coefficient, w.x) * dot(grad(u), grad(v))

    @skfem.LinearForm
    def load(v, w):
        return problem.sample(problem.source, w.x) * v

    return skfem.solve(*skfem.condense(stiffness.assemble(basis), load.assemble(basis), D=basis.get_dofs()))


def _errors(problem: DiffusionProblem, basis: skfem.Basis, solution: np.ndarray) -> tuple[float, float]:
    """½∫κ|∇(û − u)|² and ∫(û − u)²."""

    @skfem.Functional
    def gap(w):
        slopes = np.stack([problem.sample(part, w.x) for part in problem.slopes])
        return problem.sample(problem.coefficient, w.x) * ((w["u"].grad - slopes) ** 2).sum(0) / 2

    @skfem.Functional
    def square(w):
        return (w["u"] - problem.sample(problem.solution, w.x)) ** 2

    field = basis.interpolate(solution)
    return float(gap.assemble(basis, u=field)), float(square.assemble(basis, u=field))
