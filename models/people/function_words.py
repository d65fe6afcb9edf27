"""The words of titles and departments that say what somebody works on, Japanese and English.

Read by `models.people.titles`, which explains what counts where there are several. Words are written as
`models.people.words` explains. Whoever changes something here raises `VERSION` in `models.people.titles`.
"""

from typing import Literal

Function = Literal[
    "management",
    "product",
    "sales",
    "marketing",
    "it",
    "finance",
    "hr",
    "legal",
    "procurement",
    "engineering",
    "production",
    "quality",
    "operations",
    "support",
    "research",
    "administration",
    "unknown",
]

FUNCTION_WORDS: tuple[tuple[Function, str], ...] = (
    (
        "management",
        """
        経営企画, 経営戦略, 経営管理, 経営, 事業企画, 事業戦略, 社長室, 会長室, 役員室, 取締役会, ceo室, ceoオフィス,
        全社戦略, 企画室, 企画部, corporate planning, corporate strategy, strategic planning, business planning,
        strategy, ceo office, ceo's office, president's office, president office, office of the ceo,
        office of the president, to the ceo, corporate development, m&a, transformation
        """,
    ),
    (
        "product",
        """
        商品企画, 製品企画, 商品開発, プロダクト, デザイナー, デザイン, product, product management, product manager,
        product owner, product design, design, graphic, ux, ui, designer, user experience
        """,
    ),
    (
        "sales",
        """
        営業, 販売, セールス, 営業企画, 営業推進, 営業統括, 営業開発, 法人営業, 事業開発, 渉外, 代理店,
        パートナー営業, アライアンス, アカウントマネージャー, 営業所, sales, business development, biz dev, bizdev,
        account executive, account manager, key account, accounts manager, account director, account management,
        client manager, partner manager, partner, partnerships, partnership, alliances, alliance, channel, commercial,
        revenue, cro, cso, sdr, bdr, presales, pre sales, relationship manager, territory manager, go to market,
        sales operations, export, exports, merchandising, retail
        """,
    ),
    (
        "marketing",
        """
        マーケティング, 広報, 宣伝, 広告, 販促, 販売促進, ブランド, デジタルマーケティング, コミュニケーション, web,
        ウェブ, 商品pr, marketing, brand, branding, communications, communication, pr, public relations,
        demand generation, growth, content, advertising, digital marketing, campaign, product marketing, community,
        social media, events, event, cmo, seo, field marketing, marketer, e commerce, ecommerce
        """,
    ),
    (
        "it",
        """
        情報システム, 情シス, システム, it, it企画, it推進, ict, インフラ, ネットワーク, セキュリティ,
        情報セキュリティ, デジタル, dx, データ, 情報技術, 情報管理, 電算, システム開発, システム企画, クラウド,
        サーバ, 情報責任者, information systems, information technology, information security, information system,
        information officer, mis, infrastructure, security, cyber security, cybersecurity, network, cloud, system,
        systems, data, database, digital, technology, enterprise architecture, business systems, cio, ciso, cdo, cdio,
        solutions architect, solution architect, sysadmin, helpdesk, help desk, desktop, desktop support, erp, etl,
        edp, data warehouse, datawarehouse, data warehousing, datawarehousing, sap
        """,
    ),
    (
        "finance",
        """
        経理, 財務, 会計, 主計, 資金, 税務, ir室, 財務責任者, 原価, 投資, finance, financial, accounting, accountant,
        accounts payable, accounts receivable, treasury, treasurer, controller, comptroller, tax, cfo,
        investor relations, payroll, billing, investment, accounts
        """,
    ),
    (
        "hr",
        """
        人事, 労務, 採用, 人材, 人財, 教育研修, 人材開発, 人事総務, ダイバーシティ, hr, human resources,
        human resource, human capital, people, talent, recruiter, recruiting, recruitment, chro, personnel, training,
        learning, learning and development, employee relations, labor relations, hr business partner, compensation
        """,
    ),
    (
        "legal",
        """
        法務, 知財, 知的財産, コンプライアンス, 監査, 内部統制, リスク管理, 弁護士, legal, law, counsel, compliance,
        audit, auditor, internal audit, risk, intellectual property, patent, attorney, lawyer, paralegal, privacy,
        clo, regulatory, company secretary
        """,
    ),
    (
        "procurement",
        """
        購買, 調達, 資材, 仕入, バイヤー, procurement, purchasing, sourcing, strategic sourcing, buyer, purchase,
        materials, commodity, supply manager, vendor management, it procurement, cpo
        """,
    ),
    (
        "engineering",
        """
        開発, 設計, 技術, エンジニアリング, ソフトウェア, 製品開発, 技術開発, 回路, 機構, 技師長, 最高技術責任者,
        engineering, software, software engineer, development, developer, hardware, mechanical, electrical,
        electronics, drafting, firmware, devops, sre, chief technology, cto, tech, technical, principal engineer,
        staff engineer, chief engineer, chief architect, architecture, design engineer, design engineering,
        digital design, civil, 技監, programmer, frontend, backend, full stack
        """,
    ),
    (
        "production",
        """
        製造, 生産, 生産技術, 生産管理, 工場, 工務, 工程, production, manufacturing, plant, factory, process engineer,
        process engineering, assembly, industrial engineering
        """,
    ),
    (
        "quality",
        "品質, 品質保証, 品質管理, 検査, 品証, quality, qa, qc, quality engineer, quality assurance, test, testing",
    ),
    (
        "operations",
        """
        物流, ロジスティクス, サプライチェーン, 業務, オペレーション, 店舗, 店長, 配送, 倉庫, 運行, 輸送, operations,
        operating, operation, ops, logistics, supply chain, warehouse, distribution, store, coo, shipping,
        transportation, fulfillment, dispatch, driver, fleet, stores, transport
        """,
    ),
    (
        "support",
        """
        サポート, カスタマーサポート, カスタマーサクセス, サービスエンジニア, 保守, 顧客サービス, お客様相談,
        コールセンター, カスタマーサービス, アフターサービス, customer success, customer service, customer support,
        customer care, client success, support, technical support, service desk, customer experience, field service,
        maintenance, after sales, call center, contact center, guest service, guest services
        """,
    ),
    (
        "research",
        """
        研究, 研究開発, 研究所, 基礎研究, 技術研究所, 技術研究, 教授, 研究員, research, r&d, research and development,
        research & development, scientist, laboratory, lab, professor, researcher
        """,
    ),
    (
        "administration",
        """
        総務, 総務人事, 庶務, 秘書, 管理部, 管理本部, 管理課, 管理統括, 事務, 営業事務, 事務局, 施設, administration,
        administrative, general affairs, office manager, executive assistant, personal assistant, assistant to,
        secretary, ea to, pa to, ceo assistant, ceo's assistant, president assistant, receptionist, facilities,
        facility, front desk, front office, admin, office administrator
        """,
    ),
    # What only looks like one of the words above.
    ("unknown", "支店, 支店長, partner$, secretary general, general secretary, advisor to…, adviser to…"),
)

# Who leads the company works on all of it; counts only where nothing else is said.
COMPANY_WORDS: tuple[tuple[Function, str], ...] = (
    (
        "management",
        """
        取締役, 代表, 社長, 会長, 頭取, 総裁, 理事, 専務, 常務取締役, 経営責任者, 創業者, 社主, 議長, 学長, 病院長,
        院長, プレジデント, マネージングディレクター, トリシマリヤク, ceo, chief executive, president, chairman,
        chairwoman, chairperson, chair$, founder, cofounder, owner$, partner$, managing director, executive director,
        representative director, outside director, independent director, non executive director,
        nonexecutive director, board member, board director, board of directors, member of the board,
        director general, secretary general, deputy managing director
        """,
    ),
    # Words that only look like these.
    (
        "unknown",
        """
        バイスプレジデント, 専務執行役員, vice president, assistant vice president, associate vice president,
        business partner, product owner, process owner, chairman emeritus, president emeritus, advisor to…,
        adviser to…, 名誉会長, 支社長
        """,
    ),
)
