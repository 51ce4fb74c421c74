"""Options of attacks.yaml, checked."""


def number(task, name, fallback):
    """A number above 0 among the attack's options.

    Raises ValueError when it is given but is none.
    """
    value = task.options.get(name, fallback)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ValueError("option %s must be a number above 0, not %r" % (name, value))
    return value


def whole(task, name, fallback):
    """A whole number from 1 among the attack's options. Raises ValueError when it is given but is none."""
    value = number(task, name, fallback)
    if int(value) != value:
        raise ValueError("option %s must be a whole number, not %r" % (name, value))
    return int(value)


def radius(task):
    """The epsilon of an attack that works at a fixed one: the threat model's or, where the smallest distance is
    wanted, the option `epsilon`; on the scale of [0, 1]. Raises ValueError when there is neither."""
    if task.epsilon is None:
        return number(task, "epsilon", None)
    low, high = task.bounds
    return task.epsilon / (high - low)
