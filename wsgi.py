"""WSGI entry point."""

from precursor.app import for_serving

app = for_serving()
