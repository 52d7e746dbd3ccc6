"""One spelling of a text, with the way back to the text as given.

Width and compatibility forms, traditional characters, variants of punctuation and of dashes, and
the spaces that scanning leaves inside numbers. Letters, Chinese numerals and words stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tracker.definitions.clauses.reading import Span

# Only what scoring text is made of: verbs, measures, conditions, times.
TRADITIONAL = (
    "點個項達應檢發現無總該實條處報數導減獎額標準級縣區鄉鎮責單內後時間週滿評測過遲緩滯罰從"
    "違規嚴質環監據執認為與並對關於難員們會議務職權屬勞業產經營費財資購貿貨銷險證書誤訂記計訪"
    "論設許調請講議護讓識選進遠運還連遞邊遺適際陸階隊陽陰陣險雙雜離電響頂順預領頭題類顯風飛"
    "養館馬驗體鳥魚麥黃齊齡億傳備優價儀侷兩劃創動勵區協參叢員啟圖團國圍園場壓壞執備學審寫寬專"
    "將尋導屆屬島幣幹廠廢廣庫廳張強彈彙徵徹復憂懸應戰戶擇擔據擴擬攝攤敗斷昇曆東構槍樣樓標樞權"
    "歡歲歷歸殘殺殼氣決沒況淨淺減測湧溝滅潔濟濾灣災為烏熱燈燒營爭爾狀獨獲環產畢畫當療盡監盤眾"
    "確礎禮禍種稱積穩競筆節範築簡簽籤糧糾約紅級紀純紙細終組結統經綜綠維網緊線締編緣縣總績織繳續"
    "罰罷義習聞聯聲聽職肅脅腦臨舉舊艱藝藥蘇蟲補製複見觀親計訂訊託記訴診評詞詢試詳誠話該誌認語誤"
    "說誰課談請諸證識譯譽讀變負貢販責貫貸費賀資賬賽贈趕趨跡踐車軌軍軟載較輔輕輛輪輸轄轉辦農遊過"
    "檔黨採錄佈佔號撥貧縮衛頒幫繫寧補徑歲稅罷擾亂賠償傷產儲備壩礦證糾紛鑒鑑劑濃濁潛灘"
    "爐燃狹獄現瑣畝癥矯礙穫窮簡緝纖纜羅胡脫臺臨興艦莊華萬葉處虧術裝詢誘讀"
    "達違郵鄰醫釋鋼錄錢錯鍵鎖鐘鐵長門閉開間閣閱隨隱雖靈靜頁頓頻顆顧飯飾駐駕騙驅魯點"
)
SIMPLIFIED = (
    "点个项达应检发现无总该实条处报数导减奖额标准级县区乡镇责单内后时间周满评测过迟缓滞罚从"
    "违规严质环监据执认为与并对关于难员们会议务职权属劳业产经营费财资购贸货销险证书误订记计访"
    "论设许调请讲议护让识选进远运还连递边遗适际陆阶队阳阴阵险双杂离电响顶顺预领头题类显风飞"
    "养馆马验体鸟鱼麦黄齐龄亿传备优价仪局两划创动励区协参丛员启图团国围园场压坏执备学审写宽专"
    "将寻导届属岛币干厂废广库厅张强弹汇征彻复忧悬应战户择担据扩拟摄摊败断升历东构枪样楼标枢权"
    "欢岁历归残杀壳气决没况净浅减测涌沟灭洁济滤湾灾为乌热灯烧营争尔状独获环产毕画当疗尽监盘众"
    "确础礼祸种称积稳竞笔节范筑简签签粮纠约红级纪纯纸细终组结统经综绿维网紧线缔编缘县总绩织缴续"
    "罚罢义习闻联声听职肃胁脑临举旧艰艺药苏虫补制复见观亲计订讯托记诉诊评词询试详诚话该志认语误"
    "说谁课谈请诸证识译誉读变负贡贩责贯贷费贺资账赛赠赶趋迹践车轨军软载较辅轻辆轮输辖转办农游过"
    "档党采录布占号拨贫缩卫颁帮系宁补径岁税罢扰乱赔偿伤产储备坝矿证纠纷鉴鉴剂浓浊潜滩"
    "炉燃狭狱现琐亩症矫碍获穷简缉纤缆罗胡脱台临兴舰庄华万叶处亏术装询诱读"
    "达违邮邻医释钢录钱错键锁钟铁长门闭开间阁阅随隐虽灵静页顿频颗顾饭饰驻驾骗驱鲁点"
)
SIMPLE = dict(zip(TRADITIONAL, SIMPLIFIED, strict=True))

# Before NFKC, which would make ① a plain 1 and the comma of a sentence that of a number.
KEPT = {
    "，": "，", "；": "；", "：": "：", "！": "。", "？": "。", "!": "。", "?": "。",
    "。": "。", "．": ".", "﹒": ".", "﹑": "、", "､": "、", "｡": "。", "﹔": "；", ";": "；",
    "﹐": "，", "﹕": "：", "—": "-", "–": "-", "−": "-", "－": "-", "―": "-", "～": "-", "~": "-",
    "∼": "-", "〜": "-", "﹣": "-", "〔": "(", "【": "(", "［": "(",
    "〕": ")", "】": ")", "］": ")",
    "[": "(", "]": ")", "﹙": "(", "﹚": ")", "＊": "×", "*": "×", "✕": "×", "✖": "×", "╳": "×",
    "≧": "≥", "≦": "≤", "⩾": "≥", "⩽": "≤", "﹪": "%", "‰": "‰", "…": "，", "〇": "〇", "○": "〇",
    "壹": "一", "贰": "二", "叁": "三", "肆": "四", "柒": "七", "捌": "八", "玖": "九", "佰": "百",
    "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\v": "\n", "\f": "\n", "\x85": "\n",
}  # fmt: skip
LATIN_GAP = re.compile(r"(?<=[A-Za-z]) (?=[A-Za-z])")
LIST_GAP = re.compile(r"(?:^|(?<=[\n。；：，]))\d{1,2}[.、] (?=\d)")


@dataclass(frozen=True, slots=True)
class Normal:
    """A text in one spelling; `places` holds the source span of each of its code points."""

    text: str
    places: Sequence[int]
    length: int

    def span(self, start: int, end: int) -> Span:
        """Where `text[start:end]` stands in the source."""
        if start >= end:
            return (self.length, self.length) if start >= len(self.text) else (0, 0)
        return self.places[start], self.places[end - 1] + 1


@lru_cache(maxsize=20_000)
def _spelled(sign: str) -> str:
    kept = KEPT.get(sign)
    if kept is not None:
        return kept
    if "\u2460" <= sign <= "\u2473":
        return sign
    if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Mn", "Me") and sign not in "\n\t":
        return ""
    plain = "".join(SIMPLE.get(one, one) for one in unicodedata.normalize("NFKC", sign))
    return " " if plain.isspace() and plain != "\n" else plain


def normal(text: str) -> Normal:
    """The same text in one spelling."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        for one in _spelled(sign):
            signs.append(one)
            places.append(place)
    return _without_spaces("".join(signs), places, len(text))


def _without_spaces(spaced: str, places: list[int], length: int) -> Normal:
    """A space stays between Latin letters, and after a list's number that a figure follows."""
    if " " not in spaced and "," not in spaced:
        return Normal(spaced, places, length)
    kept = {found.end() - 1 for found in LATIN_GAP.finditer(spaced)}
    kept |= {found.start() for found in LATIN_GAP.finditer(spaced)}
    kept |= {found.end() - 1 for found in LIST_GAP.finditer(spaced)}
    signs: list[str] = []
    left: list[int] = []
    for at, sign in enumerate(spaced):
        if sign == " " and at not in kept:
            continue
        signs.append("，" if sign == "," and not _inside_number(spaced, at) else sign)
        left.append(places[at])
    return Normal("".join(signs), left, length)


def _inside_number(text: str, at: int) -> bool:
    """A comma of 1,000, not one that ends a part of a sentence."""
    before, after = text[at - 1 : at], text[at + 1 : at + 4]
    return before.isdecimal() and len(after) == 3 and after.isdecimal()
