"""HTTP words."""

from app.routers import federation, health, pages, verifications

__all__ = ["ROUTERS"]

ROUTERS = (verifications.router, federation.router, health.router, pages.router)
