"""The command line of train.py."""

import argparse

from architecture import architectures

trainings = ["standard", "pgd", "trades"]


def parse_settings(arguments=None):
    """The settings of a training: architecture, training, epsilon, norm, attack_steps, beta, learning_rate,
    weight_decay, batch_size, accumulation, augmentation, epochs, seed. Ends with status 2 on a mistake."""
    parser = argparse.ArgumentParser(description="Trains an image classifier.")
    parser.add_argument("--architecture", choices=sorted(architectures), default="small-cnn")
    parser.add_argument("--training", choices=trainings, default="standard")
    parser.add_argument("--epsilon", type=_positive, default=0.5)
    parser.add_argument("--norm", choices=["l2", "linf"], default="l2")
    parser.add_argument("--attack-steps", type=_whole, default=7)
    parser.add_argument("--beta", type=_positive, default=6.0)
    parser.add_argument("--learning-rate", type=_positive, default=0.05)
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--batch-size", type=_whole, default=128)
    parser.add_argument("--accumulation", type=_whole, default=1)
    parser.add_argument("--augmentation", choices=["none", "flip-and-crop"], default="none")
    parser.add_argument("--epochs", type=_whole, default=10)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def _positive(text):
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be a number above 0, not %s" % text)
    return value


def _whole(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be a whole number from 1, not %s" % text)
    return value
