from __future__ import annotations

import pytest

from xianjie.policy import builtin, overlay
from xianjie.rules import Policy, load_policy
from xianjie.screening.schema import rule_schema


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The built-in policy over the dictionary."""
    return load_policy(builtin(), rule_schema())


@pytest.fixture(scope="session")
def city() -> Policy:
    """The built-in policy with the unnamed city's overlay."""
    return load_policy([builtin(), overlay("city")], rule_schema())
