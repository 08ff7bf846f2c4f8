"""HTTP words."""

from app.routers import federation, health, imports, lookups, pages, trust, verifications, watch

__all__ = ["ROUTERS"]

ROUTERS = (
    verifications.router,
    lookups.router,
    imports.router,
    trust.router,
    federation.router,
    watch.router,
    health.router,
    pages.router,
)
