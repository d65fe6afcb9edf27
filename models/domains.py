"""Host names and the Public Suffix List: which part of a name somebody registered, and whether that is a company."""

import re
from functools import lru_cache
from typing import Literal

import tldextract
from disposable_email_domains import blocklist

from models.freemail import FREE_MAIL_DOMAINS

# The list is bundled with the library; no network, no cache folder.
_EXTRACT = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)
# With the part of the list in which companies name what they give to others: github.io, sakura.ne.jp.
_EXTRACT_PRIVATE = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)

_NO_HOST = re.compile(r"[\s/\\:@?#\[\]]")

Anybodys = Literal["free_mail", "disposable"]


@lru_cache(maxsize=262144)
def registrable_domain(host: str) -> str:
    """The domain somebody registered: `ru.mvista.com` -> `mvista.com`, `www.a.co.jp` -> `a.co.jp`; '' if there is none.

    host: in lower case; '' for whatever is more than a host name, such as a URL. Source: the algorithm at
    https://publicsuffix.org/list/.
    """
    if _NO_HOST.search(host):
        return ""
    parts = _EXTRACT(host)
    if parts.suffix or parts.ipv4 or parts.ipv6:
        top = parts.top_domain_under_public_suffix
        # The library reads URLs and odd full stops too: what it found has to be the end of what was asked about.
        return top if f".{host}".endswith(f".{top}") else ""
    # The list's own rule for a suffix it does not know is `*`: the last label is the suffix.
    labels = host.split(".")
    return ".".join(labels[-2:]) if len(labels) >= 2 and all(labels) and not labels[-1].isdigit() else ""


def normalise_domain(text: str) -> str:
    """Lower case, in ASCII (IDNA), without the dot at the end; kept as written where IDNA has no form for it."""
    text = text.strip().rstrip(".").lower()
    try:
        return text.encode("idna").decode("ascii") if not text.isascii() else text
    except UnicodeError:
        return text


def is_public_suffix(domain: str) -> bool:
    """Whether names directly below a domain are registered by anybody: `co.jp`, `ac.jp`, `github.io`.

    domain: in lower case. Companies that give names to others put theirs on the list themselves, so a suffix of this
    kind stands for no company, though somebody registered it.
    """
    parts = _EXTRACT_PRIVATE(domain)
    return bool(parts.suffix) and not parts.domain


def domain_error(domain: str) -> str | None:
    """Why a domain cannot stand for an account or for our own side, else None.

    A disposable domain can: whoever declares one knows more than the list, which has people's own domains in it.
    """
    if is_public_suffix(domain):
        return (
            f"{domain!r} is not a domain of one company: it is a public suffix, anybody can have a name below it; "
            f"give the company's own, like example.{domain}"
        )
    if not registrable_domain(domain):
        return f"{domain!r} is not a domain somebody registered: give one like example.co.jp"
    if domain in FREE_MAIL_DOMAINS:
        return f"{domain!r} is a free-mail domain: its addresses belong to nobody's company"
    return None


def anybodys(name: str) -> Anybodys | None:
    """Why an address at this name says nothing of a company, None where it may.

    name: in lower case. Subdomains are asked for by their ancestors.
    """
    if name in FREE_MAIL_DOMAINS:
        return "free_mail"
    return "disposable" if name in blocklist else None


def ancestors(host: str) -> list[str]:
    """The host and the names above it down to its registrable domain, the most specific first."""
    top = registrable_domain(host)
    if not top:
        return []
    above = host.removesuffix(top).split(".")[:-1]
    return [".".join([*above[at:], top]) for at in range(len(above) + 1)]
