"""An attack's side of the challenge: images and classes in, questions to the model, adversarials out."""

import http.client
import os

import numpy as np

import bson


class QueriesSpent(Exception):
    """The model answers no more: the quota is spent."""


class Model:
    """The model under attack. It tells labels and nothing else."""

    def __init__(self):
        address = os.environ["MODEL_SERVER"], int(os.environ.get("MODEL_PORT", "8989"))
        self._connection = http.client.HTTPConnection(*address, timeout=60)
        self.queries = 0

    def predict(self, image):
        """The label of an image, uint8 (rows, columns, 3). Raises QueriesSpent."""
        array = np.ascontiguousarray(image, dtype=np.uint8)
        question = {
            "type": "array",
            "shape": list(array.shape),
            "dtype": array.dtype.str,
            "data": array.tobytes(),
        }
        headers = {"Content-Type": "application/bson"}
        self._connection.request("POST", "/predict", bson.dumps({"image": question}), headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status == 429:
            raise QueriesSpent()
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}: {body[:200]!r}")
        self.queries += 1
        return bson.loads(body)["prediction"]


def read_images():
    """Names, images as uint8 (rows, columns, 3), and classes: those to leave, or to reach if targeted."""
    folder = os.environ["INPUT_IMG_PATH"]
    with open(os.environ["INPUT_YML_PATH"], encoding="utf-8") as file:
        for line in file:
            # One `name: number` a line is all the YAML there is here.
            name, _, label = line.strip().rpartition(":")
            if name:
                name = name.strip().strip("\"'")
                yield name, np.load(os.path.join(folder, name)), int(label)


def store_adversarial(name, adversarial):
    """Leaves the adversarial of an image, uint8 of its shape; nothing for None."""
    if adversarial is None:
        return
    stem = os.path.splitext(name)[0]
    np.save(os.path.join(os.environ["OUTPUT_ADVERSARIAL_PATH"], stem), adversarial)


def attack_all(attack):
    """Calls `attack(image, fools, random)` for each image; it answers an adversarial or None.

    `fools(image)` asks the model. `random` is a NumPy generator that is the same for the same image.
    A targeted attack is run with TARGETED=1 in the image.
    """
    model = Model()
    targeted = os.environ.get("TARGETED") == "1"
    for name, image, label in read_images():
        best = Best(image)

        def fools(tried, label=label, best=best):
            prediction = model.predict(tried)
            if (prediction == label) != targeted:
                return False
            best.offer(tried)
            return True

        try:
            attack(image, fools, np.random.default_rng(list(image.tobytes()[:64])))
        except QueriesSpent:
            print(f"{name}: the queries are spent", flush=True)
        store_adversarial(name, best.image)
        print(f"{name}: {model.queries} queries so far", flush=True)


class Best:
    """The closest adversarial that was met of an image; None until there is one."""

    def __init__(self, clean):
        self._clean = clean.astype(float)
        self._distance = np.inf
        self.image = None

    def offer(self, image):
        distance = np.linalg.norm(image.astype(float) - self._clean)
        if distance < self._distance:
            self._distance = distance
            self.image = image.copy()
