"""Serves a model written in Python: model_host.py FILE FUNCTION MODEL_FOLDER

Runs in the folder of the experiment's code, calls FUNCTION(MODEL_FOLDER) of FILE and answers the
model protocol on a free port of 127.0.0.1, which the first line of standard output tells. Demands
the token of GAUNTLET_MODEL_TOKEN. An error in the model's code prints its traceback and ends with
status 1. Ends when standard input closes. Python >= 3.8, standard library only; see gauntlet_npy.
"""

import hmac
import http.server
import json
import os
import queue
import sys
import threading
import traceback

import gauntlet_npy
import gauntlet_user_code


class Refused(Exception):
    """A call that is answered with a status and a sentence, and is no fault of the model."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, token):
        super().__init__(("127.0.0.1", 0), Handler)
        self.token = token
        self.hosts = ["%s:%d" % (host, self.server_port) for host in ("127.0.0.1", "localhost")]
        # Connections have threads of their own, so that a second one never waits for the first to
        # close; the model is asked in the main thread alone, for frameworks that care which it is.
        self.calls = queue.SimpleQueue()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece and at once: a header and a body sent one by one without this
    # wait for each other's acknowledgement, 40 ms each time.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):
        self.answer(bytearray())

    def do_POST(self):
        try:
            length = int(self.headers["Content-Length"])
        except (TypeError, ValueError):
            self.close_connection = True
            self.reply(411, "application/json", error_body("Content-Length is missing."))
            return
        body = bytearray(length)
        if self.rfile.readinto(body) != length:
            self.close_connection = True
            return
        self.answer(body)

    def answer(self, body):
        given = (self.headers["Authorization"] or "").encode()
        if self.headers["Host"] not in self.server.hosts:
            self.reply(403, "application/json", error_body("Wrong host."))
        elif not hmac.compare_digest(given, ("Bearer " + self.server.token).encode()):
            self.reply(401, "application/json", error_body("Wrong or missing token."))
        else:
            answers, sent = queue.SimpleQueue(), threading.Event()
            self.server.calls.put((self.command + " " + self.path, body, answers.put, sent))
            self.reply(*answers.get())
            sent.set()

    def reply(self, status, content_type, body):
        self.send_response_only(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def error_body(message):
    return json.dumps({"error": message}).encode()


def main():
    file, name, model_folder = sys.argv[1:]
    server = Server(os.environ.pop("GAUNTLET_MODEL_TOKEN"))
    print("GAUNTLET_PORT", server.server_port, flush=True)
    gauntlet_user_code.end_with_parent()
    # Calls that come while the model is loaded wait in the queue.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    model = gauntlet_user_code.load_function(file, name)(model_folder)
    while True:
        call, body, reply, sent = server.calls.get()
        try:
            reply(ask(model, call, body))
        except Refused as refused:
            reply((refused.status, "application/json", error_body(str(refused))))
        except Exception as error:
            traceback.print_exc()
            message = "%s: %s" % (type(error).__name__, error)
            reply((500, "application/json", error_body(message)))
            sent.wait(5)
            sys.exit(1)


def ask(model, call, body):
    """The status, content type and body of the answer."""
    binary = "application/octet-stream"
    if call == "GET /":
        access = "white-box" if has_gradients(model) else "score-based"
        return 200, "application/json", json.dumps({"access": access}).encode()
    if call == "POST /logits":
        return 200, binary, gauntlet_npy.encode(model.logits(decode(body)[0]), "<f4")
    if call == "POST /predict":
        logits, _ = gauntlet_npy.decode(
            bytearray(gauntlet_npy.encode(model.logits(decode(body)[0]), "<f4"))
        )
        return 200, binary, gauntlet_npy.encode([largest(list(row)) for row in logits], "<i4")
    if call == "POST /vjp":
        if not has_gradients(model):
            raise Refused(403, "This model gives no gradients: it has no vjp.")
        x, end = decode(body)
        d, _ = decode(body, end)
        return 200, binary, gauntlet_npy.encode(model.vjp(x, d), "<f4")
    raise Refused(404, "There is nothing at %s." % call)


def has_gradients(model):
    return callable(getattr(model, "vjp", None))


def decode(body, offset=0):
    try:
        return gauntlet_npy.decode(body, offset)
    except (ValueError, SyntaxError, KeyError, TypeError) as error:
        raise Refused(400, str(error)) from error


def largest(logits):
    """The index of the largest logit, the first of equals; -1 when one is NaN."""
    if any(logit != logit for logit in logits):
        return -1
    return max(range(len(logits)), key=logits.__getitem__)


if __name__ == "__main__":
    main()
