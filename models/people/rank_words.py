"""The words of titles that say a rank, Japanese and English. Read by `models.people.titles`.

Of words that begin at the same place the longest counts, and it uses up what it covers: in `account manager` there is
no `manager` any more. Of several ranks in a title the highest counts. `unknown` says no rank, and uses up its words.

Words are written as `models.people.words` explains, separated by commas. Width and case do not count, nor hyphens
between letters. マネジャー, マネージャ and マネジャ are マネージャー.

Whoever changes something here raises `VERSION` in `models.people.titles`.
"""

from models.facts import Seniority

RANK_WORDS: tuple[tuple[Seniority, str], ...] = (
    # --- Japanese -----------------------------------------------------------------------------------------------------
    (
        "executive",
        """
        取締役, 代表, 社長, 会長, 議長, 専務, 常務, 役員, 執行役, 監査役, 監査等委員, 理事, 頭取, 総裁, 社主, 創業者,
        創立者, 最高*責任者, 事業主, オーナー, ファウンダー, チーフ*オフィサー, プレジデント,
        マネージングディレクター, エグゼクティブディレクター, マネージングパートナー, シニアパートナー, 学長, 総長,
        病院長, 院長, 知事, 市長, 町長, 村長, 区長
        """,
    ),
    # As kana, where a form asks for them.
    (
        "executive",
        "トリシマリヤク, とりしまりやく, シャチョウ, しゃちょう, シッコウヤクイン, しっこうやくいん",
    ),
    ("management", "ブチョウ, ぶちょう, カチョウ, かちょう, ジチョウ, シツチョウ"),
    ("staff", "カカリチョウ, かかりちょう, シュニン, しゅにん"),
    (
        "management",
        """
        部長, 課長, 次長, 室長, 局長, 所長, 場長, 館長, 園長, 校長, 店長, 駅長, 支社長, 部門長, 事務長, 編集長, 師長,
        技師長, 医長, センター長, グループ長, ユニット長, チーム長, ライン長, ブロック長, エリア長, カンパニー長,
        セクション長, プロジェクト長, 責任者, 統括$, 支配人, 主幹, 主管, 参事, 審議役, 技監, 統轄$, マネージャー,
        ゼネラルマネージャー, ディレクター, ヘッド, グループリーダー, ユニットリーダー, プリンシパル,
        アシスタントバイスプレジデント
        """,
    ),
    # These manage accounts, projects and products, not people.
    (
        "staff",
        """
        アカウントマネージャー, プロジェクトマネージャー, プロダクトマネージャー, プログラムマネージャー,
        カスタマーサクセスマネージャー, コミュニティマネージャー, ブランドマネージャー, ケアマネージャー,
        アシスタントマネージャー, プロダクトオーナー, webディレクター, ウェブディレクター, アートディレクター,
        制作ディレクター
        """,
    ),
    (
        "staff",
        """
        係長, 主任, 主査, 主事, 調査役, 班長, 組長, 職長, 作業長, 担当, 社員, 職員, 係員, 一般職, 総合職, スタッフ,
        メンバー, リーダー, リード, チーフ, スーパーバイザー, エンジニア, 技師, 技術員, 技術者, 研究員, 研究者, 教授,
        助教, 講師, 教諭, 教員, 秘書, 事務員, 事務職, 事務$, 理事務$, 営業$, 営業職, 営業員, セールス$, デザイナー,
        コンサルタント, アナリスト, スペシャリスト, プログラマー, プログラマ, オペレーター, オペレータ, アシスタント,
        アソシエイト, バイヤー, プランナー, アーキテクト, コーディネーター, インターン, アルバイト, 嘱託, 医師,
        看護師, 薬剤師, 弁護士, 税理士, 会計士
        """,
    ),
    # Advice and honours are outside the line.
    ("unknown", "顧問, 相談役, 参与, 名誉会長, 名誉社長, 名誉理事長, 名誉教授, アドバイザー, フェロー"),
    # What only looks like one of the words above: 経理事務, 管理事業部, エンジニアリング部.
    ("unknown", "理事務, 理事業, 代表電話, エンジニアリング, リーダーシップ, ヘッドオフィス"),
    # --- English ------------------------------------------------------------------------------------------------------
    (
        "executive",
        """
        chief … officer, chief executive, ceo, cfo, cio, cto, coo, cmo, cro, chro, cpo, cso, cdo, cdio, ciso, cco,
        cao, clo, cxo, cko, cgo, cqo, csco, president, vice president, vp, svp, evp, rvp, gvp, chairman, chairwoman,
        chairperson, chair$, chair of, founder, cofounder, entrepreneur, owner$, proprietor, partner$,
        managing director, executive director, representative director, outside director, independent director,
        non executive director, nonexecutive director, board director, board member, member of the board,
        board of directors, supervisory board, corporate auditor, executive officer, corporate officer,
        general counsel, director general, secretary general, general secretary, governor, mayor, commissioner,
        chancellor, provost, rector
        """,
    ),
    (
        "management",
        """
        director, dir, manager, mgr, general manager, gm, head, chief, chief of staff, chief of staff to…, treasurer,
        controller, comptroller, superintendent, principal$, dean, group leader, group product manager,
        company secretary, corporate secretary, assistant vice president, associate vice president, avp,
        assistant general manager, assistant general counsel, associate general counsel, deputy general counsel,
        pmo manager, office managing partner
        """,
    ),
    # These manage accounts, projects and products, or assist a manager.
    (
        "staff",
        """
        account manager, accounts manager, project manager, product manager, program manager, programme manager,
        customer success manager, client success manager, client manager, partner manager, partner success manager,
        partnership manager, channel manager, relationship manager, territory manager, case manager,
        community manager, social media manager, content manager, brand manager, campaign manager, event manager,
        events manager, category manager, release manager, change manager, bid manager, proposal manager,
        product marketing manager, delivery manager, engagement manager, office manager, assistant manager,
        assistant … manager, product owner, process owner, data owner, service owner, business partner, hr partner,
        people partner, talent partner, art director, web director, chief clerk, document controller,
        credit controller, stock controller, production controller
        """,
    ),
    (
        "staff",
        """
        assistant, assistant to…, executive assistant…, personal assistant…, secretary, secretary to…, ea to…,
        pa to…, aide to…, ea$, pa$, executive$, officer, lead, leader, supervisor, foreman, engineer, developer,
        programmer, architect, administrator, admin, analyst, specialist, coordinator, co ordinator, consultant,
        associate, representative, rep, technician, technologist, designer, scientist, researcher, accountant,
        bookkeeper, auditor, planner, recruiter, buyer, clerk, operator, agent, strategist, writer, editor,
        generalist, paralegal, counsel, attorney, lawyer, receptionist, inspector, tester, expert, staff, employee,
        intern, trainee, apprentice, evangelist, advocate, scrum master, reporter, correspondent, journalist,
        photographer, director of photography, producer, copywriter, translator, interpreter, draftsman, draughtsman,
        draughts person, drafter, surveyor, estimator, appraiser, examiner, investigator, adjuster, underwriter,
        trader, broker, banker, teller, cashier, actuary, economist, statistician, chemist, biologist, mechanic,
        electrician, welder, machinist, worker, driver, dispatcher, scheduler, expediter, merchandiser, promoter,
        demonstrator, telecaller, housekeeper, incharge, in charge, instructor, trainer, coach, tutor, counsellor,
        counselor, librarian, pharmacist, dentist, surgeon, dietician, dietitian, therapist, chef, cook, guard, aide,
        attendant, server, waiter, head waiter, host, hostess, marketer, artist, animator, professor, lecturer,
        teacher, nurse, physician, salesperson, salesman, sales rep, sdr, bdr, ae$, sre, se$
        """,
    ),
    (
        "unknown",
        """
        advisor, adviser, advisor to…, adviser to…, office of…, reporting to…, reports to…, head office,
        head quarters, chief of party, channel partner, board observer
        """,
    ),
)

# Behind a rank, what takes it away: the room, the meeting, the department or the staff of somebody who has it.
NOT_THE_RANK_ITSELF = (
    *("室", "会", "付", "部", "課", "係", "チーム", "オフィス", "'s office", " office"),
    *(" emeritus", " retired", "ob$"),
)
STAFF_OF_THE_RANK = (
    *("秘書", " 秘書", "候補", "見習", "アシスタント", "'s assistant", " assistant", "'s secretary", " secretary"),
    *(" trainee", " in training", " candidate", " intern"),
)
# Behind a rank, who stands in for it: one step below. Of these it is staff, of other management still management.
ONE_BELOW = ("代理", "補佐", "心得")
STAFF_ONE_BELOW = (
    "課長",
    "室長",
    "所長",
    "支店長",
    "店長",
    "支社長",
    "係長",
    "主任",
    "マネージャー",
    "グループ長",
    "チーム長",
)
# What was, and is not.
FORMER = ("former", "formerly", "ex", "retired", "past", "previous", "previously")
ENDED_JA = ("退任", "退職")
FORMER_JA = ("元", "前", "旧")
NOT_FORMER_JA = ("前工程", "前検査")
