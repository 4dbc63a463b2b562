"""The web application: wiring only."""

import gc
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import sqlalchemy as sa
from flask import Flask, Response, g, jsonify, render_template, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_security import FSQLALiteUserDatastore, Security
from flask_wtf.csrf import CSRFProtect
from secure import (
    ContentSecurityPolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    XContentTypeOptions,
    XFrameOptions,
)
from secure.middleware import SecureWSGIMiddleware
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

import precursor.tables  # noqa: F401 - engines guard every table
from precursor import rooms
from precursor.accounts import sessions
from precursor.accounts.models import Role, User, WebAuthn
from precursor.api import openapi, views
from precursor.core import access, guards, problems
from precursor.core.errors import Fault, Faulty, NotFound, PrecursorError, Unauthenticated
from precursor.core.members import UNSTORABLE
from precursor.desk import pages as desk_pages
from precursor.reconciliation import pages as reconciliation_pages
from precursor.roadside import pages as roadside_pages
from precursor.settings import Settings
from precursor.tokens import pages as token_pages
from precursor.web import database, i18n
from precursor.web.database import db

#: Views of libraries that anybody may open; Flask-Security guards its own.
PUBLIC = frozenset(
    {
        "static",
        "security.login",
        "security.logout",
        "security.verify",
        "security.change_password",
        "security.two_factor_setup",
        "security.two_factor_setup_validate",
        "security.two_factor_token_validation",
        "security.two_factor_rescue",
        "security.tf_select",
        "security.static",
    }
)


#: What the framework's own refusals mean.
_SAID = {
    400: "请求不完整或已过期，请刷新后重试 / the request is not complete or too old: load the page again",
    404: "没有这个页面 / there is no such page",
    405: "此地址不接受这种请求 / this address does not take such a request",
    413: "内容过大 / too large",
    429: "请求太多，请稍后再试 / too many requests: try again later",
}


