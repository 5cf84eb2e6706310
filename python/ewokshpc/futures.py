"""The future of a run."""

from concurrent.futures import Future
from typing import Any
from typing import Callable
from typing import Dict
from typing import Optional


class WorkflowFuture(Future):  # type: ignore[type-arg]
    """The outputs of a run, once it has ended.

    As :class:`concurrent.futures.Future`, and a run that is being executed can be cancelled too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stop: Optional[Callable[[], Any]] = None

    def cancel(self) -> bool:
        """End the run; return False if it had ended before."""
        if not super().cancel():
            return False
        stop = self._stop
        if stop is not None:
            stop()
        return True

    def begun(self, stop: Callable[[], Any]) -> None:
        """Note how to end the run; end it if it was cancelled before."""
        self._stop = stop
        if self.cancelled():
            stop()

    def running(self) -> bool:
        """Return whether the run has been submitted and has not ended."""
        return not self.done()

    def result(self, timeout: Optional[float] = None) -> Dict[Any, Any]:
        """Return the outputs of the run.

        :param timeout: seconds to wait
        :raises Exception: the one that ended the run
        :raises concurrent.futures.CancelledError: when the run was cancelled
        :raises concurrent.futures.TimeoutError: when it has not ended in time
        """
        outputs: Dict[Any, Any] = super().result(timeout)
        return outputs

    def settle(self, outputs: Optional[Dict[Any, Any]], error: Optional[BaseException]) -> None:
        """Note how the run ended, unless it was cancelled before."""
        if not self.set_running_or_notify_cancel():
            return
        if error is not None:
            self.set_exception(error)
        else:
            self.set_result(outputs)
