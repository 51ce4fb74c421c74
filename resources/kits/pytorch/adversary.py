"""Perturbations to train on: projected gradient ascent in an L2 or Linf ball round each image."""

import contextlib

import torch
from torch.nn import functional


def perturb(network, images, loss_of, settings, bounds, generator, start="uniform"):
    """Images of the same shape, within `settings.epsilon` of `images` in `settings.norm` and within `bounds`,
    on which `loss_of(logits)`, a sum over images, is large.

    `settings.attack_steps` steps of 2.5 * epsilon / steps (Madry et al. 2018, section 5.2). `start` is
    "uniform" in the ball, or "normal", which is 0.001 * N(0, 1) as in TRADES: where the loss is a divergence
    from the clean answer its gradient at the clean image is zero.
    """
    epsilon, norm = settings.epsilon, settings.norm
    step = 2.5 * epsilon / settings.attack_steps
    noise = torch.randn if start == "normal" or norm == "l2" else torch.rand
    delta = noise(images.shape, generator=generator).to(images.device)
    if start == "normal":
        delta = 0.001 * delta
    elif norm == "l2":
        # Uniform in the ball: a uniform direction, and a radius whose power d is uniform.
        size = images[0].numel()
        radius = torch.rand(len(images), generator=generator).to(images.device) ** (1 / size)
        delta = epsilon * _unit(delta) * radius.view(-1, 1, 1, 1)
    else:
        delta = epsilon * (2 * delta - 1)
    with _evaluating(network):
        for _ in range(settings.attack_steps):
            x = _project(images + delta, images, epsilon, norm, bounds).requires_grad_(True)
            (gradient,) = torch.autograd.grad(loss_of(network(x)), x)
            direction = gradient.sign() if norm == "linf" else _unit(gradient)
            delta = x.detach() - images + step * direction
    return _project(images + delta, images, epsilon, norm, bounds).detach()


def cross_entropy_loss(labels):
    """The loss of PGD adversarial training."""
    return lambda logits: functional.cross_entropy(logits.float(), labels, reduction="sum")


def divergence(clean_logits):
    """The Kullback-Leibler divergence from the clean answer, summed over images (TRADES)."""
    clean = functional.softmax(clean_logits.detach().float(), 1)
    return lambda logits: functional.kl_div(
        functional.log_softmax(logits.float(), 1), clean, reduction="sum"
    )


def _project(x, images, epsilon, norm, bounds):
    delta = x.detach() - images
    if norm == "linf":
        delta = delta.clamp(-epsilon, epsilon)
    else:
        lengths = delta.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)
        delta = delta * (epsilon / lengths).clamp_max(1)
    # The image lies within the bounds, so that clipping makes no difference larger.
    return (images + delta).clamp(*bounds)


def _unit(values):
    return values / values.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)


@contextlib.contextmanager
def _evaluating(network):
    # The statistics of batch normalisation are those of the images trained on, not of every step on
    # the way to them.
    was_training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(was_training)
