"""How anyone asks a model of this kit: `load`, named in gauntlet.yaml as model.load."""

import json
import os

import numpy as np
import torch

import architecture

# A limit to the memory that one question takes; rows never meet, so it changes no answer.
LARGEST_BATCH = 256


class Model:
    """A network in evaluation mode, deterministic. Arrays are float32: x (n, channels, height, width) within
    the dataset's bounds, logits and d (n, classes)."""

    def __init__(self, network, device):
        self._network = network.to(device).eval().requires_grad_(False)
        self._device = device

    def logits(self, x):
        """Logits, float32 (n, classes)."""
        with torch.no_grad():
            parts = [self._network(part).cpu().numpy() for part in self._parts(x)]
        return np.concatenate(parts)

    def vjp(self, x, d):
        """The gradient of sum(d * logits(x)) with respect to x: float32 of the shape of x."""
        gradients = []
        for part, weights in zip(self._parts(x), self._parts(d)):
            part.requires_grad_(True)
            # Who asks may be within a computation of its own that keeps no gradients.
            with torch.enable_grad():
                logits = self._network(part)
                (gradient,) = torch.autograd.grad(logits, part, weights)
            gradients.append(gradient.cpu().numpy())
        return np.concatenate(gradients)

    def _parts(self, values):
        # A copy: what is given may be memory that others write to.
        values = torch.tensor(np.asarray(values, "float32"), device=self._device)
        return values.split(LARGEST_BATCH)


def make_deterministic():
    """The same numbers every time on the same hardware: no search for the fastest algorithm, and no
    reduced precision, whose rounding would depend on the size of the batch."""
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def load(folder):
    """The model that train.py left in `folder`.

    Raises ValueError when the folder holds something else.
    """
    make_deterministic()
    with open(os.path.join(folder, "model.json"), encoding="utf8") as file:
        description = json.load(file)
    if description.get("kit") != "pytorch" or description.get("version") != 1:
        raise ValueError("%s holds no model of this version of the PyTorch kit" % folder)
    network = architecture.build(description)
    with np.load(os.path.join(folder, "weights.npz"), allow_pickle=False) as weights:
        state = {name: torch.from_numpy(weights[name]) for name in weights.files}
    network.load_state_dict(state)
    return Model(network, torch.device("cuda" if torch.cuda.is_available() else "cpu"))


def save(run, network, description):
    """Writes out/model of a run: weights.npz and model.json. Weights are plain arrays and no pickle, so that
    to load a model of someone else's runs nothing of theirs."""
    weights = {name: value.cpu().numpy() for name, value in network.state_dict().items()}
    text = json.dumps(dict(description, kit="pytorch", version=1), indent=2) + "\n"
    run.write_atomically("out/model/weights.npz", lambda file: np.savez(file, **weights))
    run.write_atomically("out/model/model.json", lambda file: file.write(text.encode()))
