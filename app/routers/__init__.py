"""HTTP words."""

from app.routers import federation, health, pages, verifications, watch

__all__ = ["ROUTERS"]

ROUTERS = (
    verifications.router,
    federation.router,
    watch.router,
    health.router,
    pages.router,
)
