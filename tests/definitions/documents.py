"""A small sound programme as text, and the problems of a text."""

from __future__ import annotations

from textwrap import dedent

from tracker.definitions import yamlform
from tracker.domain.errors import DefinitionError

SOUND = dedent(
    """\
    id: small
    title: 小方案
    year: 2021
    points: "5"
    units:
      - {id: housing, name: 县住建局, short: 住建局}
      - {id: env_bureau, name: 市生态环境局}
    targets:
      - {id: ponds, name: 尾矿库, value: "12"}
    sections:
      - id: "1"
        title: 板块
        points: "5"
        items:
          - id: "20"
            title: 尾矿库整治
            points: "5"
            responsible_units: [housing]
            reviewing_units: [env_bureau]
            clauses:
              - id: "20.1"
                title: 清单
                text: 8月底前建立清单
                points: "2"
                duties:
                  - {kind: milestone, id: list, on: 2021-08-31}
                rules:
                  - {kind: duty, duty: list}
              - id: "20.2"
                title: 整治
                text: 每少一座扣0.5分
                points: "3"
                duties:
                  - {kind: milestone, id: s1, on: 2021-09-30, need: {of: ponds, share: "0.8"}}
                rules:
                  - {kind: per_missing, duty: s1, each: "0.5"}
    readings:
      - id: rounding
        clause: "20.2"
        question: 9座的80%是7座还是8座？
        default: up
        alternatives:
          - {id: up, says: 进位}
          - {id: down, says: 舍去, set: {20.2/s1.need.rounding: down}}
    """
)


def with_change(*changes: tuple[str, str]) -> str:
    """The sound text with each first part replaced by the second, which must occur."""
    text = SOUND
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def problems(text: str, language: str = "zh") -> list[str]:
    try:
        yamlform.loads(text, "list.yaml", "en" if language == "en" else "zh")
    except DefinitionError as error:
        return [str(one) for one in error.problems]
    return []
