"""Superset on one machine, for the dashboard of the published marts; start.py sets the environment."""

import os
from pathlib import Path

SECRET_KEY = (Path(os.environ["SUPERSET_HOME"]) / "secret_key").read_text(encoding="utf-8")
# A file is "unsafe" to Superset: whoever may add databases may read files. Here that is the admin alone.
PREVENT_UNSAFE_DB_CONNECTIONS = False
# The menus can be switched to Chinese as well; the dashboard has a filter of its own for its texts.
LANGUAGES = {
    "en": {"flag": "us", "name": "English"},
    "zh": {"flag": "cn", "name": "中文"},
}
# The pages talk to this server only: no map tiles, no telemetry pixel.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
