"""Headers that tell browsers what the dashboard's pages may do. Pure.

Sources: https://www.w3.org/TR/CSP3/, RFC 6797, https://owasp.org/www-project-secure-headers/
"""

from __future__ import annotations

from collections.abc import Sequence

COMMON = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every response."""

_PAGE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def page_headers(nonce: str, connects_to: Sequence[str]) -> dict[str, str]:
    """Return the headers of the page.

    The nonce is for styles alone, which the component library adds; scripts come from files. Nothing is
    inline, and nothing is evaluated.
    """
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self' 'nonce-{nonce}'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": " ".join(["'self'", *connects_to]),
        "manifest-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    text = "; ".join(f"{name} {value}" for name, value in policy.items())
    return {**_PAGE, "Content-Security-Policy": text}
