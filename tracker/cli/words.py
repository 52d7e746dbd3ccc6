"""What commands say, Chinese first."""

from __future__ import annotations

from typing import Literal

Lang = Literal["zh", "en"]

WORDS: dict[str, tuple[str, str]] = {
    "check.sound": (
        "{file}：没有问题。{title}，{items} 项任务，{clauses} 条计分句，{rules} 条规则，"
        "{readings} 条口径。",
        "{file}: sound. {title}: {items} items, {clauses} clauses, {rules} rules, "
        "{readings} readings.",
    ),
    "check.problems": ("{file}：{n} 处问题，未载入", "{file}: {n} problems, nothing was loaded"),
    "load.new": (
        "已发布 {slug} 第 {version} 版：{title}",
        "published {slug} version {version}: {title}",
    ),
    "load.past_owed": (
        "其中 {n} 项今天以前已到期，按仍欠着记；都已按期办结的，发布时加 --past done",
        "{n} of its duties were due before today and count as still owed; publish with --past done "
        "if all were done in time",
    ),
    "load.past_done": (
        "其中 {n} 项今天以前已到期，记为按期办结",
        "{n} of its duties were due before today and are recorded as done in time",
    ),
    "load.same": (
        "{slug} 第 {version} 版内容相同，未变",
        "{slug} version {version} has the same content: unchanged",
    ),
    "rules.unknown": (
        "没有 {kind} 这种规则；有：{known}",
        "there is no kind of rule {kind}; there are {known}",
    ),
    "rules.words": ("说法：", "words: "),
    "rules.facts": ("事实：", "facts: "),
    "rules.formula": ("算法：", "formula: "),
    "rules.example": ("例：", "e.g. "),
    "clause.points": ("分值不是数：{given}", "not a number of points: {given}"),
    "clause.line": (
        '标准输入第 {line} 行：{why}（每行写作 {{"text": "…", "year": 2021}}；没有作答）',
        'standard input, line {line}: {why} (each line as {{"text": "...", "year": 2021}};'
        " nothing was answered)",
    ),
    "clause.due": ("期限：{day}", "due: {day}"),
    "clause.stage": ("节点：{day} 应达 {n}", "by {day}: {n}"),
    "clause.period": (
        "周期：{freq} ×{interval}，每期 {times} 次，首期 {first}",
        "period: {freq} x{interval}, {times} each, first {first}",
    ),
    "clause.length": ("时长：{n} {unit}", "length of time: {n} {unit}"),
    "clause.open": ("有歧义：{readings}", "open: {readings}"),
    "clause.unread": ("没有读懂：{text}", "not understood: {text}"),
    "diff.same": ("两份文件内容相同", "the two documents say the same"),
    "diff.count": ("{n} 处不同", "{n} differences"),
    "list.none": (
        "尚无方案。载入：tracker programme load FILE（随附：{shipped}）",
        "no programmes yet; load one: tracker programme load FILE (shipped: {shipped})",
    ),
    "contacts.loaded": (
        "{rows} 行：新增 {added} 项任职，保留 {kept}，终止 {ended}",
        "{rows} rows: {added} roles added, {kept} kept, {ended} ended",
    ),
    "facts.loaded": (
        "{rows} 条事实：新记 {added}，已有 {kept}",
        "{rows} facts: {added} new, {kept} on file already",
    ),
    "facts.moved": ("现在的得分因此变动 {by} 分", "the score as it stands now moves by {by}"),
    "score.other_year": ("（不在 {year} 年内）", "(not of {year})"),
    "facts.other_year": (
        "注意：{what}（{when}，{id}）不在 {year} 年内，不计分；日期或方案不对的，请更正",
        "note: {what} ({when}, {id}) is not of {year} and does not count; correct the day, or "
        "record it for its own year's programme",
    ),
    "facts.other_year_counts": (
        "注意：{what}（{when}，{id}）不在 {year} 年内，仍计分；不是 {year} 年的事的，请更正",
        "note: {what} ({when}, {id}) is not of {year} and counts all the same; correct it if it is "
        "no result of {year}",
    ),
    "facts.other_years": (
        "不在 {year} 年内的共 {n} 条；--json 列出全部",
        "{n} facts are not of {year}; --json lists them all",
    ),
    "calendar.loaded": ("已载入 {year} 年放假通知", "loaded the notice of {year}"),
    "calendar.same": ("{year} 年放假通知内容相同，未变", "the notice of {year} is on file already"),
    "as_of": ("截至 {at}", "as of {at}"),
    "known": ("（按 {at} 前录入的事实）", " (with the facts entered by {at})"),
    "due.count": ("共 {n} 项", "{n} in all"),
    "late.days": ("{n} 天", "{n} d"),
    "late.hours": ("{n} 小时", "{n} h"),
    "due.none": ("没有符合条件的应办事项", "no obligation matches"),
    "score.line": (
        "得分 {score} / {points}（基本分 {base}，加分 {bonus}，扣分 {penalty}）",
        "score {score} / {points} (base {base}, bonus {bonus}, penalty {penalty})",
    ),
    "score.lost": (
        "失分 {lost}：已定 {settled}，仍可能变动 {provisional}；待认定 {pending} 条，"
        "待数据 {unknown} 条，最低可能 {worst}",
        "lost {lost}: settled {settled}, may still change {provisional}; {pending} pending, "
        "{unknown} unknown, at worst {worst}",
    ),
    "score.final": (
        "已过截止日：没有办的按未办计，此后只因新录入的事实而变",
        "past the cut-off: what is not done is never done; only facts that come later change it",
    ),
    "score.caused_jointly": ("{unit} 共同 {joint}", "{unit} jointly {joint}"),
    "score.caused_both": (
        "{unit} 独自 {alone} 共同 {joint}",
        "{unit} alone {alone}, jointly {joint}",
    ),
    "score.due": ("期限 {at}", "due {at}"),
    "score.fact": ("{when} {said}（{id}）", "{when} {said} ({id})"),
    "score.facts": ("依据 {facts}{more}", "from {facts}{more}"),
    "score.at_worst": ("最坏 {worst}，未计入得分", "{worst} at worst, not in the score"),
    "score.place": ("第 {n} 名", "place {n}"),
    "score.more_facts": (" 等 {n} 条", " and others, {n} in all"),
    "score.readings": ("口径 {readings}", "readings {readings}"),
    "score.versions": (
        "按第 {old} 版 {before}，按现行第 {new} 版 {after}（{change}）",
        "under version {old} {before}, under the current version {new} {after} ({change})",
    ),
    "signoff.done": (
        "第 {number} 号签定：{person}，截至 {at}，得分 {score}（方案第 {version} 版，{sha}）",
        "sign-off {number}: {person}, as of {at}, score {score} (version {version}, {sha})",
    ),
    "signoff.not_known": (
        "待认定 {pending} 条、待数据 {unknown} 条没有计入，最低可能 {worst}；补录后再签为新的一号",
        "not in it: {pending} to be decided, {unknown} waiting for data; at worst {worst}. Sign "
        "again once they are recorded",
    ),
    "signoff.none": ("尚无签定", "nothing is signed yet"),
    "signoff.line": (
        "第 {number} 号  {score} / 失 {lost}  截至 {at}  {person} 于 {signed} 签{state}",
        "{number}  {score} / lost {lost}  as of {at}  signed by {person} at {signed}{state}",
    ),
    "signoff.interim": ("（截止日前，阶段性）", " (before the cut-off: interim)"),
    "signoff.broken": ("  留存内容已被改动", "  what was kept has been changed"),
    "signoff.facts": (
        "此后录入 {n} 条事实：按签定的第 {version} 版 {before} → {after}（{change}）",
        "{n} facts came later: under version {version} as signed {before} → {after} ({change})",
    ),
    "signoff.whole": (
        "按现行第 {version} 版：{before} → {after}（{change}）",
        "under the current version {version}: {before} → {after} ({change})",
    ),
    "score.retroactive": (
        "追溯：不计追溯 {provisional}，现计 {standing}，结果全部达到则 {reached}；{at} 前为暂计",
        "retroactive: {provisional} without, {standing} as it stands, {reached} if every result is "
        "reached; provisional until {at}",
    ),
    "score.retroactive_final": (
        "追溯：暂计 {provisional}，终局 {standing}（结果全部达到则 {reached}）",
        "retroactive: provisional {provisional}, final {standing} ({reached} if every result were "
        "reached)",
    ),
    "score.retroaction": ("{rule} 待结果，达到则 {change}", "{rule} waits: {change} if reached"),
    "score.retroaction_applies": ("{rule} 已生效 {change}", "{rule} has acted: {change}"),
    "score.settling": (
        "{rule}{about}：暂计 {provisional}，现计 {standing}，结果达到则 {reached}",
        "{rule}{about}: {provisional} for now, {standing} as it stands, {reached} if reached",
    ),
    "score.settling_final": (
        "{rule}{about}：暂计 {provisional}，终局 {standing}（结果达到则 {reached}）",
        "{rule}{about}: provisional {provisional}, final {standing} ({reached} if reached)",
    ),
    "score.units": (
        "按单位（独自失分、共同失分、牵头任务失分）",
        "By unit: alone, jointly, items led",
    ),
    "score.causes": ("按任务：牵头单位与致失单位", "By item: who leads, who caused it"),
    "assign.now": (
        "此刻：得分 {before} → {after}（{change}）",
        "now: score {before} → {after} ({change})",
    ),
    "assign.cut_off": (
        "到截止日若再无动作：得分 {before} → {after}（{change}）",
        "at the cut-off if nothing more happens: score {before} → {after} ({change})",
    ),
    "assign.unsaved": (
        "尚未保存；要生效，加 --confirm --reason 理由",
        "nothing was saved; to make it so, add --confirm --reason WHY",
    ),
    "assign.saved": ("已成为方案第 {version} 版", "it is version {version} of the programme now"),
    "score.nothing": ("没有失分或加分", "nothing lost or won"),
    "remind.none": ("此刻没有要发的催办", "nobody would be told anything now"),
    "remind.count": (
        "{n} 条催办，{people} 人；{silenced} 条静默",
        "{n} notices to {people} people; {silenced} silenced",
    ),
    "remind.nobody": ("（无人）", "(nobody)"),
    "trail.ok": ("完好", "intact"),
    "trail.found": ("完好，与所给链尾相符", "intact, and passes the head that was given"),
    "trail.not_found": ("链中没有所给的链尾", "the head that was given is not in the chain"),
    "trail.bad": ("自第 {seq} 条起不符", "broken from event {seq}"),
    "trail.none": ("尚无留痕", "no trail yet"),
    "trail.house": ("（公共）", "(house)"),
    "tick.done": (
        "{at}：看了 {claimed} 项，新增 {made} 条催办（静默 {silenced}），{dispatched} 件待发，"
        "{nobody} 条无人可发，封存 {sealed} 条留痕",
        "{at}: looked at {claimed}, made {made} notices ({silenced} silenced) and {dispatched} "
        "dispatches, {nobody} found nobody, sealed {sealed} events",
    ),
    "feed.one": (
        "写明给谁：--unit 单位 或 --person 邮箱，二者其一",
        "say whose it is: --unit or --person, one of both",
    ),
    "feed.nobody": ("没有邮箱为 {mail} 的人", "nobody has the mailbox {mail}"),
    "user.none": ("还没有账号", "no accounts yet"),
    "user.no_tokens": ("没有在用的令牌", "no token is in use"),
    "user.no_role": ("没有这个任职：{role}", "has no such role: {role}"),
    "user.which_role": ("没有角色“{role}”；有：{known}", "no role {role!r}; there are {known}"),
    "user.password": (
        "初始密码（只显示这一次，首次登录须改）：{password}",
        "first password (shown this once, changed at the first sign-in): {password}",
    ),
    "user.token": ("令牌（只显示这一次）：{value}", "token (shown this once): {value}"),
    "user.revoked": ("令牌 {n} 已停用", "token {n} is revoked"),
    "feed.none": ("没有日历订阅", "no calendar feeds"),
    "feed.revoked": ("订阅 {n} 已停用", "feed {n} is revoked"),
    "channel.unknown": ("没有通道 {name}；有：{known}", "no channel {name}; there are {known}"),
    "channel.to": (
        "试发邮件要写明收件人：--to someone@example.gov.cn",
        "a mail needs a mailbox: --to someone@example.gov.cn",
    ),
    "channel.failed": ("通道 {name} 没有接受：{why}", "the channel {name} did not accept: {why}"),
    "channel.accepted": ("通道 {name} 已接受：{reply}", "the channel {name} accepted: {reply}"),
    "deliver.done": (
        "{at}（{channel}）：发出 {sent}，失败 {failed}，稍后再试 {later}，不发 {suppressed}，"
        "结果不明 {unknown}",
        "{at} ({channel}): sent {sent}, failed {failed}, to be retried {later}, suppressed "
        "{suppressed}, unknown {unknown}",
    ),
    "migrate.done": (
        "数据库 {database}：{before} → {after}",
        "database {database}: {before} → {after}",
    ),
    "migrate.same": (
        "数据库 {database}：已是最新（{after}）",
        "database {database}: up to date ({after})",
    ),
    "audit.writing": ("逐行写出", "writing row by row"),
    "audit.none": ("这段时间没有逾期", "nothing was late in this period"),
    "audit.totals": (
        "逾期 {late} 项：已办结 {finished}，未办结 {unfinished}；因此失分 {lost}（方案共失 {all}）",
        "{late} late: {finished} finished, {unfinished} not; they cost {lost} of {all} lost in all",
    ),
    "audit.days": ("{days} 天（{workdays} 个工作日）", "{days} d ({workdays} working)"),
    "audit.not_finished": ("未办结", "not finished"),
    "files": ("已写入：", "written:"),
    "demo.played": (
        "事实 {facts} 条，看钟 {ticks} 次，催办 {notices} 条，周报 {weeks} 期；失分最多的任务：",
        "{facts} facts, {ticks} ticks, {notices} notices, {weeks} digests; what lost most:",
    ),
    "demo.mails": ("信件：{mails}", "mails: {mails}"),
    "demo.visitors": (
        "页面在本机打开就是牵头办公室；要看别人的页面，在 /sign-in 登录，密码都是 {password}：",
        "opened at this machine the pages are the office's; to see them with other eyes, sign in "
        "at /sign-in, with the password {password}:",
    ),
    "demo.mail_files": ("信件", "mails"),
    "demo.digests": ("周报", "digests"),
    "demo.audits": ("逾期台账", "audits"),
    "demo.took": ("用时 {seconds} 秒", "took {seconds} s"),
    "demo.reminder": ("催办", "reminder"),
    "demo.digest": ("周报", "digest"),
    "demo.pending": ("待发", "pending"),
    "demo.sending": ("发送中", "sending"),
    "demo.sent": ("已发", "sent"),
    "demo.failed": ("失败", "failed"),
    "demo.bounced": ("退信", "bounced"),
    "demo.suppressed": ("不发", "suppressed"),
    "demo.unknown": ("不明", "unknown"),
    "demo.held": ("待定", "held"),
    "work.at": ("看钟、发信：{place}，Ctrl-C 结束", "clock and mail: {place}, Ctrl-C ends"),
    "migrate.queue": (
        "多机运行的队列：procrastinate {version}",
        "queue of the cluster: procrastinate {version}",
    ),
    "backup.done": (
        "已备份 {file}（{size} MiB）：{rows} 行，佐证 {files} 份，留痕链 {chains} 条",
        "backed up to {file} ({size} MiB): {rows} rows, {files} files of evidence, {chains} trails",
    ),
    "backup.removed": ("删除旧备份 {n} 个", "{n} older backups removed"),
    "backup.broken": (
        "留痕链 {names} 与封存的不符，照原样备份：tracker trail verify",
        "the trail of {names} is not what was sealed, and was backed up as it is: "
        "tracker trail verify",
    ),
    "restore.done": (
        "已恢复 {at} 的备份：{rows} 行，留痕链与备份时相同",
        "restored the backup of {at}: {rows} rows, the trail as it was",
    ),
    "restore.held": (
        "{n} 封邮件备份之后可能已经发出，先不发：tracker held",
        "{n} mails may have been sent since the backup and wait: tracker held",
    ),
    "restore.secret": (
        "数据目录里另有密钥，沿用它；已发邮件里的链接失效",
        "the data folder has another secret, which stays: links in mails that were sent are dead",
    ),
    "held.none": ("没有待定的邮件", "no mail waits"),
    "held.count": (
        "{n} 封可能已经发出：tracker held sent 认定已发，tracker held release 补发",
        "{n} may have been sent: `tracker held sent` where they were, `tracker held release` to "
        "send them",
    ),
    "held.which": (
        "写明哪几封：编号，或 --all（认定已发还可用 --found-in）",
        "say which: their numbers, or --all (or --found-in for those that were sent)",
    ),
    "held.released": ("{n} 封将补发，编号不变", "{n} will be sent, under the same Message-ID"),
    "held.sent": ("{n} 封认定已发，不再发", "{n} were sent and do not go again"),
    "export.done": (
        "已导出 {file}：{rows} 行，佐证 {files} 份，留痕链 {chains} 条",
        "exported to {file}: {rows} rows, {files} files of evidence, {chains} trails",
    ),
    "import.done": (
        "已导入 {database}：{rows} 行，佐证 {files} 份，留痕链 {chains} 条，与导出时相同",
        "imported into {database}: {rows} rows, {files} files of evidence, {chains} trails, as "
        "they were exported",
    ),
    "serve.at": ("在 {url} 提供页面，Ctrl-C 结束", "pages at {url}, Ctrl-C ends"),
    "doctor.ok": ("没有缺的", "nothing is missing"),
    "doctor.bad": ("{n} 项必须处理", "{n} to be put right"),
    "readings.span": (
        "{n} 条口径未定；全定之后，得分在 {low} – {high} 之间",
        "{n} readings are open; once all are decided the score is within {low} – {high}",
    ),
    "reading.open": ("待定", "open"),
    "reading.decided": ("已定", "decided"),
    "reading.holds": ("现行", "holds"),
    "reading.unpriced": ("未计价", "not priced"),
    "reading.done": ("口径 {reading} 定为 {choice}", "reading {reading} is now {choice}"),
    "which": (
        "有多个方案，请用 --programme 指定：{known}",
        "there are several programmes, name one with --programme: {known}",
    ),
    "none_loaded": (
        "尚未载入方案：tracker programme load FILE",
        "no programme is loaded yet: tracker programme load FILE",
    ),
}

