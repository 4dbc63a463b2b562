"""A city with a road, and the phone of an inspector on it."""

import pytest
from api_kit import Door
from roadside_kit import Road


@pytest.fixture
def road(url, owner, tmp_path):
    door = Door(url, tmp_path)
    yield Road(door, tmp_path)
    door.close()


@pytest.fixture
def phone(road):
    road.officer("walker")
    return road.phone("walker")
