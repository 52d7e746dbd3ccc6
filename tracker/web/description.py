"""What the interface says of itself: OpenAPI 3.1, and pages to try it that need no other host."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse, Response

from tracker import __version__
from tracker.domain.errors import NotFound
from tracker.web.assets import FOREVER
from tracker.web.entry import Entering
from tracker.web.interface import LANGUAGE, RESPONSES, ProblemAnswer, instants
from tracker.web.rendering import page
from tracker.wording import LANGUAGES

router = APIRouter(prefix="/api/v1", responses=RESPONSES)

BUNDLE = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
"""Files of the package fastapi-offline, which brings them along."""

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
"""Of the page to try the interface alone: its program writes styles into the page."""

ABOUT = (
    "读写责任清单 / reading and writing responsibility lists. 每个请求带令牌 / every request has a "
    "token: `Authorization: Bearer trk_...` (`tracker token make`). "
    "写入可带 Idempotency-Key，改动可带 If-Match / writes take an Idempotency-Key, changes an "
    "If-Match. Lists come in parts: follow the Link header. 不认识的参数会被拒绝 / what an "
    "operation does not know is refused, in the address as in the body."
)

PRICES = ("/price", "/what-if")
"""They change nothing, so that there is nothing to do twice."""

INSTANTS = {
    "as_of": "As of which instant: a day (its end), a local time, or ISO 8601; now by default.",
    "known_at": "With the facts that were known by then, an instant, or `then` for the same as "
    "as_of; now by default.",
}


def _described(app: FastAPI) -> dict[str, Any]:
    """Made once: the routes do not change while it runs."""
    if app.openapi_schema is None:
        whole = get_openapi(title="tracker", version=__version__, description=ABOUT,
                            openapi_version="3.1.0", routes=app.routes)  # fmt: skip
        paths = {path: one for path, one in whole["paths"].items() if path.startswith("/api/")}
        schemas = whole.setdefault("components", {}).setdefault("schemas", {})
        for path, operations in paths.items():
            for method, operation in operations.items():
                _complete(path, method, operation)
                schemas |= _parts(operation)
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas["ProblemAnswer"] = ProblemAnswer.model_json_schema()
        whole["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = {**whole, "paths": paths, "security": [{"token": []}]}
    return app.openapi_schema


def _parts(operation: dict[str, Any]) -> dict[str, Any]:
    """The schemas that its body refers to, taken out of it."""
    content = operation.get("requestBody", {}).get("content", {})
    parts: dict[str, Any] = content.get("application/json", {}).get("schema", {}).pop("$defs", {})
    return parts


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """What every operation of its kind takes, and the framework does not know of."""
    told = operation.setdefault("parameters", [])
    told += [_query(name, INSTANTS[name]) for name in instants(method.upper(), path)]
    told.append(_query(LANGUAGE, "Of the words in the answer.", enum=list(LANGUAGES)))
    if method in ("post", "patch") and not path.endswith(PRICES):
        told.append(_header("Idempotency-Key", "The same key again does nothing again.",
                            pattern="^[!-~]{1,200}$"))  # fmt: skip
    if method == "patch" or path.endswith(
        (
            "/reports",
            "/extensions",
            "/reviews",
            "/take-back",
            "/decisions",
            "/publish",
            "/drop",
            "/assignments/{clause}",
        )
    ):
        told.append(_header("If-Match", "The ETag of what is changed.", required=method == "patch"))


def _query(name: str, text: str, **more: Any) -> dict[str, Any]:
    kind = {"type": "string", **more}
    return {"name": name, "in": "query", "description": text, "schema": kind}


def _header(name: str, text: str, *, required: bool = False, pattern: str = "") -> dict[str, Any]:
    kind = {"type": "string"} | ({"pattern": pattern} if pattern else {})
    return {"name": name, "in": "header", "description": text, "required": required,
            "schema": kind}  # fmt: skip


@router.get("/openapi.json", include_in_schema=False)
def document(request: Request, asked: Entering) -> Response:
    return JSONResponse(_described(request.app))


@router.get("/docs", include_in_schema=False)
def documentation(asked: Entering) -> Response:
    """To read and to try, with the session of whoever looks."""
    answer = page(asked, "interface")
    answer.headers["content-security-policy"] = POLICY
    return answer


@router.get("/docs/{name}", include_in_schema=False)
def bundled(asked: Entering, name: str) -> Response:
    if name == "start.js":
        body = (files("tracker.web") / "static" / "docs.js").read_bytes()
        return Response(body, media_type="text/javascript")
    if name not in BUNDLE:
        raise NotFound(f"没有 / no file {name[:40]!r}")
    body = (files("fastapi_offline") / "static" / name).read_bytes()
    return Response(body, media_type=BUNDLE[name], headers={"cache-control": FOREVER})
