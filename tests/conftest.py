"""Shape and type annotations are checked while the tests run."""

from jaxtyping import install_import_hook

install_import_hook(["rectified", "reproduction"], "checking.typechecker")

import pytest  # noqa: E402
import torch  # noqa: E402
from hypothesis import settings  # noqa: E402

settings.register_profile("here", deadline=None)  # how long a test takes says more of the machine than of the code
settings.load_profile("here")


@pytest.fixture(autouse=True)
def one_thread():
    """Every test computes as a job of the workflow does."""
    torch.set_num_threads(1)
