"""Trains a network on split train of in/dataset, or goes on from in/resume/, and leaves metrics, checkpoint,
model and summary in out/. Options: see settings.py.

    GAUNTLET_RUN_DIR=... python3 train.py --training=pgd --norm=linf --epsilon=0.03
"""

import os
import time

import numpy as np
import torch

import architecture
import gauntlet
import model
from settings import parse_settings
from training import Trainer


def train(run, settings):
    """Trains as `settings` say."""
    model.make_deterministic()
    torch.manual_seed(settings.seed)
    if not os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(int(run.job()["resources"]["cpus"]))
    dataset = run.dataset()
    if dataset.layout != "NCHW" or len(dataset.shape) != 3:
        raise gauntlet.UserError(
            "This kit trains on images of the layout NCHW; those of %s are %s %s."
            % (dataset.name, dataset.layout, list(dataset.shape))
        )
    split = dataset.split("train")
    mean, std = channel_statistics(split)
    description = {
        "architecture": settings.architecture,
        "channels": dataset.shape[0],
        "classes": len(dataset.classes),
        "mean": mean,
        "std": std,
    }
    network = architecture.build(description)
    trainer = Trainer(network, split, settings)
    resume = run.resume_file("state.npz")
    if resume:
        trainer.load(resume)
        print("going on after epoch %d" % trainer.epoch, flush=True)
    while trainer.epoch < settings.epochs:
        started = time.monotonic()
        means = trainer.run_epoch(lambda values, **place: run.log(values, **place))
        run.write_atomically("out/checkpoint/state.npz", trainer.save)
        run.summarise(
            loss=means["loss"],
            train_accuracy=means["accuracy"],
            epochs=trainer.epoch,
            images_per_piece=trainer.pieces.size,
            out_of_memory=trainer.pieces.halvings,
            parameters=sum(value.numel() for value in network.parameters()),
            device=str(trainer.device),
        )
        print(
            "epoch %d/%d  loss %.4f  accuracy %.1f %%  %.1f s"
            % (
                trainer.epoch,
                settings.epochs,
                means["loss"],
                100 * means["accuracy"],
                time.monotonic() - started,
            ),
            flush=True,
        )
    model.save(run, network, description)


def channel_statistics(split):
    """Mean and standard deviation of each channel over at most 5,000 images, evenly spread, as lists."""
    some = np.unique(np.linspace(0, len(split) - 1, 5000).astype(int))
    images, _ = split.batch(some)
    mean = images.mean((0, 2, 3), dtype="float64")
    std = images.std((0, 2, 3), dtype="float64")
    # A channel that never changes has no deviation to divide by.
    return [round(float(v), 6) for v in mean], [max(round(float(v), 6), 1e-3) for v in std]


if __name__ == "__main__":
    gauntlet.main(lambda: train(gauntlet.Run(), parse_settings()))
