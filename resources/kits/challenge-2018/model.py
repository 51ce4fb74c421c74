"""A model of the challenge: a linear classifier of an image's coarse colours, over HTTP."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

import bson
from features import features_of

longest_question = 64 * 2**20

with np.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "weights.npz")) as file:
    weights = file["weights"]  # (features, classes)


def predict(image):
    return int((features_of(image) @ weights).argmax())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body leave together
    disable_nagle_algorithm = True

    def do_GET(self):
        self.answer(200, "text/plain", b"NIPS 2018 Adversarial Vision Challenge Model Server\n")

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if self.path != "/predict" or not 0 < length <= longest_question:
            self.close_connection = True
            return self.answer(404, "text/plain", b"there is POST /predict\n")
        try:
            image = image_of(bson.loads(self.rfile.read(length)))
        except (KeyError, TypeError, ValueError) as error:
            return self.answer(400, "text/plain", f"{error}\n".encode())
        self.answer(200, "application/bson", bson.dumps({"prediction": predict(image)}))

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def image_of(question):
    image = question["image"]
    if image["dtype"] != "|u1":
        raise ValueError("images are uint8")
    return np.frombuffer(image["data"], dtype=np.uint8).reshape(image["shape"])


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("MODEL_PORT", "8989"))), Handler).serve_forever()
