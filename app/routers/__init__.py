"""HTTP words."""

from app.routers import federation, health, pages, trust, verifications, watch

__all__ = ["ROUTERS"]

ROUTERS = (
    verifications.router,
    trust.router,
    federation.router,
    watch.router,
    health.router,
    pages.router,
)
