"""Many attacks on one sample each, side by side, whose questions meet the model as one batch.

Foolbox draws all random numbers of a batch from one generator, and one sample without a starting point ends
its whole batch. Here each sample's attack runs in a thread with random numbers of its own, one thread at
a time until it has a question; when all have one, the model is asked. So a sample's result is the same
whatever others it is attacked with, and one that has spent its budget ends alone.
"""

import threading

import numpy as np


class Ended(BaseException):
    """Ends a sample's attack where it stands. No Exception, so that nothing within it takes it for its own."""


class Lockstep:
    """Runs `attack_one(ask, i)` for each sample i. `ask(x)`, x of shape (m, ...shape), answers with m rows of
    `question(x, rows)`.

    `question` may answer None for samples that have ended: see `ended`. `randomness(i)` is an object whose
    `swap_in()` and `swap_out()` put sample i's state of the global generators in place and keep it.
    """

    def __init__(self, question, randomness):
        self._question = question
        self._randomness = randomness

    def run(self, attack_one, samples):
        """Returns once all have ended. Raises the first error that is no normal end: `Ended`, and an
        AssertionError, with which Foolbox gives a sample up whose answers contradict each other."""
        workers = [_Worker(i, attack_one, self._randomness(i)) for i in samples]
        try:
            while True:
                for worker in workers:
                    worker.go_on()
                workers = [worker for worker in workers if not worker.has_ended()]
                if not workers:
                    return
                self._answer(workers)
        finally:
            for worker in workers:
                worker.end()

    def _answer(self, workers):
        counts = [len(worker.asked) for worker in workers]
        rows = np.repeat([worker.i for worker in workers], counts)
        answers, is_spent = self._question(np.concatenate([w.asked for w in workers]), rows)
        ends = np.cumsum(counts)
        for worker, end, count in zip(workers, ends, counts):
            part = slice(end - count, end)
            worker.answer = None if is_spent[part].any() else answers[part]


class _Worker:
    """The attack on one sample, in a thread that runs only between `go_on` and its next question."""

    def __init__(self, i, attack_one, randomness):
        self.i = i
        self.asked = None
        self.answer = None
        self._randomness = randomness
        self._error = None
        self._ended = False
        self._stopped = False
        self._turn = threading.Semaphore(0)
        self._paused = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._work, args=(attack_one,), daemon=True)
        self._thread.start()

    def go_on(self):
        self._randomness.swap_in()
        self._turn.release()
        self._paused.acquire()
        self._randomness.swap_out()

    def has_ended(self):
        if self._error is not None:
            raise self._error
        return self._ended

    def end(self):
        if not self._ended:
            self._stopped = True
            self._turn.release()
            self._thread.join()

    def _work(self, attack_one):
        try:
            self._wait()
            attack_one(self._ask, self.i)
        except Ended:
            pass
        except AssertionError:
            print("sample %d of the batch: given up, its answers contradict each other" % self.i)
        except Exception as error:
            self._error = error
        finally:
            self._ended = True
            self._paused.release()

    def _ask(self, x):
        self.asked, self.answer = x, None
        self._paused.release()
        self._wait()
        if self.answer is None:
            raise Ended
        return self.answer

    def _wait(self):
        self._turn.acquire()
        if self._stopped:
            raise Ended
