"""Check shape and type annotations while the tests run."""

from jaxtyping import install_import_hook

install_import_hook(["rectified", "reproduction"], "checking.typechecker")

import pytest  # noqa: E402
import torch  # noqa: E402
from hypothesis import settings  # noqa: E402

settings.register_profile("here", deadline=None)  # the duration of a test depends on the machine
settings.load_profile("here")


@pytest.fixture(autouse=True)
def one_thread():
    """Run every test on one thread, as a job of the workflow does."""
    torch.set_num_threads(1)
