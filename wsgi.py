"""WSGI entry point."""

from precursor.app import create_app

app = create_app()
