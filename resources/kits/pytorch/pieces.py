"""Batches in pieces that fit into memory."""


class Pieces:
    """Cuts each batch into pieces whose gradients are added up. When memory runs out the piece is halved, and
    the batch begun anew: the result of a step stays that of the whole batch."""

    def __init__(self, size):
        """`size`: the images of a piece, to begin with."""
        self.size = size
        self.halvings = 0

    def run(self, count, start, one):
        """Calls `start()` and then `one(first, end)` for each piece of a batch of `count`; both again, with
        smaller pieces, as often as memory runs out. Returns what the calls of `one` returned.

        Raises the error of `one` that is no lack of memory, or that a single image leads to.
        """
        while True:
            try:
                start()
                size = self.size
                return [one(i, min(i + size, count)) for i in range(0, count, size)]
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error) or self.size == 1:
                    raise
            # Here the error is gone, and with it the tensors that its stack held.
            self.size = (min(self.size, count) + 1) // 2
            self.halvings += 1
            print("out of memory: going on with pieces of %d images" % self.size, flush=True)
            release()


def is_out_of_memory(error):
    """Whether this is a lack of memory of the machine or of a GPU."""
    if isinstance(error, MemoryError):
        return True
    # torch.cuda.OutOfMemoryError is a RuntimeError with such a text; on a CPU it is the text alone.
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text


def release():
    """Gives back what PyTorch holds in reserve on a GPU."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
