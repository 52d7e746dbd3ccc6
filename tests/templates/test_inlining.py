"""A template with its macros written into it says what it says with its macros called."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from jinja2 import DictLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from tests.templates import samples
from tracker.runtime import PLAIN, TEMPLATES
from tracker.services.digest import Audience
from tracker.services.digest_words import render_digest
from tracker.services.letters import Rendered, render_reminder
from tracker.wording import LANGUAGES, Language
from tracker.wording.inlining import Inlining
from tracker.wording.templating import install


def of_the_house(kind: type[Environment]) -> Environment:
    return install(
        kind(
            loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True,
            autoescape=select_autoescape((), PLAIN, default_for_string=True, default=True),
            lstrip_blocks=True, cache_size=-1,
        )
    )  # fmt: skip


CALLING, INLINING = of_the_house(Environment), of_the_house(Inlining)

Write = Callable[[Environment, Language], Rendered]
LETTERS: dict[str, Write] = {
    "three late": lambda env, language: render_reminder(
        env, language, samples.a_mail(*[samples.late(str(n)) for n in range(3)])
    ),
    "nothing late": lambda env, language: render_reminder(env, language, samples.a_mail()),
    **{
        audience.value: lambda env, language, audience=audience: render_digest(  # type: ignore[misc]
            env, language, samples.a_digest(audience), overview="https://x.cn/p/", leave="https://x"
        )
        for audience in Audience
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_reads_the_same_to_the_letter(name: str, language: Language) -> None:
    called, inlined = (LETTERS[name](env, language) for env in (CALLING, INLINING))
    assert inlined.html == called.html
    assert inlined.subject == called.subject


LIBRARY = """{% set INK = "color:black;"|safe %}{% set BODY = INK ~ "margin:0;" %}
{% macro bold(text) %}<b style="{{ INK }}">{{ text }}</b>{% endmacro %}
{% macro twice(text, long=false) %}{% if long %}{{ text }} {% endif %}{{ text }}{% endmacro %}
{% macro listed(things) %}{% set n = things|length %}
{% for x in things %}{{ x }}/{{ n }} {% endfor %}{% endmacro %}
{% macro boxed(text) %}[{{ bold(text) }}]{% endmacro %}
{% macro down(n) %}{{ n }}{% if n %}{{ down(n - 1) }}{% endif %}{% endmacro %}
{% macro framed() %}<{{ caller() }}>{% endmacro %}"""

TEMPLATES_OF_ONE = {
    "escapes": '{{ m.bold("<" ~ word) }}',
    "markup stays": "{{ m.bold(m.bold(word)) }}",
    "a set is markup": '<p style="{{ m.BODY }}{{ m.BODY ~ "x<" }}">',
    "a default": "{{ m.twice(word) }}{{ m.twice(word, true) }}{{ m.twice(text=word, long=n > 1) }}",
    "within a loop": "{% for x in many %}{{ m.twice(loop.index, loop.first) }}{% endfor %}",
    "names do not meet": "{% set x = 7 %}{% set n = 8 %}{{ m.listed([x, n]) }}{{ x }}{{ n }}",
    "a macro within": "{{ m.boxed(word) }}",
    "recursion": "{{ m.down(3) }}",
    "a caller": "{% call m.framed() %}{{ word }}{% endcall %}",
    "filtered": "{{ m.bold(word)|upper }}",
    "in a test": "{% if m.twice(word) %}{{ m.bold(n) }}{% endif %}",
    "its own": "{% macro own(a) %}{{ a }}{{ m.bold(a) }}{% endmacro %}{{ m.bold(own(n)) }}",
    "included": "{% for x in many %}{% include 'part' %}{% endfor %}",
    "constant": "{% if true and not false %}{{ m.bold(1 + 1) }}{% else %}no{% endif %}",
}  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES_OF_ONE)
def test_every_way_of_calling_gives_the_same(name: str) -> None:
    sources: Mapping[str, str] = {
        "lib": LIBRARY, "part": "{{ x }}{{ m.bold(x) }};",
        "one": '{% import "lib" as m %}' + TEMPLATES_OF_ONE[name],
    }  # fmt: skip
    values = {"word": "<水&务>", "n": 3, "many": ["a", "<b>", "c"]}
    called, inlined = (
        kind(loader=DictLoader(sources), autoescape=True).get_template("one").render(values)
        for kind in (Environment, Inlining)
    )
    assert inlined == called


def test_a_text_is_not_escaped_by_a_macro_that_a_page_shares_with_it() -> None:
    digest = samples.a_digest(Audience.LEADER)
    told = render_digest(INLINING, "zh", digest).text
    assert "<script>" in told
    assert "&lt;" not in told


@pytest.mark.parametrize("kind", [Environment, Inlining])
def test_a_macro_keeps_what_its_own_template_imports(kind: type[Environment]) -> None:
    """Written into a page that does not import it, or imports something else by its name."""
    sheets = {
        "marks": "{% macro mark(x) %}*{{ x }}*{% endmacro %}",
        "others": "{% macro mark(x) %}!{{ x }}!{% endmacro %}",
        "price": '{% import "marks" as c %}{% macro shown(x) %}{{ c.mark(x) }}{% endmacro %}'
        "{% macro framed(x) %}[{{ shown(x) }}]{% endmacro %}",
        "plain": '{% import "price" as p %}{{ p.framed(1) }}',
        "same": '{% import "marks" as c %}{% import "price" as p %}{{ p.framed(1) }}',
        "other": '{% import "others" as c %}{% import "price" as p %}'
        "{{ p.framed(1) }}{{ c.mark(2) }}",
    }
    env = kind(loader=DictLoader(sheets), undefined=StrictUndefined)
    told = {name: env.get_template(name).render() for name in ("plain", "same", "other")}
    assert told == {"plain": "[*1*]", "same": "[*1*]", "other": "[*1*]!2!"}
