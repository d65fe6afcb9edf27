"""Countries as exports write them, in English and Japanese, as the two letters of ISO 3166-1.

Those that business in Japan meets; others are told in `values.country` of the map.
"""

from models.identity.company_names import plain_key

_NAMES = """
AE United Arab Emirates|UAE|アラブ首長国連邦
AR Argentina|アルゼンチン
AT Austria|オーストリア
AU Australia|オーストラリア
BD Bangladesh|バングラデシュ
BE Belgium|ベルギー
BR Brazil|ブラジル
CA Canada|カナダ
CH Switzerland|スイス
CL Chile|チリ
CN China|People's Republic of China|中国|中華人民共和国
CO Colombia|コロンビア
CZ Czech Republic|Czechia|チェコ
DE Germany|Deutschland|ドイツ
DK Denmark|デンマーク
EG Egypt|エジプト
ES Spain|España|スペイン
FI Finland|フィンランド
FR France|フランス
GB United Kingdom|UK|Great Britain|England|イギリス|英国
GR Greece|ギリシャ
HK Hong Kong|香港
HU Hungary|ハンガリー
ID Indonesia|インドネシア
IE Ireland|アイルランド
IL Israel|イスラエル
IN India|インド
IT Italy|Italia|イタリア
JO Jordan|ヨルダン
JP Japan|日本|日本国
KE Kenya|ケニア
KH Cambodia|カンボジア
KR Korea|South Korea|Republic of Korea|韓国|大韓民国
LK Sri Lanka|スリランカ
LU Luxembourg|ルクセンブルク
MM Myanmar|ミャンマー
MO Macao|Macau|マカオ
MX Mexico|México|メキシコ
MY Malaysia|マレーシア
NG Nigeria|ナイジェリア
NL Netherlands|The Netherlands|Holland|オランダ
NO Norway|ノルウェー
NZ New Zealand|ニュージーランド
PA Panama|パナマ
PE Peru|ペルー
PH Philippines|フィリピン
PK Pakistan|パキスタン
PL Poland|ポーランド
PT Portugal|ポルトガル
RO Romania|ルーマニア
RU Russia|Russian Federation|ロシア
SA Saudi Arabia|サウジアラビア
SE Sweden|スウェーデン
SG Singapore|シンガポール
TH Thailand|タイ
TR Turkey|Türkiye|トルコ
TW Taiwan|台湾
UA Ukraine|ウクライナ
US United States|United States of America|USA|アメリカ|アメリカ合衆国|米国
VN Vietnam|Viet Nam|ベトナム
ZA South Africa|南アフリカ
"""
COUNTRIES: dict[str, str] = {name: line[:2] for line in _NAMES.strip().splitlines() for name in line[3:].split("|")}
_BY_KEY = {plain_key(name): code for name, code in COUNTRIES.items()}


def country_code(written: str) -> str | None:
    """The two letters of a country; None where nobody can tell. Two letters are taken as they are."""
    text = written.strip()
    if len(text) == 2 and text.isascii() and text.isalpha() and text.upper() != "UK":
        return text.upper()
    return _BY_KEY.get(plain_key(text))
