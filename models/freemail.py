"""Mail domains that belong to nobody: an address there says nothing of the company."""

FREE_MAIL_DOMAINS: frozenset[str] = frozenset(
    """
    126.com 139.com 163.com aim.com alice.it aol.com arcor.de att.net au.com bellsouth.net biglobe.ne.jp bigpond.com
    bluewin.ch bol.com.br btinternet.com caramail.com centrum.cz charter.net comcast.net cox.net daum.net dion.ne.jp
    docomo.ne.jp earthlink.net email.com email.cz excite.co.jp excite.com ezweb.ne.jp fastmail.com fastmail.fm foxmail.com
    free.fr freemail.hu freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net goo.jp googlemail.com hanmail.net
    hey.com home.com hotmail.co.jp hotmail.co.uk hotmail.com hotmail.de hotmail.fr hotmail.it hushmail.com i.softbank.jp
    icloud.com inbox.ru infoseek.jp interia.pl juno.com kpnmail.nl laposte.net libero.it list.ru live.co.uk live.com
    live.jp lycos.com mac.com mail.com mail.goo.ne.jp mail.ru mailinator.com me.com mindspring.com msn.com naver.com
    netscape.net netzero.net nifty.com nifty.ne.jp o2.pl ocn.ne.jp onet.pl online.de orange.fr outlook.com outlook.jp
    plala.or.jp pm.me pobox.com posteo.de proton.me protonmail.ch protonmail.com qq.com rediffmail.com rocketmail.com
    roadrunner.com sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com sky.com so-net.ne.jp sohu.com softbank.ne.jp sympatico.ca
    t-online.de telia.com terra.com.br tiscali.it tutanota.com uol.com.br usa.net vip.qq.com virgilio.it vodafone.ne.jp
    wanadoo.fr web.de wp.pl xs4all.nl xtra.co.nz yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.au
    yahoo.com.br yahoo.com.cn yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru yeah.net ymail.com zoho.com
    """.split()
)
