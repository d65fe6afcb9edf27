"""Host names and the Public Suffix List: which part of a name somebody registered."""

from functools import lru_cache

import tldextract

from models.freemail import FREE_MAIL_DOMAINS

# The list is bundled with the library; no network, no cache folder.
_EXTRACT = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)


@lru_cache(maxsize=262144)
def registrable_domain(host: str) -> str:
    """The domain somebody registered: `ru.mvista.com` -> `mvista.com`, `www.a.co.jp` -> `a.co.jp`; '' if there is none.

    host: in lower case. Source: the algorithm at https://publicsuffix.org/list/.
    """
    parts = _EXTRACT(host)
    if parts.suffix or parts.ipv4 or parts.ipv6:
        return parts.top_domain_under_public_suffix
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


def domain_error(domain: str) -> str | None:
    """Why a domain cannot stand for an account or for our own side, else None."""
    if not registrable_domain(domain):
        return f"{domain!r} is not a domain somebody registered: give one like example.co.jp"
    if domain in FREE_MAIL_DOMAINS:
        return f"{domain!r} is a free-mail domain: its addresses belong to nobody's company"
    return None


def ancestors(host: str) -> list[str]:
    """The host and the names above it down to its registrable domain, the most specific first."""
    top = registrable_domain(host)
    if not top:
        return []
    names, name = [host], host
    while name != top:
        name = name.partition(".")[2]
        names.append(name)
    return names
