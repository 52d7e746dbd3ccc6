"""The files in deploy/: what they name exists, and the tools they are for take them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tracker.cli.app import COMMANDS
from tracker.settings import Settings, variable

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
PROGRAM = "/opt/tracker/.venv/bin/tracker"
SETTINGS = {variable(name) for name in Settings.model_fields}


def test_every_unit_runs_a_command_that_there_is() -> None:
    texts = [path.read_text(encoding="utf-8") for path in UNITS]
    run = [word for text in texts for word in re.findall(rf"^Exec\w+={PROGRAM} (\S+)", text, re.M)]
    assert sorted(run) == ["backup", "migrate", "serve", "work"]
    assert set(run) <= set(COMMANDS)


def test_the_command_line_has_the_account_and_the_settings_of_the_service() -> None:
    wrapper = DEPLOY / "tracker"
    text = wrapper.read_text(encoding="utf-8")
    assert os.access(wrapper, os.X_OK)
    assert f'{PROGRAM} "$@"' in text
    unit = (DEPLOY / "tracker.service").read_text(encoding="utf-8")
    for name, option in (
        ("User", "--uid"), ("Group", "--gid"),
        ("EnvironmentFile", "--property=EnvironmentFile"), ("UMask", "--property=UMask"),
    ):  # fmt: skip
        [value] = re.findall(rf"^{name}=(.+)$", unit, re.M)
        assert f"{option}={value} " in text, name


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this machine")
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if "tracker" in line]
    assert (done.returncode, ours) == (0, [])


def test_the_compose_file_names_commands_and_settings_that_there_are() -> None:
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services = found["services"]
    assert [services[name]["command"] for name in ("migrate", "serve", "work")] == [
        "migrate", "serve", "work",
    ]  # fmt: skip
    assert services["work"]["deploy"]["replicas"] == 2
    assert set(found["x-tracker"]["environment"]) <= SETTINGS
    assert found["x-tracker"]["environment"]["TRACKER_ENGINE"] == "cluster"
    assert services["serve"]["ports"] == ["127.0.0.1:8000:8000"]
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"TRACKER_[A-Z_]+", text)) <= SETTINGS
    place = DEPLOY / found["x-tracker"]["build"]["context"] / "deploy" / "Dockerfile"
    assert place.resolve().is_file()


def test_an_image_holds_no_secret_of_the_place_where_it_is_built() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = [line.split()[1:-1] for line in text.splitlines() if line.startswith("COPY ")]
    assert {one for names in copied for one in names} == {
        "requirements.lock", "pyproject.toml", "README.md",
        "tracker", "notifiers", "schedules", "templates",
    }  # fmt: skip


@pytest.mark.skipif(not shutil.which("nginx"), reason="no nginx on this machine")
def test_nginx_takes_its_example(tmp_path: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=x",
         "-keyout", str(tmp_path / "tracker.key"), "-out", str(tmp_path / "tracker.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for place in ("/etc/ssl", "/var/log/nginx"):
        site = site.replace(place, str(tmp_path))
    site = re.sub(r"listen (80|443)", r"listen 127.0.0.1:44\1", site)  # which need not be root's
    (tmp_path / "site.conf").write_text(site, encoding="utf-8")
    whole = f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ include {tmp_path}/site.conf; }}\n"
    (tmp_path / "nginx.conf").write_text(whole)
    done = subprocess.run(
        ["nginx", "-t", "-e", str(tmp_path / "log"), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_secrets_in_addresses_reach_no_log_and_figures_no_stranger() -> None:
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert site.count("access_log off;") == len(re.findall(r"^server \{", site, re.M)) == 2
    assert re.search(r"error_log \S+ crit;", site)
    assert re.search(r"location = /metrics \{\s*return 403;", site)
