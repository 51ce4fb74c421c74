"""Loading a function out of the user's folder, and ending with the program that started us."""

import importlib.util
import os
import sys
import threading


def load_function(file, name):
    """The function `name` of `file`, which is relative to the working directory.

    Modules beside the file and in the working directory can be imported. The module has the name it
    has for the user's own programs (model.py is `model`), which pickled objects need.
    """
    root = os.getcwd()
    path = os.path.join(root, file)
    # Our own folder goes: a module of the user's may have the name of one of ours.
    sys.path[0:1] = [os.path.dirname(path), root]
    # in/code and in/attack are not ours to write to.
    sys.dont_write_bytecode = True
    module_name = os.path.splitext(os.path.basename(file))[0]
    if module_name in sys.modules:
        module_name = "gauntlet_user_" + module_name
    spec = importlib.util.spec_from_file_location(module_name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        sys.exit("%s has no function named %s." % (file, name))
    return function


def end_with_parent():
    """Ends this process once standard input closes: the program that started us is gone or done."""
    # Not buffered: a thread that is blocked in a buffered read holds a lock until the very end.
    stdin = sys.stdin.fileno()

    def wait():
        while os.read(stdin, 4096):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
