"""The first tables"""

import sqlalchemy as sa
from alembic import op

from web.store import tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("pbx_url", sa.String(length=500), nullable=False),
        sa.Column("pbx_domain", sa.String(length=255), nullable=False),
        sa.Column("pbx_profile", sa.String(length=20), nullable=False),
        sa.Column("pbx_ca", sa.Text(), nullable=True),
        sa.Column("engine", sa.String(length=10), nullable=False),
        sa.Column("record", sa.Boolean(), nullable=False),
        sa.Column("created_at", tables.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=True),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_audit_account_account"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("account", "number", name=op.f("uq_audit_account_number")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_account"), ["account"], unique=False)

    op.create_table(
        "call",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=True),
        sa.Column("agent", sa.String(length=200), nullable=True),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("number", sa.String(length=300), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("handset", sa.String(length=100), nullable=True),
        sa.Column("near_call_id", sa.String(length=300), nullable=True),
        sa.Column("early_media", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("held_by_other", sa.Boolean(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("recording_state", sa.String(length=12), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=True),
        sa.Column("sip_status", sa.BigInteger(), nullable=True),
        sa.Column("sip_reason", sa.String(length=300), nullable=True),
        sa.Column("ended_by", sa.String(length=10), nullable=True),
        sa.Column("started_at", tables.Utc(), nullable=False),
        sa.Column("answered_at", tables.Utc(), nullable=True),
        sa.Column("ended_at", tables.Utc(), nullable=True),
        sa.Column("changed_at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_call_account_account"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
    )
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.create_index("ix_call_account_started_at_id", ["account", "started_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_line"), ["line"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_state"), ["state"], unique=False)
        batch_op.create_index("ix_call_user_started_at_id", ["user", "started_at", "id"], unique=False)

    op.create_table(
        "secret",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["account.id"], name=op.f("fk_secret_account_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secret")),
        sa.UniqueConstraint("kind", "owner", name=op.f("uq_secret_kind_owner")),
    )
    with op.batch_alter_table("secret", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_secret_account"), ["account"], unique=False)

    op.create_table(
        "user",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("theme", sa.String(length=10), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_user_account_account"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("login", name=op.f("uq_user_login")),
    )
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_account"), ["account"], unique=False)

    op.create_table(
        "call_event",
        sa.Column("call", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.Column("view", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["account.id"], name=op.f("fk_call_event_account_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["call"], ["call.id"], name=op.f("fk_call_event_call_call"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "number", name=op.f("pk_call_event")),
    )
    with op.batch_alter_table("call_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_event_account"), ["account"], unique=False)

    op.create_table(
        "line",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=True),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sip_user", sa.String(length=128), nullable=False),
        sa.Column("auth_user", sa.String(length=128), nullable=False),
        sa.Column("pbx_url", sa.String(length=500), nullable=True),
        sa.Column("pbx_domain", sa.String(length=255), nullable=True),
        sa.Column("record", sa.Boolean(), nullable=True),
        sa.Column("created_at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_line_account_account"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user"], ["user.id"], name=op.f("fk_line_user_user"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line")),
        sa.UniqueConstraint("account", "number", name=op.f("uq_line_account_number")),
        sa.UniqueConstraint("user", name=op.f("uq_line_user")),
    )
    with op.batch_alter_table("line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_account"), ["account"], unique=False)

    op.create_table(
        "recording",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("call", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("capture", sa.String(length=500), nullable=True),
        sa.Column("path", sa.String(length=500), nullable=True),
        sa.Column("duration", sa.Double(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("started_at", tables.Utc(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("created_at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["account.id"], name=op.f("fk_recording_account_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["call"], ["call.id"], name=op.f("fk_recording_call_call"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("call", name=op.f("uq_recording_call")),
    )
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recording_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_recording_state"), ["state"], unique=False)

    op.create_table(
        "session",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("created_at", tables.Utc(), nullable=False),
        sa.Column("seen_at", tables.Utc(), nullable=False),
        sa.Column("ended_at", tables.Utc(), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["account.id"], name=op.f("fk_session_account_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user"], ["user.id"], name=op.f("fk_session_user_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token", name=op.f("uq_session_token")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_user"), ["user"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_user"))
        batch_op.drop_index(batch_op.f("ix_session_account"))

    op.drop_table("session")
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recording_state"))
        batch_op.drop_index(batch_op.f("ix_recording_account"))

    op.drop_table("recording")
    with op.batch_alter_table("line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_line_account"))

    op.drop_table("line")
    with op.batch_alter_table("call_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_call_event_account"))

    op.drop_table("call_event")
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_account"))

    op.drop_table("user")
    with op.batch_alter_table("secret", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_secret_account"))

    op.drop_table("secret")
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_index("ix_call_user_started_at_id")
        batch_op.drop_index(batch_op.f("ix_call_state"))
        batch_op.drop_index(batch_op.f("ix_call_line"))
        batch_op.drop_index("ix_call_account_started_at_id")

    op.drop_table("call")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_account"))

    op.drop_table("audit")
    op.drop_table("account")
