"""The push services of the browsers' makers."""

from __future__ import annotations

from typing import Final

BROWSERS: Final = (
    "fcm.googleapis.com",  # Chrome, Edge on Android, Opera, Samsung Internet
    "jmt17.google.com",  # Chromium that Google did not build, Chrome before its release
    "updates.push.services.mozilla.com",
    "*.push.services.mozilla.com",
    "*.notify.windows.com",  # Edge on Windows
    "web.push.apple.com",
    "*.push.apple.com",
)
"""`*.` stands for one label or more."""
