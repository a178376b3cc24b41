"""How often a process looks for garbage that only a collector can find.

Left to its defaults, Python looks through everything a page has made after each 700 new objects,
and from time to time through all modules as well: a pause of a tenth of a second in the middle
of somebody's page, and a tenth of the time of every other one.
"""

import gc

# Rows and markup of one page are about this many objects; they are freed without the collector.
_NEW_OBJECTS = 50_000
_YOUNGER_TURNS = 20


def settle() -> None:
    """Set aside what lives as long as the process does, and look for garbage less often.

    Call it once everything is loaded; a process that forks afterwards shares what was set aside.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNGER_TURNS, _YOUNGER_TURNS)
