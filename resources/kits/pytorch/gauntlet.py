"""Helpers for a program that runs as a job of Gauntlet: one file, without dependencies; copy it.

A job finds and leaves everything in one folder, which GAUNTLET_RUN_DIR names. Nothing here is needed to be
a job. `Dataset` needs NumPy; the rest is the standard library. Python >= 3.8.

    import gauntlet

    run = gauntlet.Run()
    train = run.dataset().split("train")     # train.images: uint8 (N, ...shape), on the disk
    run.log({"train/loss": 0.31}, step=3, epoch=1)
    run.summarise(accuracy=0.93)
    run.write_atomically("out/checkpoint/state.json", lambda file: file.write(b"{}"))
"""

import json
import math
import os
import sys
import time


class UserError(Exception):
    """What the user can set right; its message is a plain sentence."""


def main(program):
    """Runs `program()`: a UserError ends it with status 1 and its sentence alone, without a stack."""
    try:
        program()
    except UserError as error:
        sys.exit(str(error))


class Run:
    """The run folder of this job.

    Raises UserError when there is none.
    """

    def __init__(self, folder=None):
        folder = folder or os.environ.get("GAUNTLET_RUN_DIR")
        if not folder:
            raise UserError(
                "The environment variable GAUNTLET_RUN_DIR is not set: it names the run folder."
            )
        self.folder = folder
        os.makedirs(self.path("out"), exist_ok=True)

    def path(self, *names):
        """The path of something in the run folder, such as path("out", "model")."""
        return os.path.join(self.folder, *names)

    def job(self):
        """job.json as a dictionary; `parameters`, `seed`, `samples` and more."""
        with open(self.path("job.json"), encoding="utf8") as file:
            return json.load(file)

    def dataset(self):
        """The dataset in in/dataset."""
        return Dataset(self.path("in", "dataset"))

    def resume_file(self, name):
        """The path of a file of an earlier attempt's checkpoint; None where there is none."""
        path = self.path("in", "resume", name)
        return path if os.path.isfile(path) else None

    def log(self, values, **place):
        """Appends one line to out/metrics.jsonl.

        `values` is a dictionary of numbers by the series' names; `place` says where the line belongs:
        step=3, epoch=1. Seconds since 1970 are added as `time`. A value that is not finite is left out,
        since JSON has none.
        """
        line = dict(place, time=time.time())
        line.update({name: value for name, value in values.items() if math.isfinite(value)})
        # Opened anew each time: a line that is on the disk is told at once, and outlives a crash.
        with open(self.path("out", "metrics.jsonl"), "a", encoding="utf8") as file:
            file.write(json.dumps(line) + "\n")

    def summarise(self, **values):
        """Adds final values to out/summary.json."""
        path = self.path("out", "summary.json")
        summary = {}
        if os.path.isfile(path):
            with open(path, encoding="utf8") as file:
                summary = json.load(file)
        summary.update(values)
        text = json.dumps(summary)
        self.write_atomically("out/summary.json", lambda file: file.write(text.encode()))

    def write_atomically(self, name, write):
        """Writes the file `name` of the run folder: a reader finds the old one or the new one, never a half.

        `write` is called with a file that is open for bytes.
        """
        path = self.path(*name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # Beside out/checkpoint and not in it, so that a stop in between leaves nothing half-written there.
        unfinished = self.path("out", os.path.basename(path) + ".unfinished")
        with open(unfinished, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)


class Dataset:
    """A packed dataset: dataset.json and .npy files.

    `shape` is one sample's, `layout` is such as "NCHW", `bounds` are (low, high), `classes` are names.
    """

    def __init__(self, folder):
        path = os.path.join(folder, "dataset.json")
        if not os.path.isfile(path):
            raise UserError(
                "The job has no dataset: write the name of one as `dataset` into gauntlet.yaml."
            )
        with open(path, encoding="utf8") as file:
            description = json.load(file)
        self.folder = folder
        self.name = description["name"]
        self.classes = description["classes"]
        self.shape = tuple(description["input"]["shape"])
        self.layout = description["input"]["layout"]
        self.bounds = tuple(description["input"]["bounds"])
        self._splits = description["splits"]

    def split(self, name):
        """One split. Raises UserError when there is none of that name."""
        if name not in self._splits:
            known = ", ".join(sorted(self._splits))
            raise UserError("Dataset %s has no split %s; it has %s." % (self.name, name, known))
        return Split(self, self._splits[name])


class Split:
    """`images`: (N, ...shape), uint8 or float32; `labels`: (N), whole numbers. Both stay on the disk and are
    read as they are indexed."""

    def __init__(self, dataset, files):
        import numpy

        self.bounds = dataset.bounds
        paths = [os.path.join(dataset.folder, files[name]) for name in ("images", "labels")]
        self.images, self.labels = [
            numpy.load(path, mmap_mode="r", allow_pickle=False) for path in paths
        ]
        if len(self.images) != len(self.labels):
            raise UserError(
                "%s has %d images but %d labels."
                % (dataset.name, len(self.images), len(self.labels))
            )

    def __len__(self):
        return len(self.labels)

    def batch(self, indexes):
        """Images as float32 (n, ...shape) within the bounds, and labels as int64 (n)."""
        images = self.images[indexes]
        if images.dtype == "uint8":
            low, high = self.bounds
            images = images.astype("float32") * ((high - low) / 255.0) + low
        return images.astype("float32"), self.labels[indexes].astype("int64")
