"""Roles apart: what each may do in the tables as migrated, and above all what it may not."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from app.models import Base
from embedded import SERVICE
from tests.service import Service, as_service, new_database

ROLES = ("zhengyan_service", "zhengyan_import", "zhengyan_audit", "zhengyan_reader")
TABLES = sorted(Base.metadata.tables)
ADDED_TO = ("audit", "audit_head", "dispute_step", "trust_decision", "trust_list")
KEPT = ("first_seen", "license", "license_status", "statement", "trust_proposal", "verification")


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[str]:
    return new_database(database_url, "roles")


def ask(url: str, *statements: str, role: str | None = None) -> Any:
    """What the last statement says; everything in one transaction that is rolled back."""

    async def run() -> Any:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            async with connection.transaction():
                if role is not None:
                    await connection.execute(f"SET LOCAL ROLE {role}")
                for statement in statements[:-1]:
                    await connection.execute(statement)
                return await connection.fetch(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


def refused(url: str, statement: str, role: str | None = None) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(url, statement, role=role)


def may(url: str, role: str, table: str) -> set[str]:
    rights = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    columns = ", ".join(f"has_table_privilege('{role}', '{table}', '{each}')" for each in rights)
    (row,) = ask(url, f"SELECT {columns}")
    return {right for right, given in zip(rights, row, strict=True) if given}


# ---- the account the service runs under


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET operation = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET jws = 'x'",
        "INSERT INTO audit_chain VALUES (99, 0, ''::bytea)",
        "DELETE FROM audit_chain",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_no_change ON audit",
        "ALTER TABLE audit ADD COLUMN x int",
        "DROP TABLE audit",
        "CREATE TABLE mine (x int)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER FUNCTION audit_is_appended() RENAME TO is_appended",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "ALTER TABLE license OWNER TO CURRENT_USER",
        "ALTER TABLE license DROP COLUMN sealed",
        "SET ROLE zhengyan",
        "SET session_replication_role = replica",
        "UPDATE alembic_version SET version_num = '0001'",
        "DELETE FROM trust_list",
        "UPDATE trust_list SET number = 1",
        "UPDATE dispute_step SET state = 'open'",
        "DELETE FROM verification",
        "DELETE FROM license",
        "DELETE FROM license_status",
        "TRUNCATE license",
        "SELECT * FROM parts.license_00",
        "DELETE FROM parts.license_00",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY license TO PROGRAM 'cat'",
    ],
)
def test_the_service_can_neither_change_tables_nor_unsay_events(
    database: str, statement: str
) -> None:
    refused(as_service(database), statement)


def test_the_service_is_nobody_else(database: str) -> None:
    """The twin: it is let in, and reads and appends."""
    (row,) = ask(
        as_service(database),
        "SELECT current_user AS me, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls"
        " FROM pg_roles WHERE rolname = current_user",
    )
    assert tuple(row) == (SERVICE, False, False, False, False)
    (chain,) = ask(as_service(database), "SELECT count(*) FROM audit_chain")
    assert chain[0] == 8
    ask(as_service(database), "CREATE TEMP TABLE mine (x int)", "SELECT * FROM mine")


def test_the_running_service_does_all_it_does_under_that_account(service: Service) -> None:
    assert service.client.get("/readyz").status_code == 200
    (row,) = service.sql(
        "SELECT array_agg(DISTINCT usename::text) AS who FROM pg_stat_activity"
        " WHERE application_name = 'zhengyan' AND datname = current_database()"
    )
    assert f"//{SERVICE}@" in str(service.settings.database_url)
    assert row["who"] == [SERVICE]


# ---- every role and every table


@pytest.mark.parametrize("table", TABLES)
def test_no_role_owns_or_empties_a_table(database: str, table: str) -> None:
    for role in ROLES:
        assert not may(database, role, table) & {"TRUNCATE", "REFERENCES", "TRIGGER"}
    service = may(database, "zhengyan_service", table)
    assert "SELECT" in service
    if table in ADDED_TO:
        assert service == {"SELECT", "INSERT"}
    elif table in KEPT:
        assert service == {"SELECT", "INSERT", "UPDATE"}
    assert may(database, "zhengyan_reader", table) <= {"SELECT"}


def test_the_reader_reads_and_sees_no_secret(database: str) -> None:
    assert may(database, "zhengyan_reader", "verification") == {"SELECT"}
    secrets = ("api_key", "bucket", "caller_key", "used_assertion", "used_inquiry")
    for table in (*secrets, "operator", "operator_answer", "operator_session", "presentation"):
        assert may(database, "zhengyan_reader", table) == set()
    refused(database, "INSERT INTO bucket VALUES (''::bytea, 0, now())", "zhengyan_reader")
    assert ask(database, "SELECT count(*) FROM license", role="zhengyan_reader")[0][0] == 0


def test_a_table_to_come_is_the_services_and_not_the_readers(database: str) -> None:
    (row,) = ask(
        database,
        "CREATE TABLE to_come (x int)",
        "SELECT has_table_privilege('zhengyan_service', 'to_come', 'INSERT') AS service,"
        " has_table_privilege('zhengyan_service', 'to_come', 'TRUNCATE') AS emptied,"
        " has_table_privilege('zhengyan_reader', 'to_come', 'SELECT') AS reader",
    )
    assert tuple(row) == (True, False, False)


def test_who_appends_to_the_log_can_do_nothing_else(database: str) -> None:
    given = {table: may(database, "zhengyan_audit", table) for table in TABLES}
    assert {table: rights for table, rights in given.items() if rights} == {
        "audit": {"INSERT"},
        "audit_chain": {"SELECT", "UPDATE"},
    }
    refused(database, "SELECT * FROM audit", "zhengyan_audit")


def test_who_imports_reaches_records_and_nothing_of_verifications(database: str) -> None:
    written = {t for t in TABLES if may(database, "zhengyan_import", t) & {"INSERT", "UPDATE"}}
    assert written == {
        *("audit", "audit_chain", "import_batch", "import_fault", "key_version", "license"),
        *("license_key", "license_status", "statement"),
    }
    for table in ("verification", "api_key", "caller", "trust_list", "dispute", "anchor"):
        assert may(database, "zhengyan_import", table) == set()
    assert not any("DELETE" in may(database, "zhengyan_import", table) for table in TABLES)
