"""The operations that the Settings page asks for, said once for both clients, as in calls.py."""

from quarterhour.client.call import Call, get, post, within
from quarterhour.tokens import Role
from quarterhour.web.models import Page
from quarterhour.web.settings_models import AlertDelivery, AlertItem, MadeToken, Session, TokenItem, TokenRequest


def get_session() -> Call[Session]:
    """Who makes the call, and what they may do."""
    return get("/api/session", Session)


def list_alerts() -> Call[Page[AlertItem]]:
    """The channels of alerts that are configured, each with its last delivery."""
    return get("/api/alerts", Page[AlertItem])


def test_alert(name: str) -> Call[AlertDelivery]:
    """Send a real message through a channel, now."""
    return post(within("alerts", name, "test"), AlertDelivery)


def list_tokens() -> Call[Page[TokenItem]]:
    """The tokens that open the server; never their text."""
    return get("/api/tokens", Page[TokenItem])


def make_token(name: str, *, role: Role = Role.VIEWER) -> Call[MadeToken]:
    """Make a token: its text is in the answer, and nowhere else."""
    return post("/api/tokens", MadeToken, TokenRequest(name=name, role=role))


def revoke_token(token_id: str) -> Call[TokenItem]:
    """From now on it opens nothing."""
    return Call("DELETE", within("tokens", token_id), TokenItem.model_validate_json)
