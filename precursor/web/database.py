"""The session that Flask-Security and pages share in one request; services of a command get their own."""

import inspect
from typing import Any

from flask import Flask, request
from flask_sqlalchemy_lite import SQLAlchemy

from precursor.core.db import WRITE, prepare


class _Database(SQLAlchemy):
    """Without the async teardown, which makes an event loop on every request."""

    def init_app(self, app: Any) -> None:
        super().init_app(app)
        kept = [f for f in app.teardown_appcontext_funcs if not inspect.iscoroutinefunction(f)]
        app.teardown_appcontext_funcs[:] = kept


db = _Database()


def install(app: Flask) -> None:
    """Bind the database; a request that may write takes the write lock before it reads (SQLite)."""
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    prepare(engine, owner=False)
    app.extensions["engine"] = engine

    @app.before_request
    def lock() -> None:
        if request.method not in ("GET", "HEAD", "OPTIONS") and request.endpoint != "static":
            db.session.connection(execution_options=WRITE)
