"""What a page does, a program can do: every form of a page names what it is in the interface, or
why there is nothing. A new form without a line, and a line without a route, fail."""

from __future__ import annotations

import pytest

from tests.web.conftest import House
from tests.web.test_hardening import every_route

P, A = "/p/{slug}", "/api/v1"
S = f"{A}/programmes/{{slug}}"

SAME: dict[str, tuple[str, ...]] = {
    "/account": (
        f"POST {A}/account/language", f"DELETE {A}/account/sessions/{{one}}", f"POST {A}/tokens",
        f"DELETE {A}/tokens/{{number}}",
    ),
    "/admin": (f"POST {A}/accounts",),
    "/admin/{number}": (
        f"PATCH {A}/accounts/{{number}}", f"POST {A}/accounts/{{number}}/roles",
        f"DELETE {A}/accounts/{{number}}/roles/{{seat}}",
        f"DELETE {A}/accounts/{{number}}/sessions/{{one}}",
        f"DELETE {A}/accounts/{{number}}/tokens/{{one}}",
    ),
    "/service/try": (f"POST {A}/service/try",),
    "/service/backup": (f"POST {A}/service/backups",),
    "/hooks": (
        f"POST {A}/hooks", f"POST {A}/hooks/{{number}}/renew", f"POST {A}/hooks/{{number}}/end",
        f"POST {A}/hooks/{{number}}/try", f"POST {A}/hooks/{{number}}/postings/{{one}}/again",
    ),
    "/calendar": (f"POST {A}/calendar/price", f"POST {A}/calendar"),
    "/import": (f"POST {A}/imports",),
    "/import/{id_}/settle": (f"POST {A}/imports/{{number}}/decisions",),
    "/import/{id_}/accept": (f"POST {A}/imports/{{number}}/decisions",),
    "/import/{id_}/publish": (f"POST {A}/imports/{{number}}/publish",),
    "/import/{id_}/drop": (f"POST {A}/imports/{{number}}/drop",),
    f"{P}/instruct": (f"POST {S}/instructions",),
    f"{P}/year": (f"POST {S}/year/close", f"POST {S}/year/reopen", f"POST {S}/year/next"),
    f"{P}/facts/{{clause}}": (f"POST {S}/facts", f"POST {S}/facts/price"),
    f"{P}/report": (f"POST {S}/reports",),
    f"{P}/review": (f"POST {S}/reviews", f"POST {S}/reviews/{{review}}/take-back"),
    f"{P}/extend": (f"POST {S}/extensions", f"POST {S}/facts/price"),
    f"{P}/cases": (f"POST {S}/cases",),
    f"{P}/cases/close": (f"POST {S}/cases/{{case}}/close",),
    f"{P}/readings": (f"POST {S}/readings/{{reading}}",),
    f"{P}/signoffs": (f"POST {S}/signoffs",),
    f"{P}/assign/{{clause}}": (
        f"POST {S}/assignments/{{clause}}/price", f"POST {S}/assignments/{{clause}}",
    ),
    f"{P}/digest": (f"POST {S}/digests",),
    f"{P}/policy": (f"POST {S}/policy/preview", f"POST {S}/policy"),
    f"{P}/slips": (f"POST {S}/slips",),
    f"{P}/slips/{{number}}": (f"POST {S}/slips/{{number}}/void",),
    f"{P}/replies": (f"POST {S}/replies/{{reply}}/settle",),
    f"{P}/calls": (f"POST {S}/calls",),
    f"{P}/people": (f"POST {S}/contacts", f"POST {S}/units/{{unit}}/handover"),
    f"{P}/people/{{number}}": (
        f"POST {S}/handovers", f"POST {S}/people/{{number}}/absences",
        f"POST {S}/people/{{number}}/absences/{{absence}}/end",
        f"POST {S}/people/{{number}}/reachable", f"POST {S}/people/{{number}}/revoke-links",
        f"POST {S}/people/{{number}}/erase",
    ),
    f"{P}/feeds": (
        f"POST {S}/feeds", f"POST {S}/feeds/{{number}}/renew", f"POST {S}/feeds/{{number}}/revoke",
    ),
    f"{P}/silences": (f"POST {S}/silences",),
    f"{P}/silences/{{number}}/end": (f"POST {S}/silences/{{number}}/end",),
    f"{P}/remind": (f"POST {S}/reminders",),
    f"{P}/notices/resend": (f"POST {S}/resendings",),
}  # fmt: skip

NONE: dict[str, str] = {
    "/sign-in": "a program shows its token",
    "/sign-out": "a program's token is revoked",
    "/account/password": "a password is a person's, and a token must not take an account over",
    "/a/{token}": "the link of one mail; the same acts are reports, extensions and reviews",
    "/u/{token}": "the link of one mail",
}

ALONE: dict[str, str] = {
    f"POST {S}/what-if": "the form of the forecast is a GET, so that its address can be kept",
}


def test_every_form_of_a_page_has_its_counterpart_or_a_reason(house: House) -> None:
    forms = {path for method, path in every_route(house)
             if method == "POST" and not path.startswith("/api/")}  # fmt: skip
    assert forms == set(SAME) | set(NONE)
    assert not set(SAME) & set(NONE)
    assert all(NONE.values())


