"""Tokens and sessions: who is let in, on every kind of database."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from oracle.database import RunDatabase, parse_url
from oracle.records.tokens import SCOPES, Scope, Token
from scyc.errors import BadInput

HOUR = timedelta(hours=1)


@pytest.fixture
def ledger(storage: str) -> Iterator[RunDatabase]:
    opened = RunDatabase(parse_url(storage))
    yield opened
    opened.close()


def everything(storage: str) -> str:
    """All that is in our tables of tokens and sessions."""
    engine = sa.create_engine(storage)
    with engine.connect() as connection:
        rows = [
            row
            for table in ("oracle_tokens", "oracle_sessions")
            for row in connection.execute(sa.text(f"SELECT * FROM {table}"))  # noqa: S608
        ]
    engine.dispose()
    return str(rows)


def test_a_token_is_found_by_its_secret_alone(ledger: RunDatabase) -> None:
    tokens = ledger.tokens()
    assert not tokens.any()
    secrets: dict[Scope, str] = {scope: tokens.create(f"a-{scope}", scope) for scope in SCOPES}
    assert tokens.any()
    assert all(secret.startswith("oracle_") and len(secret) == 50 for secret in secrets.values())
    assert len(set(secrets.values())) == 3
    for scope, secret in secrets.items():
        stored = tokens.find(secret)
        assert stored is not None
        assert (stored.name, stored.scope) == (f"a-{scope}", scope)
    for wrong in ("", "a-admin", secrets["admin"][:-1], secrets["admin"] + "\x00", "\udc80"):
        assert tokens.find(wrong) is None
    assert [token.name for token in tokens.list()] == ["a-admin", "a-read", "a-submit"]


@pytest.mark.parametrize(
    ("scope", "may"), [("read", [True, False, False]), ("submit", [True, True, False])]
)
def test_a_scope_includes_those_below_it(
    ledger: RunDatabase, scope: Scope, may: list[bool]
) -> None:
    token = ledger.tokens().find(ledger.tokens().create("ann", scope))
    assert token is not None
    assert [token.allows(each) for each in SCOPES] == may
    assert all(Token("root", "admin", token.created).allows(each) for each in SCOPES)


def test_a_secret_is_nowhere_in_the_database(ledger: RunDatabase, storage: str) -> None:
    secret = ledger.tokens().create("ann", "admin")
    session = ledger.sessions().open("ann", HOUR)
    stored = everything(storage)
    assert "ann" in stored
    for each in (secret, secret.removeprefix("oracle_"), session):
        assert each not in stored


@pytest.mark.parametrize("name", ["", "local", "a b", "-a", "a" * 65, "a\x00", "ä"])
def test_an_invalid_name_is_refused(ledger: RunDatabase, name: str) -> None:
    with pytest.raises(BadInput) as refused:
        ledger.tokens().create(name, "read")
    assert [problem.path for problem in refused.value.problems] == ["name"]
    assert ledger.tokens().list() == []


def test_a_name_is_taken_until_its_token_is_revoked(ledger: RunDatabase) -> None:
    tokens = ledger.tokens()
    first = tokens.create("ann", "read")
    with pytest.raises(BadInput, match="revoke it first"):
        tokens.create("ann", "admin")
    token = tokens.find(first)
    assert token is not None
    assert token.scope == "read"
    tokens.revoke("ann")
    second = tokens.create("ann", "admin")
    assert tokens.find(first) is None
    assert tokens.find(second) is not None


def test_revoking_an_unknown_token_suggests_a_similar_name(ledger: RunDatabase) -> None:
    ledger.tokens().create("annette", "read")
    for name in ("annete", "annette\x00"):
        with pytest.raises(BadInput, match='did you mean "annette"'):
            ledger.tokens().revoke(name)


def test_a_session_is_its_tokens_until_it_is_closed(ledger: RunDatabase) -> None:
    tokens, sessions = ledger.tokens(), ledger.sessions()
    token = tokens.find(tokens.create("ann", "submit"))
    first, second = sessions.open("ann", HOUR), sessions.open("ann", HOUR)
    assert first != second
    assert sessions.find(first) == sessions.find(second) == token
    assert sessions.find(first + "x") is None
    sessions.close(first)
    sessions.close(first)
    assert sessions.find(first) is None
    assert sessions.find(second) == token
    assert tokens.find(second) is None  # a session's secret is no token


def test_a_session_expires(ledger: RunDatabase, storage: str) -> None:
    ledger.tokens().create("ann", "read")
    expired = ledger.sessions().open("ann", timedelta(0))
    assert ledger.sessions().find(expired) is None
    ledger.sessions().open("ann", HOUR)
    engine = sa.create_engine(storage)
    with engine.connect() as connection:
        count = connection.execute(sa.text("SELECT count(*) FROM oracle_sessions")).scalar()
    engine.dispose()
    assert count == 1  # those that expired are cleared away


def test_revoking_a_token_ends_its_sessions_for_good(ledger: RunDatabase) -> None:
    tokens, sessions = ledger.tokens(), ledger.sessions()
    tokens.create("ann", "admin")
    tokens.create("bob", "read")
    anns, bobs = sessions.open("ann", HOUR), sessions.open("bob", HOUR)
    tokens.revoke("ann")
    tokens.create("ann", "admin")
    assert sessions.find(anns) is None
    session = sessions.find(bobs)
    assert session is not None
    assert session.name == "bob"
    with pytest.raises(BadInput, match="no such token"):
        sessions.open("carol", HOUR)
