"""White-box attacks of Foolbox that look for the smallest L2 distance. None draws random numbers where a
gradient is other than zero, so that they run on whole batches."""

import torch
from torch_gate import GradientGate, foolbox, foolbox_model

from options import number, whole
from oracle import Oracle
from starts import starting_points


def ddn(task):
    """Decoupled direction and norm (Rony et al. 2019, arXiv:1811.09600). Queries: 2 * steps + 1."""
    attack = foolbox.attacks.DDNAttack(
        steps=whole(task, "steps", 300), gamma=number(task, "gamma", 0.05)
    )
    return _run(task, attack, seeds=list(task.seeds))


def carlini_wagner(task):
    """The L2 attack of Carlini and Wagner (2017, arXiv:1608.04644).

    Never stopped early: Foolbox does so by the sum of the losses of the batch, by which samples would
    depend on each other. Queries: 2 * searches * steps + 1.
    """
    attack = foolbox.attacks.L2CarliniWagnerAttack(
        binary_search_steps=whole(task, "searches", 6),
        steps=whole(task, "steps", 100),
        stepsize=number(task, "step_size", 0.1),
        initial_const=number(task, "initial_constant", 1),
        abort_early=False,
    )
    return _run(task, attack)


def deepfool(task):
    """DeepFool for L2 (Moosavi-Dezfooli et al. 2016, arXiv:1511.04599), with the logits as its functions.
    Queries: at most steps * candidates + 2."""
    attack = foolbox.attacks.L2DeepFoolAttack(
        steps=whole(task, "steps", 50),
        candidates=whole(task, "candidates", 10),
        overshoot=number(task, "overshoot", 0.02),
    )
    return _run(task, attack)


def fmn(task):
    """Fast minimum norm for L2 (Pintor et al. 2021, arXiv:2102.12827). Queries: 2 * steps + 1."""
    attack = _L2FMN(
        steps=whole(task, "steps", 300),
        max_stepsize=number(task, "step_size", 1),
        gamma=number(task, "gamma", 0.05),
    )
    return _run(task, attack)


class _L2FMN(foolbox.attacks.L2FMNAttack):
    """With the projection onto the ball: that of Foolbox 3.3.4 divides the norms by themselves and so never
    shortens anything, which leaves distances of one step's length."""

    def project(self, x, x0, epsilon):
        delta = x - x0
        norms = delta.reshape((len(delta), -1)).norms.l2(axis=-1)
        factors = (epsilon / norms.maximum(1e-12)).minimum(1)
        return x0 + delta * factors.reshape((-1,) + (1,) * (x.ndim - 1))


def brendel_bethge(task):
    """The attack of Brendel and Bethge (2019, arXiv:1907.01003) for L2: along the boundary, from noise blended
    with the sample. Needs numba. Queries: 2 * steps + 60 at most.

    Raises RuntimeError without numba.
    """
    try:
        import numba  # noqa: F401
    except ImportError as error:
        raise RuntimeError(
            "Brendel-Bethge needs the Python package numba, which is not installed where the model runs."
        ) from error
    oracle = Oracle(task)
    starts = starting_points(oracle, oracle.logits)
    rows = sorted(starts)
    if rows:
        points = torch.stack([torch.from_numpy(starts[i]) for i in rows])
        attack = foolbox.attacks.L2BrendelBethgeAttack(steps=whole(task, "steps", 300))
        _attack_rows(oracle, attack, rows, starting_points=points)
    return oracle.result()


def _run(task, attack, seeds=None):
    oracle = Oracle(task)
    _attack_rows(oracle, attack, oracle.all_rows(), seeds)
    return oracle.result()


def _attack_rows(oracle, attack, rows, seeds=None, **more):
    module = GradientGate(oracle, rows, seeds)
    x = torch.from_numpy(oracle.x[rows])
    labels = torch.from_numpy(oracle.labels[rows])
    found = attack.run(foolbox_model(module), x, foolbox.criteria.Misclassification(labels), **more)
    # The last point may not have been asked about, as DeepFool's. The oracle keeps it if it is one.
    oracle.logits(found.numpy(), oracle.all_rows()[rows])
