"""HTTP words."""

from app.routers import health, pages, verifications

__all__ = ["ROUTERS"]

ROUTERS = (verifications.router, health.router, pages.router)
