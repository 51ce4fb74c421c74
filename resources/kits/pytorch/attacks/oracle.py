"""All questions of this pack to the model under attack.

Inside the pack images lie in [0, 1], as several attacks of Foolbox take for granted; here they are put on the
scale of the model. x is float32 (m, ...shape), and `rows` (m) says which sample each row belongs to.
"""

import numpy as np

# Rows of one question: bounded memory, however many samples and points there are.
LARGEST_BATCH = 512
# By how much, relative to the largest logit, another class must lead. Smaller leads are rounding, and are
# gone in another size of the batch.
CLEAR_LEAD = 1e-6


class Oracle:
    """Asks the model and keeps the closest adversarial seen of each sample, so that an attack that ends
    early, as with its budget spent, has lost nothing."""

    def __init__(self, task, norm="l2"):
        """`norm`: "l2" or "linf", by which closest is meant."""
        self.task = task
        self.count = len(task.labels)
        self.labels = np.asarray(task.labels, "int64")
        self.low, high = task.bounds
        self.range = high - self.low
        self.is_unit = self.low == 0 and self.range == 1
        x = np.asarray(task.x, "float32").reshape((self.count,) + tuple(task.shape))
        self.x = x if self.is_unit else ((x - self.low) / self.range).clip(0, 1)
        self.norm = norm
        self.best = self.x.copy()
        self.distances = np.full(self.count, np.inf)

    def all_rows(self):
        """Every sample once."""
        return np.arange(self.count)

    def logits(self, x, rows):
        """Logits, float32 (m, classes): NaN in rows whose sample's budget is spent. One query a row."""
        parts = []
        for part in _parts(len(x)):
            answer = np.array(self.task.model.logits(self._out(x[part]), rows[part]), "float32")
            self._keep(x[part], rows[part], self.is_wrong(answer, rows[part]))
            parts.append(answer)
        return np.concatenate(parts) if parts else np.zeros((0, self.task.classes), "float32")

    def predict(self, x, rows):
        """Classes, int64 (m): -1 in rows whose sample's budget is spent. One query a row."""
        parts = []
        for part in _parts(len(x)):
            answer = np.asarray(self.task.model.predict(self._out(x[part]), rows[part]), "int64")
            wrong = (answer >= 0) & (answer != self.labels[rows[part]])
            self._keep(x[part], rows[part], wrong)
            parts.append(answer)
        return np.concatenate(parts) if parts else np.zeros(0, "int64")

    def vjp(self, x, d, rows):
        """The gradient of sum(d * logits(x)) by x; zeros where it is not finite, since that points nowhere, and
        where the budget is spent. One query a row."""
        parts = []
        for part in _parts(len(x)):
            asked = self.task.model.vjp(self._out(x[part]), d[part].astype("float32"), rows[part])
            gradient = np.array(asked, "float32").reshape(x[part].shape)
            finite = np.isfinite(gradient.reshape(len(gradient), -1)).all(1)
            gradient[~finite] = 0
            # By x on the scale of [0, 1].
            parts.append(gradient if self.is_unit else gradient * np.float32(self.range))
        return np.concatenate(parts) if parts else np.zeros_like(x)

    def is_wrong(self, logits, rows):
        """Which rows of logits are clearly of another class than their sample's; NaN is of none."""
        own = logits[np.arange(len(rows)), self.labels[rows]]
        others = logits.copy()
        others[np.arange(len(rows)), self.labels[rows]] = -np.inf
        lead = others.max(1) - own
        scale = np.maximum(1, np.abs(logits).max(1))
        with np.errstate(invalid="ignore"):
            return lead > CLEAR_LEAD * scale

    def result(self):
        """What an attack returns: the closest adversarial of each sample, or the sample itself."""
        found = np.isfinite(self.distances)
        result = np.asarray(self.task.x, "float32").reshape(self.x.shape).copy()
        result[found] = self._out(self.best[found])
        return result

    def _out(self, x):
        x = np.clip(x, 0, 1).astype("float32")
        return x if self.is_unit else (self.low + x * self.range).astype("float32")

    def _keep(self, x, rows, wrong):
        for k in np.flatnonzero(wrong):
            i = rows[k]
            point = np.clip(x[k], 0, 1)
            difference = point.astype("float64").ravel() - self.x[i].ravel()
            order = np.inf if self.norm == "linf" else 2
            distance = np.linalg.norm(difference, order)
            if distance < self.distances[i]:
                self.distances[i] = distance
                self.best[i] = point


def _parts(count):
    return [slice(k, k + LARGEST_BATCH) for k in range(0, count, LARGEST_BATCH)]
