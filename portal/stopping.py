"""Whether this process was told to stop: it answers what is under way, and should be sent no more."""

import threading

told = threading.Event()