def test_every_counterpart_is_there_and_none_does_more_than_a_page(house: House) -> None:
    acting = {f"{method} {path}" for method, path in every_route(house)
              if path.startswith("/api/") and method not in ("GET", "HEAD")}  # fmt: skip
    named = {one for group in SAME.values() for one in group}
    assert named | set(ALONE) == acting
    assert not named & set(ALONE)


FILES = ("digest.{kind}", "audit.{kind}", "bulletin.{kind}", "dossier.pdf", "calls/pdf",
         "slips/{number}/pdf", "evidence/{sha256}")  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_paper_of_a_page_is_there_for_a_program(house: House, name: str) -> None:
    paths = {path for method, path in every_route(house) if method == "GET"}
    assert {f"{P}/{name}", f"{S}/{name}"} <= paths


SHOWN: dict[str, str] = {
    "/": f"{A}/programmes",
    "/account": f"{A}/account",
    "/admin": f"{A}/accounts",
    "/admin/{number}": f"{A}/accounts/{{number}}",
    "/calendar": f"{A}/calendar",
    "/health": f"{A}/health",
    "/hooks": f"{A}/hooks/{{number}}/postings",
    "/import": f"{A}/imports",
    "/import/{id_}": f"{A}/imports/{{number}}",
    "/service": f"{A}/service/backups",
    f"{P}": f"{S}/obligations",
    f"{P}/": f"{S}/obligations",
    f"{P}/items": f"{S}",
    f"{P}/items/{{number}}": f"{S}",
    f"{P}/clauses/{{name}}": f"{S}",
    f"{P}/obligations": f"{S}/obligations",
    f"{P}/obligation": f"{S}/obligation/history",
    f"{P}/receipt": f"{S}/obligation/history",
    f"{P}/entries": f"{S}/score",
    f"{P}/score": f"{S}/score",
    f"{P}/units/{{unit}}": f"{S}/score",
    f"{P}/ranking": f"{S}/ranking",
    f"{P}/timeline": f"{S}/obligations",
    f"{P}/leader": f"{S}/digest.{{kind}}",
    f"{P}/digest": f"{S}/digests",
    f"{P}/audit": f"{S}/audit.{{kind}}",
    f"{P}/year": f"{S}/year",
    f"{P}/reviews": f"{S}/reviews",
    f"{P}/notices": f"{S}/notices",
    f"{P}/notices/table": f"{S}/notices",
    f"{P}/notices/ahead": f"{S}/notices/ahead",
    f"{P}/mails": f"{S}/mails",
    f"{P}/mails/{{number}}": f"{S}/mails/{{number}}",
    f"{P}/forecast": f"{S}/forecast",
    f"{P}/facts": f"{S}/facts",
    f"{P}/facts/{{clause}}": f"{S}/facts",
    f"{P}/cases": f"{S}/cases",
    f"{P}/readings": f"{S}/readings",
    f"{P}/signoffs": f"{S}/signoffs",
    f"{P}/signoffs/{{number}}": f"{S}/signoffs/{{number}}",
    f"{P}/policy": f"{S}/policy",
    f"{P}/assign": f"{S}/assignments",
    f"{P}/assign/{{clause}}": f"{S}/assignments",
    f"{P}/slips": f"{S}/slips",
    f"{P}/slips/{{number}}": f"{S}/slips/{{number}}",
    f"{P}/replies": f"{S}/replies",
    f"{P}/calls": f"{S}/calls",
    f"{P}/people": f"{S}/people",
    f"{P}/people/{{number}}": f"{S}/people/{{number}}",
    f"{P}/feeds": f"{S}/feeds",
    f"{P}/silences": f"{S}/silences",
    **{f"{P}/{name}": f"{S}/{name}" for name in FILES},
}
"""What a page shows is read there."""

UNSHOWN: dict[str, str] = {
    "/rules": "the same on every installation: how rules work, which the command line prints",
    "/metrics": "is for programs",
    "/account/password": "a form alone",
    "/sign-in": "a form alone",
    "/sign-out": "a form alone",
    "/a/{token}": "the link of one mail",
    "/u/{token}": "the link of one mail",
    "/calendar/{token}.ics": "is for programs",
    "/health.json": "is for programs",
    "/favicon.ico": "of a browser",
    "/robots.txt": "of a crawler",
    "/static/{name}": "of a browser",
    f"{P}/report": "a form alone",
    f"{P}/extend": "a form alone",
    f"{P}/instruct": "a form alone",
    f"{P}/remind": "a form alone",
    f"{P}/notices/letter": "how a mail to come will look; what it tells is in notices/ahead",
}


def test_what_a_page_shows_a_program_reads_or_there_is_a_reason(house: House) -> None:
    paths = {path for method, path in every_route(house) if method == "GET"}
    pages = {path for path in paths if not path.startswith("/api/")}
    signing_in = {path for path in pages if path.startswith("/sign-in/")}
    assert pages - signing_in == set(SHOWN) | set(UNSHOWN)
    assert set(SHOWN.values()) <= paths
