"""Tokens and the sessions that they open. Their secrets are shown once and kept as hashes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from oracle.database.engine import Database, storable
from oracle.database.tables import SESSIONS, TOKENS, aware, now
from oracle.records.tokens import Scope, Token, name_rule
from scyc.errors import BadInput, Problem, unknown

_PREFIX = "oracle_"  # so that a secret that leaks is recognised for what it is
_BYTES = 32  # 43 characters
_FORMS = "forms"  # the row of no session: no digest is that, and no token has its value
_COLUMNS = (TOKENS.c.name, TOKENS.c.scope, TOKENS.c.created)


class Tokens:
    """All tokens of one database. Every method raises StorageError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, scope: Scope) -> str:
        """Make a token; its secret cannot be read again.

        Args:
            name: Of the token.
            scope: What the token allows.

        Returns:
            The secret; the database has its hash alone.

        Raises:
            BadInput: The name is taken, or is none.
        """
        rule = name_rule(name)
        if not rule:
            secret = _PREFIX + secrets.token_urlsafe(_BYTES)
            new = {"name": name, "digest": _digest(secret), "scope": scope, "created": now()}
            insert = self._database.insert(TOKENS).values(new)
            insert = insert.on_conflict_do_nothing(index_elements=["name"])
            with self._database.writing() as connection:
                created = connection.execute(insert.returning(TOKENS.c.name)).first()
            if created is not None:
                return secret
            rule = "there is a token of this name; revoke it first, or take another name"
        raise BadInput("token", [Problem("name", rule, name)])

    def find(self, secret: str) -> Token | None:
        """Find the token with this secret.

        Args:
            secret: What the user sent.

        Returns:
            The token; None where there is none, or it was revoked.
        """
        select = sa.select(*_COLUMNS).where(TOKENS.c.digest == _digest(secret))
        with self._database.reading() as connection:
            return _token(connection.execute(select).one_or_none())

    def list(self) -> list[Token]:
        """Return all tokens, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(*_COLUMNS).order_by(TOKENS.c.name))
            return [Token(name, scope, aware(created)) for name, scope, created in rows]

    def any(self) -> bool:
        """Return whether there are tokens at all."""
        with self._database.reading() as connection:
            return connection.execute(sa.select(TOKENS.c.name).limit(1)).first() is not None

    def revoke(self, name: str) -> None:
        """Delete a token, and end its sessions.

        Args:
            name: Of the token.

        Raises:
            BadInput: There is no such token.
        """
        with self._database.writing() as connection:
            delete = (
                sa.delete(TOKENS).where(TOKENS.c.name == storable(name)).returning(TOKENS.c.digest)
            )
            digest = connection.execute(delete).scalar()
            if digest is not None:
                connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.token == digest))
                return
            known = connection.execute(sa.select(TOKENS.c.name)).scalars().all()
        raise BadInput("token", [Problem("name", unknown(name, known), name)])


class Sessions:
    """Sign-ins of browsers, each by a token."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, token_name: str, lifetime: timedelta) -> str:
        """Sign a token in.

        Args:
            token_name: Name of the token.
            lifetime: Of the session.

        Returns:
            The session's secret; the database has its hash alone.

        Raises:
            BadInput: There is no such token.
        """
        secret = secrets.token_urlsafe(_BYTES)
        with self._database.writing() as connection:
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.expires <= now()))
            mine = (
                sa.select(TOKENS.c.digest)
                .where(TOKENS.c.name == storable(token_name))
                .with_for_update()
            )
            token = connection.execute(mine).scalar()
            if token is None:
                raise BadInput("token", [Problem("name", "there is no such token", token_name)])
            new = {"digest": _digest(secret), "token": token, "expires": now() + lifetime}
            connection.execute(sa.insert(SESSIONS).values(new))
        return secret

    def find(self, secret: str) -> Token | None:
        """Return who is signed in; None where the session has ended or its token was revoked.

        Args:
            secret: As the cookie or the header has it.

        Returns:
            The token of the session.
        """
        still = (SESSIONS.c.digest == _digest(secret)) & (SESSIONS.c.expires > now())
        select = (
            sa.select(*_COLUMNS)
            .join_from(SESSIONS, TOKENS, SESSIONS.c.token == TOKENS.c.digest)
            .where(still)
        )
        with self._database.reading() as connection:
            return _token(connection.execute(select).one_or_none())

    def key(self) -> bytes:
        """Return a secret of the database, which signs the forms on the pages of all its servers.

        Returns:
            Random bytes, made the first time.
        """
        select = sa.select(SESSIONS.c.token).where(SESSIONS.c.digest == _FORMS)
        with self._database.reading() as connection:
            key = connection.execute(select).scalar()
        if key is None:
            new = {"digest": _FORMS, "token": secrets.token_hex(_BYTES), "expires": datetime.max}
            insert = self._database.insert(SESSIONS).values(new)
            with self._database.writing() as connection:
                connection.execute(insert.on_conflict_do_nothing(index_elements=["digest"]))
                key = connection.execute(select).scalar_one()
        return bytes.fromhex(key)

    def close(self, secret: str) -> None:
        """Sign out; a session that has ended already is left alone.

        Args:
            secret: As the cookie or the header has it.
        """
        with self._database.writing() as connection:
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.digest == _digest(secret)))


def _digest(secret: str) -> str:
    # A secret of 256 random bits needs no slow hash: nobody guesses it.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: Any) -> Token | None:
    return None if row is None else Token(row.name, row.scope, aware(row.created))
