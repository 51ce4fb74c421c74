"""Attacks of Foolbox that look at labels only, for the smallest L2 distance. They draw random numbers: each
sample has an attack of its own in lockstep with the others, see lockstep.py."""

import numpy as np
import torch
from torch_gate import LabelGate, Randomness, foolbox, foolbox_model

from lockstep import Lockstep
from options import number, whole
from oracle import Oracle
from starts import starting_points


def boundary(task):
    """The boundary attack (Brendel et al. 2018, arXiv:1712.04248). Queries: 1.5 * steps + 45 at most.

    The lengths of its moves are adapted by every second step and not by every tenth, which is meant for
    25,000 of them.
    """
    attack = foolbox.attacks.BoundaryAttack(
        steps=whole(task, "steps", 600),
        spherical_step=number(task, "spherical_step", 0.2),
        source_step=number(task, "source_step", 0.02),
        update_stats_every_k=whole(task, "adapted_every", 2),
    )
    return _run(task, attack, from_starting_points=True)


def hop_skip_jump(task):
    """HopSkipJump for L2 (Chen et al. 2020, arXiv:1904.02144). Queries: about 1,000 at 10 steps with 32
    evaluations in the first."""
    attack = foolbox.attacks.HopSkipJumpAttack(
        steps=whole(task, "steps", 10),
        initial_gradient_eval_steps=whole(task, "evaluations", 32),
        max_gradient_eval_steps=whole(task, "most_evaluations", 1000),
        gamma=number(task, "gamma", 1),
    )
    # Foolbox measures by L1 here, by which steps and probes of the L2 attack are far too long.
    attack.distance = foolbox.distances.l2
    return _run(task, attack, from_starting_points=True)


def salt_and_pepper(task):
    """Pixels that become black or white at random, fewer and fewer. Queries: steps + 1."""
    attack = foolbox.attacks.SaltAndPepperNoiseAttack(steps=whole(task, "steps", 500))
    return _run(task, attack)


def additive_noise(task):
    """Gaussian noise, its length by a search for each draw. Queries: draws * (lengths + bisections).

    A sanity check: what noise fools as closely as a search does hides its gradients.
    """
    attack = foolbox.attacks.L2AdditiveGaussianNoiseAttack()
    draws, lengths = whole(task, "draws", 10), whole(task, "lengths", 10)
    bisections = whole(task, "bisections", 10)
    longest = np.sqrt(np.prod(task.shape))

    def attack_one(model, x, criterion):
        for _ in range(draws):
            state = torch.get_rng_state()

            def is_adversarial(length):
                # The same noise at every length.
                torch.set_rng_state(state)
                point = attack.run(model, x, criterion, epsilon=float(length))
                return bool(model(point).argmax(1).item() != criterion.labels.raw.item())

            near, far = 0.0, None
            for k in range(1, lengths + 1):
                length = longest * (k / lengths) ** 2
                if is_adversarial(length):
                    far = length
                    break
                near = length
            for _ in range(bisections if far is not None else 0):
                middle = (near + far) / 2
                if is_adversarial(middle):
                    far = middle
                else:
                    near = middle

    return _in_lockstep(task, Oracle(task), attack_one, None)


def _run(task, attack, from_starting_points=False):
    oracle = Oracle(task)
    starts = starting_points(oracle, oracle.predict) if from_starting_points else None

    def attack_one(model, x, criterion, **more):
        attack.run(model, x, criterion, **more)

    return _in_lockstep(task, oracle, attack_one, starts)


def _in_lockstep(task, oracle, attack_one, starts):
    def question(x, rows):
        labels = oracle.predict(x, rows)
        return labels, labels < 0

    def start(ask, i):
        model = foolbox_model(LabelGate(ask, task.classes))
        x = torch.from_numpy(oracle.x[i : i + 1])
        criterion = foolbox.criteria.Misclassification(torch.from_numpy(oracle.labels[i : i + 1]))
        if starts is None:
            attack_one(model, x, criterion)
        else:
            points = torch.from_numpy(starts[i][np.newaxis])
            attack_one(model, x, criterion, starting_points=points)

    samples = range(oracle.count) if starts is None else sorted(starts)
    Lockstep(question, lambda i: Randomness(task.seeds[i])).run(start, samples)
    return oracle.result()
