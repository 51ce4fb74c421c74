"""Epochs of standard training, PGD adversarial training and TRADES."""

import json
import math
import time

import numpy as np
import torch
from torch.nn import functional

from adversary import cross_entropy_loss, divergence, perturb
from augment import flip_and_crop
from pieces import Pieces

# Seconds between two lines of metrics within an epoch.
LOG_INTERVAL = 2.0


class Trainer:
    """A network, its optimiser and how far both are. SGD with Nesterov momentum 0.9; the learning rate falls
    to zero along half a cosine over all steps."""

    def __init__(self, network, split, settings):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = network.to(self.device)
        self.split = split
        self.settings = settings
        self.optimiser = torch.optim.SGD(
            network.parameters(),
            settings.learning_rate,
            momentum=0.9,
            nesterov=True,
            weight_decay=settings.weight_decay,
        )
        # Mixed precision only where it is faster; a CPU computes in float32.
        self.mixed = self.device.type == "cuda"
        # Where it stands in PyTorch 2.3 and later, and where it stood before.
        scaler = getattr(torch.amp, "GradScaler", None) or torch.cuda.amp.GradScaler
        self.scaler = scaler(enabled=self.mixed)
        self.pieces = Pieces(-(-settings.batch_size // settings.accumulation))
        self.epoch = 0

    def run_epoch(self, log):
        """One pass over the split. Calls `log(values, step=, epoch=)` now and then and at the end; returns the
        means of the epoch, "loss" and "accuracy", on the images as they were trained on."""
        self.network.train()
        settings = self.settings
        # Of seed and epoch, so that a training that was stopped goes on as if it had not been.
        random = np.random.default_rng([settings.seed, self.epoch])
        order = random.permutation(len(self.split))
        steps = math.ceil(len(order) / settings.batch_size)
        total, correct, seen, logged = 0.0, 0, 0, time.monotonic()
        for k in range(steps):
            # Sorted: the file is read from front to back.
            indexes = np.sort(order[k * settings.batch_size : (k + 1) * settings.batch_size])
            done = self.epoch * steps + k
            self._set_learning_rate(done / (settings.epochs * steps))
            loss, right, rate = self._step(indexes, random, done)
            total, correct, seen = total + loss, correct + right, seen + len(indexes)
            is_last = k == steps - 1
            if is_last or time.monotonic() - logged > LOG_INTERVAL:
                logged = time.monotonic()
                values = {
                    "train/loss": total / seen,
                    "train/accuracy": correct / seen,
                    "train/learning_rate": self.optimiser.param_groups[0]["lr"],
                    "train/images_per_second": rate,
                    "train/images_per_piece": self.pieces.size,
                }
                log(values, step=done + 1, epoch=self.epoch + (k + 1) / steps)
        self.epoch += 1
        return {"loss": total / seen, "accuracy": correct / seen}

    def _step(self, indexes, random, done):
        """One step on a batch. Returns the sum of the losses, how many were right, images per second."""
        started = time.monotonic()
        images, labels = self.split.batch(indexes)
        if self.settings.augmentation == "flip-and-crop":
            images = flip_and_crop(images, random)
        images, labels = torch.from_numpy(images), torch.from_numpy(labels)

        def one(first, end):
            x, y = images[first:end].to(self.device), labels[first:end].to(self.device)
            # Of the piece's place: the same noise when the batch is begun anew.
            generator = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + done * 4099 + first)
            with torch.autocast(self.device.type, enabled=self.mixed):
                loss, logits = self._loss(x, y, generator)
            self.scaler.scale(loss / len(indexes)).backward()
            return loss.item(), int((logits.argmax(1) == y).sum())

        results = self.pieces.run(
            len(indexes), lambda: self.optimiser.zero_grad(set_to_none=True), one
        )
        self.scaler.step(self.optimiser)
        self.scaler.update()
        loss, right = (sum(values) for values in zip(*results))
        return loss, right, len(indexes) / max(time.monotonic() - started, 1e-9)

    def _loss(self, x, y, generator):
        """The loss, summed over the images, and the logits of those that were trained on."""
        settings, network, bounds = self.settings, self.network, self.split.bounds
        if settings.training == "trades":
            # Zhang et al. 2019 (arXiv:1901.08573), equation 5 and algorithm 1.
            network.eval()
            with torch.no_grad():
                clean = network(x)
            network.train()
            moved = perturb(network, x, divergence(clean), settings, bounds, generator, "normal")
            logits = network(x)
            target = functional.softmax(logits.float(), 1)
            away = functional.kl_div(
                functional.log_softmax(network(moved).float(), 1), target, reduction="sum"
            )
            natural = functional.cross_entropy(logits.float(), y, reduction="sum")
            return natural + settings.beta * away, logits
        if settings.training == "pgd":
            # Madry et al. 2018 (arXiv:1706.06083), equation 2.1: the loss at the worst point.
            x = perturb(network, x, cross_entropy_loss(y), settings, bounds, generator)
        logits = network(x)
        return functional.cross_entropy(logits.float(), y, reduction="sum"), logits

    def _set_learning_rate(self, share):
        rate = self.settings.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def save(self, file):
        """Writes all that going on needs to a file that is open for bytes: plain arrays, and JSON for the rest.

        No pickle: that of PyTorch 1.13 is either read as a program or not at all where it holds a float.
        """
        state = {
            "epoch": self.epoch,
            "scaler": self.scaler.state_dict(),
            "images_per_piece": self.pieces.size,
            "out_of_memory": self.pieces.halvings,
        }
        arrays = {"state": np.frombuffer(json.dumps(state).encode(), "uint8")}
        for name, value in self.network.state_dict().items():
            arrays["network/" + name] = value.cpu().numpy()
        for name, parameter in self.network.named_parameters():
            momentum = self.optimiser.state[parameter].get("momentum_buffer")
            if momentum is not None:
                arrays["momentum/" + name] = momentum.cpu().numpy()
        np.savez(file, **arrays)

    def load(self, path):
        """Goes on from what `save` wrote. Raises an error when it is of another network."""
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        state = json.loads(arrays.pop("state").tobytes().decode())
        tensors = {name: torch.from_numpy(value).to(self.device) for name, value in arrays.items()}
        prefix = "network/"
        self.network.load_state_dict(
            {name[len(prefix) :]: v for name, v in tensors.items() if name.startswith(prefix)}
        )
        for name, parameter in self.network.named_parameters():
            if "momentum/" + name in tensors:
                self.optimiser.state[parameter]["momentum_buffer"] = tensors["momentum/" + name]
        self.scaler.load_state_dict(state["scaler"])
        self.epoch = state["epoch"]
        self.pieces.size = state["images_per_piece"]
        self.pieces.halvings = state["out_of_memory"]
