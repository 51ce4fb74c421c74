"""The model under attack as PyTorch and Foolbox know models."""

import os

# Foolbox imports GitPython, which ends the program where there is no git unless it is told not to.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import foolbox
import numpy as np
import torch


class _Ask(torch.autograd.Function):
    """Forward asks for logits, backward for the vector-Jacobian product: each row of either is a query."""

    @staticmethod
    def forward(ctx, x, gate):
        ctx.gate = gate
        ctx.save_for_backward(x)
        return torch.from_numpy(gate.logits(x.detach().numpy()))

    @staticmethod
    def backward(ctx, d):
        (x,) = ctx.saved_tensors
        return torch.from_numpy(ctx.gate.gradient(x.detach().numpy(), d.numpy())), None


class GradientGate(torch.nn.Module):
    """A module over an oracle for whole batches: row k is sample `rows[k]`."""

    def __init__(self, oracle, rows, seeds=None):
        """With `seeds`, one for each sample, a gradient of zeros becomes normal noise: a direction of the
        sample's own where there is none."""
        super().__init__()
        self._oracle = oracle
        self._rows = np.asarray(rows)
        self._generators = seeds and [np.random.default_rng(seed) for seed in seeds]
        self._asked = None
        self._answer = None

    def forward(self, x):
        return _Ask.apply(x, self)

    def logits(self, x):
        # Foolbox asks about the same points again and again, as DeepFool for each class: what is known
        # already costs no query.
        if self._asked is None or not np.array_equal(self._asked, x):
            answer = self._oracle.logits(x, self._rows)
            # A sample whose budget is spent stays what it is: no attack may take NaN for another class.
            unknown = np.isnan(answer).any(1)
            answer[unknown] = 0
            answer[unknown, self._oracle.labels[self._rows[unknown]]] = 1
            self._asked, self._answer = x.copy(), answer
        return self._answer.copy()

    def gradient(self, x, d):
        gradient = self._oracle.vjp(x, d, self._rows)
        if self._generators:
            for k in np.flatnonzero(~gradient.reshape(len(gradient), -1).any(1)):
                noise = self._generators[self._rows[k]].standard_normal(gradient[k].shape)
                gradient[k] = noise
        return gradient


class LabelGate(torch.nn.Module):
    """A module over `ask(x)` of a sample in lockstep, for attacks that look at labels only: the predicted
    class has the logit 1, all others 0."""

    def __init__(self, ask, classes):
        super().__init__()
        self._ask = ask
        self._classes = classes

    def forward(self, x):
        labels = torch.from_numpy(self._ask(x.detach().numpy().astype("float32")))
        return torch.nn.functional.one_hot(labels, self._classes).to(torch.float32)


class Randomness:
    """Sample-wise states of the global generators of PyTorch and NumPy, from which Foolbox draws."""

    def __init__(self, seed):
        self._torch = torch.Generator().manual_seed(int(seed) % 2**63).get_state()
        self._numpy = np.random.RandomState(int(seed) % 2**32).get_state()

    def swap_in(self):
        torch.set_rng_state(self._torch)
        np.random.set_state(self._numpy)

    def swap_out(self):
        self._torch = torch.get_rng_state()
        self._numpy = np.random.get_state()


def foolbox_model(module):
    """A module on images in [0, 1] as Foolbox takes it. The attack computes on the CPU, wherever the model
    does."""
    return foolbox.PyTorchModel(module.eval(), bounds=(0, 1), device="cpu")