HEADINGS: dict[str, tuple[str, str]] = {
    "login": ("登录名", "login"),
    "name": ("姓名", "name"),
    "roles": ("角色", "roles"),
    "scopes": ("权限", "scopes"),
    "until": ("到期", "until"),
    "whose": ("谁的", "whose"),
    "address": ("地址", "address"),
    "order": ("次序", "order"),
    "channel": ("通道", "channel"),
    "lacks": ("还缺设置", "settings missing"),
    "kind": ("类型", "kind"),
    "amount": ("分数", "points"),
    "step": ("每", "per"),
    "cap": ("封顶", "cap"),
    "said": ("原文", "in the text"),
    "light": ("灯", "light"),
    "due": ("时限", "due"),
    "number": ("编号", "number"),
    "subject": ("主题", "subject"),
    "item": ("任务", "item"),
    "clause": ("计分句", "clause"),
    "unit": ("单位", "unit"),
    "title": ("名称", "title"),
    "lost": ("失分", "lost"),
    "late": ("逾期", "late"),
    "section": ("板块", "section"),
    "points": ("分值", "points"),
    "score": ("得分", "score"),
    "id": ("标识", "id"),
    "version": ("版本", "version"),
    "hash": ("摘要", "hash"),
    "why": ("缘由", "why"),
    "role": ("角色", "role"),
    "who": ("收件人", "to"),
    "send": ("发送", "send"),
    "silenced": ("静默", "silenced"),
    "state": ("状态", "state"),
    "done": ("办结", "done"),
    "count": ("条数", "events"),
    "unsealed": ("未封存", "unsealed"),
    "programme": ("方案", "programme"),
    "lead": ("牵头", "lead"),
    "causes": ("致失", "caused by"),
    "alone": ("独自", "alone"),
    "joint": ("共同", "joint"),
    "led": ("牵头任务", "led"),
    "head": ("链首", "head"),
    "key": ("信号", "mail"),
}

STATES: dict[str, tuple[str, str]] = {
    "settled": ("已定", "settled"),
    "provisional": ("暂计", "provisional"),
    "pending": ("待认定", "pending"),
    "unknown": ("待数据", "unknown"),
    "ok": ("正常", "ok"),
    "warning": ("注意", "warning"),
    "error": ("缺", "error"),
}


def say(key: str, lang: Lang, **values: object) -> str:
    return WORDS[key][lang == "en"].format(**values)


def heading(key: str, lang: Lang) -> str:
    return HEADINGS[key][lang == "en"]


def state(key: str, lang: Lang) -> str:
    return STATES[key][lang == "en"]
