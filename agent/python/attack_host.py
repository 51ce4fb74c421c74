"""Runs an attack written in Python: attack_host.py FILE FUNCTION

Runs in the attack's folder. Fetches one batch of samples after the other from GAUNTLET_MODEL_URL,
calls FUNCTION(task) of FILE and hands in what it returns. An error in the attack prints its
traceback and fails its batch; one while the file is loaded ends with status 1. Ends when standard
input closes. Python >= 3.8, standard library only; see gauntlet_npy.
"""

import http.client
import json
import os
import sys
import traceback
import types
import urllib.parse

import gauntlet_npy
import gauntlet_user_code

BINARY = "application/octet-stream"


class Gate:
    """One connection to the program that started us."""

    def __init__(self, url, token):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
        self.authorization = {"Authorization": "Bearer " + token}

    def ask(self, method, path, body=None, content_type=BINARY):
        headers = self.authorization
        if body is not None:
            headers = dict(headers, **{"Content-Type": content_type})
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        length = response.getheader("Content-Length")
        # Into a buffer of its own: arrays that users get have to be writable.
        answer = bytearray(int(length or 0))
        if length is not None:
            response.readinto(answer)
        response.read()
        if response.status >= 400:
            raise error_of(response.status, json.loads(answer.decode())["error"])
        return answer


def error_of(status, message):
    if status == 403:
        return PermissionError(message)
    return ValueError(message) if status == 400 else RuntimeError(message)


class Model:
    """The model as the attack's access allows. `rows` tells which sample of the batch each row of x
    belongs to; without it x has one row per sample."""

    def __init__(self, gate):
        self._gate = gate

    def logits(self, x, rows=None):
        return self._ask("/logits", [x], rows)

    def predict(self, x, rows=None):
        return self._ask("/predict", [x], rows)

    def vjp(self, x, d, rows=None):
        return self._ask("/vjp", [x, d], rows)

    def _ask(self, path, arrays, rows):
        if rows is not None:
            path += "?rows=" + ",".join(str(int(row)) for row in rows)
        body = b"".join(gauntlet_npy.encode(array, "<f4") for array in arrays)
        return gauntlet_npy.decode(self._gate.ask("POST", path, body))[0]


def main():
    file, name = sys.argv[1:]
    gauntlet_user_code.end_with_parent()
    gate = Gate(os.environ["GAUNTLET_MODEL_URL"], os.environ["GAUNTLET_MODEL_TOKEN"])
    attack = gauntlet_user_code.load_function(file, name)
    while True:
        run_batch(attack, gate)


def run_batch(attack, gate):
    about = json.loads(gate.ask("GET", "/task").decode())
    x, _ = gauntlet_npy.decode(gate.ask("GET", "/task/x"))
    if gauntlet_npy.numpy is not None:
        about["labels"] = gauntlet_npy.numpy.array(about["labels"], "int32")
    task = types.SimpleNamespace(model=Model(gate), x=x, **about)
    try:
        found = gauntlet_npy.encode(attack(task), "<f4")
    except Exception as error:
        traceback.print_exc()
        message = "%s: %s" % (type(error).__name__, error)
        body = json.dumps({"error": message}).encode()
        gate.ask("POST", "/task/error", body, "application/json")
    else:
        gate.ask("POST", "/task/result", found)


if __name__ == "__main__":
    main()
