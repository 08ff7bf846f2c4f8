"""HTTP words."""

from app.routers import federation, health, imports, pages, trust, verifications, watch

__all__ = ["ROUTERS"]

ROUTERS = (
    verifications.router,
    imports.router,
    trust.router,
    federation.router,
    watch.router,
    health.router,
    pages.router,
)
