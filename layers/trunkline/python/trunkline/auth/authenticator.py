"""Authentication by API key or session cookie; one write in the common case."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from trunkline.auth.api_key import ApiKey, is_well_formed, key_hash
from trunkline.auth.api_key_repository import ApiKeyRepository
from trunkline.auth.principal import Actor, Principal
from trunkline.auth.sessions import SessionRepository
from trunkline.core.clock import Clock
from trunkline.core.errors import AddressNotAllowed, CrossSite, InvalidApiKey
from trunkline.core.rate_limit import RateLimitStatus

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})


@dataclass(frozen=True)
class Credentials:
    """The parts of a request that authentication reads.

    `mode` is the mode that it names, `origin` and `fetch_site` (`Sec-Fetch-Site`) are what a browser says
    about the page that sent it.
    """

    method: str
    address: str
    request_id: str
    key: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
    origin: str | None = None
    fetch_site: str | None = None
    host: str = ""
    trace_id: str = ""
    mode: str | None = None

    @property
    def is_own_site(self) -> bool:
        """Tell whether it was not sent by another site's page; other clients than browsers say nothing."""
        if self.fetch_site is not None:
            return self.fetch_site in _OWN_SITE
        return self.origin is None or urlsplit(self.origin).netloc.lower() == self.host.lower()


@dataclass(frozen=True)
class AuthContext:
    """The principal, its rate limit, and the hash of its key, or of the key of its session."""

    principal: Principal
    rate: RateLimitStatus
    key_hash: str = field(repr=False)


@dataclass(frozen=True)
class Authenticator:
    """Authenticates requests; a revoked key is refused from the next request on."""

    keys: ApiKeyRepository
    sessions: SessionRepository
    pepper: str
    clock: Clock

    def authenticate(self, credentials: Credentials) -> AuthContext:
        """Authenticate a request and count it.

        Raises:
            InvalidApiKey: the key or session is not valid; one error for every cause.
            AddressNotAllowed: the key must not be used from this address.
            RateLimited: the key has reached its limit of this minute.
            CrossSite: another site made the browser send the cookie.
            InvalidRequest, ModeNotAllowed: as `Principal.in_mode`.
        """
        if credentials.key is not None:
            return self.authenticate_key(credentials, credentials.key)
        if credentials.session:
            return self._by_session(credentials, credentials.session)
        raise InvalidApiKey

    def authenticate_key(self, credentials: Credentials, key: str) -> AuthContext:
        """Authenticate by a key; raises as `authenticate` does."""
        if not is_well_formed(key):
            raise InvalidApiKey
        return self._authenticate_hash(credentials, key_hash(key, self.pepper), "api_key")

    def _by_session(self, credentials: Credentials, token: str) -> AuthContext:
        session = self.sessions.find(token)
        if credentials.method not in _SAFE_METHODS and not credentials.is_own_site:
            raise CrossSite
        return self._authenticate_hash(credentials, session.key_hash, "session")

    def _authenticate_hash(self, credentials: Credentials, hashed: str, kind: str) -> AuthContext:
        key, rate = self.keys.authenticate_and_count(hashed, self.clock.wall_ms())
        if not key.allows_address(credentials.address):
            raise AddressNotAllowed
        principal = _principal(key, credentials, kind).in_mode(credentials.mode)
        return AuthContext(principal, rate, hashed)


def _principal(key: ApiKey, credentials: Credentials, kind: str) -> Principal:
    actor = Actor(kind, key.id, key.name, credentials.address, credentials.request_id, credentials.trace_id)
    return Principal(key.tenant_id, key.livemode, key.scopes, key, actor)
