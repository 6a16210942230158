"""Superset on one machine, for the published marts; start.py sets the environment."""

import os
from pathlib import Path

SECRET_KEY = (Path(os.environ["SUPERSET_HOME"]) / "secret_key").read_text(encoding="utf-8")
# To Superset a file is unsafe: whoever may add databases may read files. Here only the admin may.
PREVENT_UNSAFE_DB_CONNECTIONS = False
# For the menus; the language of the charts is a filter of the dashboard.
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
