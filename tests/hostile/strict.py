"""No error may pass unheard: what is logged, and what Python only prints."""

import gc
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Strict(logging.Handler):
    """An error in the log is a failure, and so is an exception that nobody could catch."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Remember it."""
        self.errors.append(record.getMessage() + str(record.exc_info))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Listen to the log, and to what Python only prints: failures in finalizers, in
        callbacks from Rust and in threads."""
        before = sys.unraisablehook, threading.excepthook
        sys.unraisablehook = lambda told: self.errors.append(repr(told.exc_value))
        threading.excepthook = lambda told: self.errors.append(repr(told.exc_value))
        logging.getLogger().addHandler(self)
        try:
            yield
            gc.collect()  # A task that failed unheard says so when it is freed.
        finally:
            logging.getLogger().removeHandler(self)
            sys.unraisablehook, threading.excepthook = before
