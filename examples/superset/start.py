"""Start Superset on this machine with the dashboard of the published marts.

Run by ``make superset`` in Superset's own environment, never in that of the project. Prepares
Superset's own database, makes the admin, imports the bundle beside this file and hands over to
gunicorn. What was changed in Superset on charts of the bundle is overwritten at the next start.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from pathlib import Path

import yaml
from sqlalchemy.engine.url import make_url

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SLUG = "customer-segments"
ADMIN = "admin"


def marts() -> tuple[str, str]:
    """Name the database of the marts: PostgreSQL where its URL is set, else the published file.

    Returns
    -------
    tuple[str, str]
        SQLAlchemy's URL and the schema of the marts.

    Raises
    ------
    SystemExit
        Nothing has been published.
    """
    postgres = os.environ.get("PUBLISH_POSTGRES_URL")
    if postgres:
        url = make_url(postgres.replace("postgres://", "postgresql://", 1))
        schema = os.environ.get("PUBLISH_POSTGRES_SCHEMA") or "segmentation"
        return url.set(drivername="postgresql+psycopg2").render_as_string(False), schema
    published = Path(os.environ.get("PUBLISHED_DIR") or ROOT / "published").resolve()
    file = published / "segments.duckdb"
    if not file.is_file():
        sys.exit(f"{file} is missing: `make build` publishes the marts")
    return f"duckdb:///{file}?access_mode=read_only", "main"


def bundle(url: str, schema: str) -> dict[str, str]:
    """Read the bundle as Superset imports it.

    Parameters
    ----------
    url, schema
        Where the marts are, from `marts`.

    Returns
    -------
    dict[str, str]
        YAML by path in the bundle, pointing to these marts.
    """
    folder = HERE / "bundle"
    contents = {}
    for file in sorted(folder.rglob("*.yaml")):
        path = file.relative_to(folder).as_posix()
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        if path == "metadata.yaml":
            config["type"] = "assets"  # unlike "Dashboard" this kind of import overwrites
        elif path.startswith("databases/"):
            config["sqlalchemy_uri"] = url
        elif path.startswith("datasets/"):
            config["schema"] = schema
        contents[path] = yaml.safe_dump(config, allow_unicode=True)
    return contents


def prepare(password: str, contents: dict[str, str]) -> None:
    """Bring Superset's own database up to date, with the admin and the bundle in it."""
    from flask import g
    from flask_migrate import upgrade
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from superset import appbuilder, security_manager
        from superset.commands.importers.v1.assets import ImportAssetsCommand

        upgrade()
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        user = security_manager.find_user(ADMIN)
        if user is None:
            role = security_manager.find_role("Admin")
            user = security_manager.add_user(
                ADMIN, "Admin", "", "admin@localhost", role, password=password
            )
        else:
            security_manager.reset_password(user.id, password)
        with app.test_request_context():
            g.user = user
            ImportAssetsCommand(contents).run()


def main() -> None:
    """Prepare Superset and become its server."""
    port = int(os.environ.get("SUPERSET_PORT") or 8088)
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            sys.exit(f"port {port} is taken: choose another, SUPERSET_PORT=8090 make superset")
    contents = bundle(*marts())

    home = Path(os.environ.get("SUPERSET_HOME") or ROOT / "target" / "superset").resolve()
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    key = home / "secret_key"
    if not key.exists():
        key.write_text(secrets.token_urlsafe(48), encoding="utf-8")
    os.environ["SUPERSET_HOME"] = str(home)
    os.environ["SUPERSET_CONFIG_PATH"] = str(HERE / "superset_config.py")

    given = os.environ.pop("SUPERSET_ADMIN_PASSWORD", None)
    password = given or secrets.token_urlsafe(12)
    prepare(password, contents)

    shown = "as in SUPERSET_ADMIN_PASSWORD" if given else password
    print(f"\nDashboard   http://localhost:{port}/superset/dashboard/{SLUG}/")
    print(f"Log in      {ADMIN}, password {shown}")
    print("Stop        Ctrl-C\n", flush=True)
    gunicorn = Path(sys.executable).with_name("gunicorn")
    os.execv(
        gunicorn,
        [
            str(gunicorn),
            f"--bind=127.0.0.1:{port}",
            "--workers=1",
            "--worker-class=gthread",
            "--threads=8",
            "--timeout=120",
            "--log-level=warning",
            "superset.app:create_app()",
        ],
    )


if __name__ == "__main__":
    main()
