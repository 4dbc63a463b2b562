"""The phone of an inspector, on the road of a city."""

import pytest


@pytest.fixture
def phone(road):
    road.officer("walker")
    return road.phone("walker")
