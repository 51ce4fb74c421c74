"""The networks of this kit: images (n, channels, height, width) -> logits (n, classes)."""

import torch
from torch import nn
from torch.nn import functional


def small_cnn(channels, classes):
    """Three convolutions with batch normalisation, 16 to 64 channels, and one dense layer: 25,000 weights."""
    return nn.Sequential(
        *_convolution(channels, 16),
        *_convolution(16, 32, stride=2),
        *_convolution(32, 64, stride=2),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 4, classes),
    )


def _convolution(inputs, outputs, stride=1):
    return (
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class BasicBlock(nn.Module):
    """Two 3x3 convolutions round a shortcut (He et al. 2016, arXiv:1512.03385, figure 2)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


def resnet18_like(channels, classes):
    """ResNet-18 for small images: a 3x3 stem without pooling, as is usual at 32x32 and 64x64; 11.2 million
    weights."""
    blocks, inputs = [], 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        blocks += [BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1)]
        inputs = outputs
    return nn.Sequential(
        *_convolution(channels, 64),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(512, classes),
    )


architectures = {"small-cnn": small_cnn, "resnet18-like": resnet18_like}


class Normalised(nn.Module):
    """A network with the normalisation of its input inside, so that attacks and everyone else see images as
    the dataset has them. `mean` and `std` have one number per channel."""

    def __init__(self, network, mean, std):
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1), persistent=False)

    def forward(self, x):
        return self.network((x - self.mean) / self.std)


def build(description):
    """A network from a description: architecture, channels, classes, mean, std.

    Raises ValueError when this kit has no such architecture.
    """
    name = description["architecture"]
    if name not in architectures:
        raise ValueError("there is no architecture %s; %s are" % (name, ", ".join(architectures)))
    network = architectures[name](description["channels"], description["classes"])
    return Normalised(network, description["mean"], description["std"])
