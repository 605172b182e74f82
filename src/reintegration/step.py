"""What surrounds each step of the workflow: its log, and errors in words."""

import contextlib
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

from reintegration.errors import StudyError
from reintegration.private import private_file


@contextlib.contextmanager
def step(log: str | Path) -> Iterator[None]:
    """Run one step with its output in `log`; end the process with code 1 when it fails.

    A `StudyError` is written as its message alone: a person mends the input, and a traceback
    would not help. Anything else is a fault of the software, and its traceback goes to the log.
    The log is for its owner alone: what a library says of a fault may quote a row.
    """
    log = private_file(log)
    with (
        log.open("w", encoding="utf-8") as stream,
        contextlib.redirect_stdout(stream),
        contextlib.redirect_stderr(stream),
    ):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("default")
                yield
            return
        except StudyError as error:
            message = str(error)
        except Exception:
            message = traceback.format_exc()
        stream.write(message.rstrip() + "\n")
    print(message.rstrip(), file=sys.stderr)
    raise SystemExit(1)
