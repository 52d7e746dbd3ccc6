"""People and facts from sheets (.xlsx, .csv) and YAML; every row knows its place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contact:
    """One row of a list of contacts. `unit` is as written: a slug, a name or a short name;
    `role` is contact, deputy, head, leader, reviewer or office. `mail` may be empty."""

    unit: str
    name: str
    role: str
    mail: str
    mobile: str
    place: str
