"""The application's own settings, on an instance that lasts as long as the tests (`DATABASE_URL` picks PostgreSQL)."""

import os
import tempfile

# Each process that runs tests has an instance of its own; one that a test starts keeps the instance it is given.
os.environ["XIANJIE_HOME"] = (
    os.environ["XIANJIE_HOME"]
    if "XIANJIE_HOME" in os.environ
    and os.environ.get("XIANJIE_TESTS_OF", os.environ.get("PYTEST_XDIST_WORKER", ""))
    == os.environ.get("PYTEST_XDIST_WORKER", "")
    else tempfile.mkdtemp(prefix="xianjie-tests-")
)
os.environ["XIANJIE_TESTS_OF"] = os.environ.get("PYTEST_XDIST_WORKER", "")
os.environ["XIANJIE_DEBUG"] = "1"
os.environ["XIANJIE_HTTPS"] = "0"
os.environ["XIANJIE_TODAY"] = "2025-10-31"

from xianjie.web.settings import *  # noqa: F403
from xianjie.web.translations import compile_catalogue

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # logging in is not what most tests are about
if DATABASES["default"]["ENGINE"] == "xianjie.web.sqlite":  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405  (what Django does by itself for its own engine)
compile_catalogue()  # before anything reads it: what was read once stays as it was
