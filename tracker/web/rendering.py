"""Values to pages."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any, cast
from zoneinfo import ZoneInfo

from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tracker.web.asking import Asked, Desk
from tracker.wording import notice_reason


def page(
    asked: Asked,
    template: str,
    *,
    desk: Desk | None = None,
    status: int = 200,
    bare: bool = False,
    **values: Any,
) -> HTMLResponse:
    """`templates/web/<template>.html.j2`; the session's cookie comes along where it is new.

    `bare` is for somebody who only came by a signed link: no ways to pages that are closed to them.
    """
    zone: ZoneInfo = desk.zone if desk is not None else asked.runtime.settings.tz
    body = asked.runtime.templates.get_template(f"web/{template}.html.j2").render(
        asked=asked, desk=desk, language=asked.language, zone=zone, link=asked.link,
        assets=asked.web.assets, token=asked.token, bare=bare,
        reason=partial(notice_reason, language=asked.language), **values,
    )  # fmt: skip
    response = HTMLResponse(body, status_code=status)
    asked.web.gate.keep_session(asked.request, response, asked.session)
    return response


def part(asked: Asked, template: str, *, desk: Desk, of: Hashable, **values: Any) -> Markup:
    """A part of a page, `templates/web/_parts/<template>.html.j2`, rendered once for all who see
    the same: `of` names what its values were computed from. It has no form that changes anything
    and nothing that is one person's."""
    key = (template, of, desk.slug, desk.present, asked.language, asked.carried)
    known = asked.web.parts.get(key)
    if known is None:
        known = Markup(
            asked.runtime.templates.get_template(f"web/_parts/{template}.html.j2").render(
                asked=asked,
                desk=desk,
                language=asked.language,
                zone=desk.zone,
                link=asked.link,
                **values,
            )
        )
        asked.web.parts.put(key, known)
    return cast(Markup, known)


def go(asked: Asked, path: str, **query: object) -> Response:
    """After a form: on to a page, so that reloading it sends nothing again."""
    return RedirectResponse(asked.link(path, **query), status_code=303)
