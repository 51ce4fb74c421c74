"""Tests the model of in/model on the samples that job.json names, and leaves the accuracy in out/.

    GAUNTLET_RUN_DIR=... python3 test.py
"""

import numpy as np

import gauntlet
import model


def test(run):
    """Writes `accuracy` (0 to 1), `per_class` (None for a class without samples) and `samples` to the
    summary, and returns them as a dictionary. Raises UserError when the job names no samples."""
    samples = run.job().get("samples")
    if not samples or not samples["indexes"]:
        raise gauntlet.UserError("job.json names no samples to test on.")
    dataset = run.dataset()
    split = dataset.split(samples["split"])
    indexes = np.asarray(samples["indexes"])
    if indexes.min() < 0 or indexes.max() >= len(split):
        raise gauntlet.UserError(
            "Split %s has %d samples; the job names %d." % (samples["split"], len(split), indexes.max())
        )
    asked = model.load(run.path("in", "model"))
    right = np.zeros(len(dataset.classes), int)
    total = np.zeros(len(dataset.classes), int)
    for part in np.array_split(indexes, -(-len(indexes) // model.LARGEST_BATCH)):
        images, labels = split.batch(part)
        hits = asked.logits(images).argmax(1) == labels
        np.add.at(right, labels[hits], 1)
        np.add.at(total, labels, 1)
    summary = {
        "accuracy": float(right.sum() / len(indexes)),
        "per_class": [float(r / t) if t else None for r, t in zip(right, total)],
        "samples": len(indexes),
    }
    run.log({"test/accuracy": summary["accuracy"]})
    run.summarise(**summary)
    print("accuracy %.2f %% of %d samples" % (100 * summary["accuracy"], len(indexes)))
    for name, share in zip(dataset.classes, summary["per_class"]):
        if share is not None:
            print("  %s  %.1f %%" % (name, 100 * share))
    return summary


if __name__ == "__main__":
    gauntlet.main(lambda: test(gauntlet.Run()))