def for_serving(settings: Settings | None = None) -> Flask:
    """The application of a process that will serve for long.

    What it has loaded by now stays loaded, so the garbage collector need not walk through it again.
    """
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    return app


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application. It does not start on tables without guards, or with a view that declares no action."""
    settings = settings or Settings.from_environment()
    app = Flask(__name__, instance_path=str(settings.home), template_folder="web/templates", static_folder="static")
    app.extensions["settings"] = settings
    app.config.update(
        SQLALCHEMY_ENGINES={"default": settings.database_url},
        BABEL_DEFAULT_LOCALE="zh_Hans_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        MAX_CONTENT_LENGTH=64 * 2**20,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https:"),
        RATELIMIT_STORAGE_URI="memory://",
        WTF_CSRF_CHECK_DEFAULT=False,
        SECURITY_USERNAME_ENABLE=True,
        SECURITY_USER_IDENTITY_ATTRIBUTES=[{"username": {"mapper": lambda v: v.strip().lower() if v else None}}],
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of the method
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_PASSWORD_LENGTH_MIN=10,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_CHANGEABLE=True,
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_TWO_FACTOR=True,
        SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
        SECURITY_TWO_FACTOR_ALWAYS_VALIDATE=True,
        SECURITY_TWO_FACTOR_RESCUE_EMAIL=False,
        SECURITY_TOTP_ISSUER="Precursor",
        SECURITY_CSRF_PROTECT_MECHANISMS=["session", "basic"],
        SECURITY_FRESHNESS=sessions.FRESH,
        SECURITY_FRESHNESS_GRACE_PERIOD=timedelta(0),
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/login",
        **sessions.MESSAGES,
        **settings.secrets(),
    )
    app.config.update(settings.overrides)
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    database.install(app)
    i18n.install(app)
    csrf = CSRFProtect(app)
    limiter = Limiter(get_remote_address, app=app, default_limits=[])
    app.extensions["limiter-kept"] = limiter  # Flask-Limiter itself keeps only a weak reference
    security = Security(
        app,
        FSQLALiteUserDatastore(db, User, Role, WebAuthn),
        totp_cls=sessions.OnceTotp,
        username_util_cls=sessions.UserNames,
    )
    app.extensions["security-kept"] = security
    app.login_manager.request_loader(lambda _: None)  # type: ignore[attr-defined]  # whoever logs in has a row of ours
    for endpoint in sessions.GUESSED:
        view: Any = app.view_functions[endpoint]
        each = limiter.limit("10/minute", methods=["POST"])(view)
        app.view_functions[endpoint] = limiter.limit("30/hour", key_func=sessions.guessed_for, methods=["POST"])(each)
    sessions.install(app)
    _storable(app)
    _same_origin(app, csrf)
    app.register_blueprint(reconciliation_pages.bp)
    app.register_blueprint(desk_pages.blueprint(rooms.COLLECTIONS, rooms.LISTINGS))
    app.register_blueprint(token_pages.bp)
    app.register_blueprint(roadside_pages.bp)
    app.register_blueprint(views.blueprint(rooms.COLLECTIONS, rooms.LISTINGS))
    _limits(app, limiter)
    _openapi(app)
    _health(app)
    _errors(app)
    _enforce(app)
    _headers(app)
    with app.app_context(), db.engine.connect() as connection:
        if sa.inspect(connection).has_table("movement") and (missing := guards.missing(connection)):
            raise RuntimeError(f"tables without their guards: {', '.join(missing)}")
    return app


def _enforce(app: Flask) -> None:
    """Deny by default: every view declares its action, and is only reached in a scope that grants it."""
    needed, silent = {}, []
    for endpoint, view in app.view_functions.items():
        try:
            needed[endpoint] = None if endpoint in PUBLIC else access.declared(view)
        except AttributeError:
            silent.append(endpoint)
    if silent:
        raise RuntimeError(f"views that declare no action: {', '.join(sorted(silent))}")

    @app.before_request
    def check() -> Any:
        action = needed.get(request.endpoint or "")
        if action is None:
            return None
        if g.subject is None and request.path.startswith("/api/"):
            raise Unauthenticated("请先登录或带令牌 / sign in, or send a token")
        if g.subject is None:
            return app.login_manager.unauthorized()  # type: ignore[attr-defined]
        g.scope = access.scope(g.subject, action)
        return None


def _storable(app: Flask) -> None:
    """No text that a database cannot hold comes further than here, whichever page it was meant for."""

    @app.before_request
    def look() -> None:
        if UNSTORABLE.search(request.path):
            raise NotFound("没有这个地址 / there is no such address")
        typed = [request.args, request.form] if not request.path.startswith("/api/") else []
        for name, text in (pair for one in typed for pair in one.items(multi=True)):
            if UNSTORABLE.search(name + text):
                where = UNSTORABLE.sub("?", name)[:40]
                raise Faulty([Fault(f"/{where}", "含不能保存的字符 / has a character that cannot be stored")])


def _same_origin(app: Flask, csrf: CSRFProtect) -> None:
    """Whatever changes something and comes with a cookie must carry the token of our own pages."""

    @app.before_request
    def protect() -> None:
        # Flask-Security's forms check themselves, all but the one button of leaving
        is_ours = request.blueprint != "security" or request.endpoint == "security.logout"
        if request.method not in ("GET", "HEAD", "OPTIONS") and is_ours and g.subject and g.subject.actions is None:
            csrf.protect()


#: How often an address may ask for what needs no log-in.
_LIMITS: Final = {
    **dict.fromkeys(
        [
            f"tokens.{n}"
            for n in ("trust_list", "status_list", "balance_list", "key_set", "list_numbers", "public_page")
        ],
        "120/minute",
    ),
    "roadside.enrol": "20/hour",
    "roadside.log": "120/minute",
    "roadside.photo": "120/minute",
    "roadside.extracted": "30/minute",
}


def _limits(app: Flask, limiter: Limiter) -> None:
    """What is open to anybody, or takes long to make, is not asked for without end."""
    view: Any
    for endpoint, view in list(app.view_functions.items()):
        if limit := _LIMITS.get(endpoint):
            app.view_functions[endpoint] = limiter.limit(limit)(view)
        elif endpoint.startswith(("desk.certificate files", "desk.sheet of labels")):
            app.view_functions[endpoint] = limiter.limit("20/minute", key_func=_reader)(view)


def _reader() -> str:
    """Whom a limit counts: who is logged in, else the address."""
    return str(g.subject.account) if g.get("subject") else get_remote_address()


def _openapi(app: Flask) -> None:
    """``/api/openapi.json``: the description of the API, made once, when it is first asked for."""
    described = cache(lambda: openapi.document(rooms.COLLECTIONS, rooms.LISTINGS))

    @app.get("/api/openapi.json")
    @access.public
    def describe() -> Response:
        return jsonify(described())


def _errors(app: Flask) -> None:
    """Errors as RFC 9457 for programs, as a page for people."""

    def answer(body: dict[str, Any], headers: Any = ()) -> Response:
        if request.path.startswith("/api/"):
            made = jsonify(body)
            made.content_type = "application/problem+json"
            if body["status"] == HTTPStatus.UNAUTHORIZED:
                made.headers["WWW-Authenticate"] = "Bearer"
        else:
            made = app.make_response(render_template("problem.html", problem=body))
        made.status_code = body["status"]
        made.headers.extend(headers)
        return made

    @app.errorhandler(PrecursorError)
    def ours(error: PrecursorError) -> Response:
        return answer(problems.problem(error))

    @app.errorhandler(sa.exc.DBAPIError)
    def refused(error: sa.exc.DBAPIError) -> Response:
        db.session.rollback()
        return answer(problems.problem(problems.from_database(error)))

    @app.errorhandler(RecursionError)
    def too_deep(_: RecursionError) -> Response:
        return answer({"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "nested too deep"})

    @app.errorhandler(HTTPException)
    def of_http(error: HTTPException) -> Response:
        if error.response is not None:
            return error.response  # type: ignore[return-value]
        headers = [(k, v) for k, v in error.get_headers() if k.lower() != "content-type"]
        for_people = not request.path.startswith("/api/")
        detail = _SAID.get(error.code or 0, error.description) if for_people else error.description
        body = {"type": "about:blank", "title": error.name, "status": error.code, "detail": detail}
        return answer(body, headers)


def _health(app: Flask) -> None:
    """``/healthz``: the process answers. ``/readyz``: so does the database."""

    @app.get("/healthz")
    @access.public
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    @access.public
    def readyz() -> Response:
        db.session.execute(sa.select(1))
        return jsonify(status="ok")


def _headers(app: Flask) -> None:
    """One strict policy for every answer: our own scripts and styles only, nothing inline.

    The phone's application alone may compile WebAssembly, which reads its codes, and look through the camera.
    """
    inner = app.wsgi_app
    strict, scanning = (SecureWSGIMiddleware(inner, secure=_policy(*more)) for more in ((), ("'wasm-unsafe-eval'",)))

    def guarded(environ: Any, start: Any) -> Any:
        return (scanning if environ["PATH_INFO"].startswith("/scan/") else strict)(environ, start)

    app.wsgi_app = guarded  # type: ignore[method-assign, assignment]

    @app.after_request
    def private(response: Response) -> Response:
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _permissions(*, is_phone: bool) -> PermissionsPolicy:
    who = "'self'" if is_phone else "()"
    return PermissionsPolicy().camera(who).geolocation(who)


def _policy(*scripts: str) -> Secure:
    policy = (
        ContentSecurityPolicy()
        .default_src("'self'")
        .script_src("'self'", *scripts)
        .style_src("'self'")
        .img_src("'self'", "data:")
        .object_src("'none'")
        .base_uri("'none'")
        .frame_ancestors("'none'")
        .form_action("'self'")
    )
    return Secure(
        csp=policy,
        referrer=ReferrerPolicy().no_referrer(),
        xfo=XFrameOptions().deny(),
        xcto=XContentTypeOptions(),
        permissions=_permissions(is_phone=bool(scripts)),
    )
