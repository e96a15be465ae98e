"""The specification's tracking service: FastAPI, SQLAlchemy's async ORM, a SELECT, an INSERT and an UPDATE for each hit.

Its faults (an open redirect, statuses that go back, machines counted as people) belong to that design and are kept, so
it must never be exposed. `DATABASE_URL=postgresql+asyncpg://... uvicorn benchmarks.baselines.tracking.app:app`
"""

import base64
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import ForeignKey, Text, select, update
from sqlalchemy.dialects.postgresql import INET, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_Moment = TIMESTAMP(timezone=True)
_engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10, max_overflow=0)
_sessions = async_sessionmaker(_engine, expire_on_commit=False)

app = FastAPI()


class _Table(DeclarativeBase):
    pass


class _Lead(_Table):
    __tablename__ = "leads"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str | None]
    first_opened_at: Mapped[datetime | None] = mapped_column(_Moment)
    first_clicked_at: Mapped[datetime | None] = mapped_column(_Moment)


class _Outreach(_Table):
    __tablename__ = "email_outreach"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id"))
    tracking_token: Mapped[str]


class _Event(_Table):
    __tablename__ = "email_events"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id"))
    outreach_id: Mapped[UUID] = mapped_column(ForeignKey("email_outreach.id"))
    tracking_token: Mapped[str]
    event_type: Mapped[str]
    url_clicked: Mapped[str | None] = mapped_column(Text)
    ip_address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(Text)
    occurred_at: Mapped[datetime] = mapped_column(_Moment)


async def _session() -> AsyncIterator[AsyncSession]:
    async with _sessions() as session:
        yield session


_Session = Annotated[AsyncSession, Depends(_session)]


@app.get("/health")
async def health() -> dict[str, str]:
    """The service answers."""
    return {"status": "ok"}


@app.get("/track/open/{token}")
async def open_pixel(token: str, request: Request, session: _Session) -> Response:
    """The pixel, after the open was logged."""
    await _log(session, request, token, "open")
    return Response(_PIXEL, media_type="image/gif", headers={"Cache-Control": "no-store, no-cache, must-revalidate"})


@app.get("/track/click/{token}")
async def click_redirect(token: str, url: str, request: Request, session: _Session) -> Response:
    """The redirect to whatever the query says, after the click was logged."""
    await _log(session, request, token, "click", url)
    return RedirectResponse(url, status_code=302)


async def _log(session: AsyncSession, request: Request, token: str, kind: str, url: str | None = None) -> None:
    message = await session.scalar(select(_Outreach).where(_Outreach.tracking_token == token))
    if message is None:
        raise HTTPException(404)
    now = datetime.now(UTC)
    session.add(
        _Event(
            lead_id=message.lead_id,
            outreach_id=message.id,
            tracking_token=token,
            event_type=kind,
            url_clicked=url,
            ip_address=request.client.host if request.client else None,
            user_agent=request.headers.get("user-agent"),
            occurred_at=now,
        )
    )
    moment = _Lead.first_opened_at if kind == "open" else _Lead.first_clicked_at
    await session.execute(
        update(_Lead)
        .where(_Lead.id == message.lead_id, moment.is_(None))
        .values({"status": "opened" if kind == "open" else "clicked", moment.key: now})
        .execution_options(synchronize_session=False)
    )
    await session.commit()
