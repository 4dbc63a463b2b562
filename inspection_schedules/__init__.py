"""Inspection schedules (检查计划): how often, when due, what a plan asks for. Pure: values in, values out."""

from inspection_schedules.frequencies import PLANS, Frequencies, Grade, Plan, Supervision, combine
from inspection_schedules.slots import Graded, Slot, slots
from inspection_schedules.windows import Window, window_of, windows_ending_in

__all__ = [
    "PLANS",
    "Frequencies",
    "Grade",
    "Graded",
    "Plan",
    "Slot",
    "Supervision",
    "Window",
    "combine",
    "slots",
    "window_of",
    "windows_ending_in",
]
