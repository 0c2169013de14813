"""The first import of every process: no garbage collection while modules are imported.

Collection takes a fifth of the time of the imports and finds nothing. ``finish`` starts it again.
"""

import gc

gc.disable()


def finish() -> None:
    """Start garbage collection, which then passes over all objects of the imported modules."""
    gc.freeze()  # otherwise the collection at exit alone takes a sixth of the time of a short job
    gc.enable()
