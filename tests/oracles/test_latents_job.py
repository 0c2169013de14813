"""Latents of a trained network compared with those of a regressor, a classifier and an untrained network."""

import numpy as np
import torch
from test_collocation import job

from reproduction.config.tasks.latents import LatentsSettings
from reproduction.jobs.collocation import CollocationTraining
from reproduction.jobs.latents import Companions, compare_latents

SETTINGS = LatentsSettings(document="test", start="e/c", points=64, epochs=1500)


def test_regressors_stop_at_the_given_error():
    companions = Companions(job(collocation_points=100), SETTINGS)
    origin = companions.origin
    start = origin.errors(companions.start)
    found, matched = companions.regressors(0.8 * start)
    within = origin.errors(found)
    assert matched.all()
    assert (within <= 0.8 * start).all()
    assert (within > 0.4 * start).all()  # the first check that meets the tolerance, not the last
    assert not companions.regressors(torch.zeros_like(start))[1].any()
    at_once, matched = companions.regressors(2 * start)
    assert matched.all()
    assert (at_once == companions.start).all()


def test_classes_have_equal_shares_and_the_classifier_learns_them():
    companions = Companions(job(collocation_points=144), SETTINGS)
    shares = torch.stack([torch.bincount(own, minlength=8) for own in companions.classes]) / companions.x.shape[-1]
    assert shares.shape == (3, 8)
    assert float((shares - 1 / 8).abs().max()) < 0.04  # values on the boundary of the domain are equal
    before, after = (
        (companions.logits(theta, companions.x).argmax(1) == companions.classes).double().mean(1)
        for theta in (companions.initial_classifiers(), companions.classifiers())
    )
    assert (after > before + 0.2).all()


def test_all_networks_start_equal_and_are_compared_at_the_same_points():
    origin = job(collocation_points=100)
    trained = CollocationTraining(origin).run().theta
    found = compare_latents(origin, SETTINGS, trained, np.full(3, -1))
    assert found.purity.dims == ("network", "seed", "layer")
    assert found.sizes == {"network": 4, "other": 4, "layer": 2, "point": 64, "axis": 2, "seed": 3}
    np.testing.assert_allclose(found.cka.sel(network="pinn", other="pinn"), 1, rtol=1e-9)
    errors = found.relative_l2.sel(network="pinn")
    np.testing.assert_allclose(errors, origin.errors(trained), rtol=1e-12)
    assert found.relative_l2.sel(network="classifier").isnull().all()
    seed = int(found.embedded_seed)
    assert sorted(errors.values)[1] == errors.values[seed]
    untrained = origin.field(origin.initial()[[seed]], np.stack([found.x, found.y]))
    np.testing.assert_allclose(found.output.sel(network="untrained"), untrained[0], rtol=1e-12)


def test_diverged_network_has_no_latents():
    origin = job(collocation_points=100, epochs=2)
    found = compare_latents(origin, SETTINGS.model_copy(update={"epochs": 20}), origin.initial(), np.array([-1, 5, -1]))
    assert found.purity.sel(network="pinn").isnull().all("layer").values.tolist() == [False, True, False]
    assert not found.matched[1]
    assert found.purity.sel(network="untrained").notnull().all()
    assert int(found.embedded_seed) != 1
