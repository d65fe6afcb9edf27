"""Pools of personal names, titles and departments. Combined at random, they mean nobody."""

from models.facts import Seniority

# Written name and its reading in Latin letters, as a mail address has it.
SURNAMES_JA = (
    ("佐伯", "saeki"), ("三宅", "miyake"), ("早瀬", "hayase"), ("桐山", "kiriyama"), ("水沢", "mizusawa"),
    ("藤代", "fujishiro"), ("長谷", "hase"), ("若林", "wakabayashi"), ("柏木", "kashiwagi"), ("北条", "hojo"),
    ("白石", "shiraishi"), ("宮内", "miyauchi"), ("真田", "sanada"), ("相良", "sagara"), ("竹内", "takeuchi"),
    ("堀江", "horie"), ("深沢", "fukasawa"), ("日向", "hyuga"), ("氷室", "himuro"), ("瀬川", "segawa"),
    ("倉橋", "kurahashi"), ("槙野", "makino"), ("篠田", "shinoda"), ("榊", "sakaki"), ("菅野", "kanno"),
)  # fmt: skip
GIVEN_JA = (
    ("健太", "kenta"), ("由美", "yumi"), ("直樹", "naoki"), ("彩", "aya"), ("大輔", "daisuke"), ("千尋", "chihiro"),
    ("隆", "takashi"), ("恵", "megumi"), ("翔太", "shota"), ("真由", "mayu"), ("浩二", "koji"), ("葵", "aoi"),
    ("修一", "shuichi"), ("香織", "kaori"), ("亮", "ryo"), ("美咲", "misaki"), ("哲也", "tetsuya"), ("凛", "rin"),
)  # fmt: skip
SURNAMES_EN = (
    "Abbott", "Bergstrom", "Castellan", "Delgado", "Eriksen", "Farrow", "Gallagher", "Hollis", "Ivanko", "Jansen",
    "Keller", "Lindqvist", "Marchetti", "Novak", "Okafor", "Pereira", "Quincey", "Rahman", "Silva", "Tan",
    "Ueland", "Vogel", "Whitlock", "Yilmaz", "Zeller",
)  # fmt: skip
GIVEN_EN = (
    "Alice", "Ben", "Carla", "David", "Elena", "Frank", "Grace", "Hugo", "Ines", "Jonas", "Kate", "Liam", "Maya",
    "Nora", "Oscar", "Priya", "Ruth", "Samuel", "Tess", "Victor",
)  # fmt: skip
TITLES_JA: dict[Seniority, tuple[str, ...]] = {
    "executive": ("執行役員", "常務執行役員", "取締役"),
    "management": ("部長", "次長", "課長", "室長"),
    "staff": ("主任", "係長", "担当", "エンジニア"),
}
TITLES_EN: dict[Seniority, tuple[str, ...]] = {
    "executive": ("VP", "SVP", "Chief Information Officer"),
    "management": ("Director", "Senior Manager", "Manager", "Head of Unit"),
    "staff": ("Analyst", "Engineer", "Specialist", "Coordinator"),
}
DEPARTMENTS_JA = ("情報システム部", "調達部", "経営企画部", "生産技術部", "研究開発部", "営業企画部", "DX推進室")
DEPARTMENTS_EN = ("IT", "Procurement", "Strategy", "Operations", "Research & Development", "Sales Operations")
