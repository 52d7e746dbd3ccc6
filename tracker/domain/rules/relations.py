"""Rules about other rules: they change what those charged, in the pipeline's declared order.

They make no charge of their own; `tracker.domain.scoring` applies them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from tracker.domain.points import Amount, Number
from tracker.domain.rules.base import Charge, RuleBase, Scene, When


class Relation(RuleBase):
    """A rule that only changes what other rules charged. `rules` are rule or clause ids."""

    rules: tuple[str, ...] = ()

    def charges(self, scene: Scene) -> Sequence[Charge]:
        return []


class Multiplier(Relation):
    """Scales what the named rules charged where the condition holds: 加倍 2, 减半 0.5, 免扣 0,
    按50%计 0.5.

    `order` says whether it comes before the clause's cap or after. With `same_problem` only charges
    of a problem (of a site or subject, where they name no problem) that a recognition or finding of
    that name is about are scaled (整改得到肯定的减半); one that names no problem reaches nothing.
    What a doubling would add is unknown as long as the day or the number of its condition is.

    Words: 加倍扣分, 减半扣分, 免扣, 按50%计算
    Facts: recognition, measurement, finding, report
    Formula: charged × factor
    Examples: xx-2020 3.14#2; xx-2020 4.2.2#3
    """

    kind: Literal["multiplier"] = "multiplier"
    factor: Annotated[Number, Field(ge=0)]
    when: When
    order: Literal["before_cap", "after_cap"] = "before_cap"
    same_problem: bool = False


class Exemption(Relation):
    """A condition under which the named rules charge nothing (达到Ⅱ类水质不扣分, 不涉及的除外).

    With `same_problem` only charges of a problem (of a site or subject, where they name no problem)
    that a recognition or finding of that name is about; one that names no problem reaches nothing.

    Words: 不扣分, 不涉及的除外, 达到的得满分
    Facts: recognition, measurement, target, finding, rank
    Formula: 0 for what the rules charged
    Examples: zhongfang-2021 9.1#1; xx-2020 2.1#2
    """

    kind: Literal["exemption"] = "exemption"
    when: When
    same_problem: bool = False


class NoDouble(Relation):
    """The same problem (one problem key) counts once among the named rules, as a loss and as a
    win, told by one fact that counts several or by several facts: the highest stays, or the first
    in time. Empty `rules` means every rule of the clause's item; `*` every rule of the programme.
    What `besides` names stays out of it and counts as well. Inside a clause it is chosen by the
    whole amount, before any limit; between clauses by what their limits leave, and then what had
    been cut off there counts as far as there is room now. With `only`, the rules that it names
    count once, among themselves and beside the others, which count among themselves as often as
    they do (扣分项与前面各项不重复). `same` narrows it to what happened in one month
    (同一断面同月).

    Words: 不重复扣分, 同一事件不重复加分, 只加一次
    Facts: finding, recognition, case
    Formula: the highest, or the first, of one problem
    Examples: zhongfang-2021 5.4#2; xx-2020 4.1.1-3#2
    """

    kind: Literal["no_double"] = "no_double"
    survives: Literal["highest", "first"] = "highest"
    same: Literal["problem", "problem_and_month"] = "problem"
    besides: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


class Cap(Relation):
    """A limit for a group of clauses: 累计不超过2分. `limit` bounds the losses, or with `gain` the
    wins; with `net` the sum of both stays within 0 and `limit` (总得分不低于0分或不超过1分), with
    both what is won once all that was lost is taken off (加减相抵后最多加10分). With `when` it
    limits only where that holds.

    Words: 累计不超过, 最高不超过, 总得分不低于0分
    Formula: min(sum, limit)
    Examples: zhongfang-2021 34.3#2; xx-2020 4.1.16.3#4
    """

    kind: Literal["cap"] = "cap"
    limit: Amount
    gain: bool = False
    net: bool = False
    when: When | None = None


class Veto(Relation):
    """一票否决: voids the clause, the item or the whole programme's score where the condition
    holds (该项总得分为零). Beside a veto of the whole no bonus counts.

    Words: 一票否决, 全盘否定, 总得分直接记0分, 该项总得分为零
    Facts: finding, recognition, measurement
    Formula: all that is left
    Examples: zhongfang-2021 30.6#2; xx-2020 3.16.2#3
    """

    kind: Literal["veto"] = "veto"
    when: When
    scope: Literal["clause", "item", "programme"] = "item"
