"""HTTP words."""

from app.routers import (
    batches,
    confirm,
    console,
    disputes,
    federation,
    health,
    holdings,
    imports,
    jobs,
    lists,
    lookups,
    pictures,
    presentations,
    retrievals,
    share,
    trust,
    verifications,
    verifying,
    watch,
    wrong,
)

__all__ = ["ROUTERS"]

ROUTERS = (
    verifications.router,
    pictures.router,
    batches.router,
    jobs.router,
    presentations.router,
    lookups.router,
    holdings.router,
    retrievals.router,
    imports.router,
    disputes.router,
    share.router,
    trust.router,
    federation.router,
    watch.router,
    health.router,
    verifying.router,
    lists.router,
    wrong.router,
    console.router,
    confirm.router,
)
