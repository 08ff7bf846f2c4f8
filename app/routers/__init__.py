"""HTTP words."""

from app.routers import (
    batches,
    confirm,
    disputes,
    federation,
    health,
    imports,
    lookups,
    pages,
    pictures,
    share,
    trust,
    verifications,
    watch,
)

__all__ = ["ROUTERS"]

ROUTERS = (
    verifications.router,
    pictures.router,
    batches.router,
    lookups.router,
    imports.router,
    disputes.router,
    share.router,
    trust.router,
    federation.router,
    watch.router,
    health.router,
    pages.router,
    confirm.router,
)
