"""What stands in `deploy/`: each file names only what there is, and what can be run here is run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import typer
import yaml

from shoal.cli import main

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
SHOAL = Path(sys.executable).with_name("shoal")


def dockerfile():
    """Each instruction with its words."""
    joined = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1].strip()) for line in lines]


def words_of(instruction):
    (found,) = [json.loads(rest) for name, rest in dockerfile() if name == instruction]
    return found


def parse(words):
    """Let the command line read its words; it runs nothing."""
    main.load([])
    command = typer.main.get_command(main.app)
    name, *options = words
    command.get_command(None, name).make_context(name, list(options), resilient_parsing=False)


def served_words():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    unit = [line.partition("=")[2] for line in (DEPLOY / "shoal.service").read_text().splitlines() if "Exec" in line]
    yield ["serve", *words_of("CMD")]
    yield ["serve", *compose["services"]["shoal"]["command"]]
    for line in unit:
        yield shlex.split(line)[1:]


def test_every_command_is_one_that_the_command_line_knows():
    found = list(served_words())
    assert len(found) == 4
    for words in found:
        parse(words)


def test_everything_listens_where_the_others_look():
    port = re.compile(r"\b([1-9]\d{3,4})\b")
    texts = [(DEPLOY / name).read_text() for name in ("Dockerfile", "compose.yaml", "shoal.service", "Caddyfile")]
    assert {found for text in texts for found in port.findall(re.sub(r"10001|65536", "", text))} == {"8400"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze on this machine")
def test_the_unit_is_sound_and_shut_in(tmp_path):
    text = (DEPLOY / "shoal.service").read_text().replace("/opt/shoal/bin/shoal", str(SHOAL))
    (tmp_path / "shoal.service").write_text(text)
    words = ["systemd-analyze", "verify", tmp_path / "shoal.service"]
    told = subprocess.run(words, check=False, capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "StateDirectory=shoal", "Restart=on-failure"):
        assert line in text.splitlines()


def test_the_image_runs_as_nobody_and_is_built_of_what_there_is():
    found = dockerfile()
    assert {rest.split()[0] for name, rest in found if name == "FROM"} == {"python:3.11-slim"}
    assert [rest for name, rest in found if name == "USER"] == ["shoal"]
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.findall(r"https?://([^/'\"\s:]+)", text) == ["127.0.0.1"], "no registry, nothing fetched but health"
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for name, rest in found:
        if name == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in kept, source
    assert ("RUN", "sh deploy/install.sh /build /opt/shoal") in found


def test_make_installs_by_the_same_steps():
    assert "sh deploy/install.sh . $(VENV)" in (ROOT / "Makefile").read_text()
    assert "--require-hashes -r" in (DEPLOY / "install.sh").read_text()


@pytest.mark.skipif(not os.environ.get("SHOAL_SOAK"), reason="installs the whole set: minutes (SHOAL_SOAK=1)")
def test_the_build_step_of_the_image_in_a_fresh_folder(tmp_path):
    build = tmp_path / "build"
    for name, rest in dockerfile():
        if name == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            for source in sources:
                place = build / (target if len(sources) == 1 else source)
                place.parent.mkdir(parents=True, exist_ok=True)
                (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, place)
            if "install.sh" in target:
                break
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": ""}
    subprocess.run(["sh", "deploy/install.sh", build, tmp_path / "opt"], check=True, cwd=build, env=environment)
    told = subprocess.run([tmp_path / "opt/bin/shoal", "sources"], check=True, capture_output=True, cwd=tmp_path)
    assert b"segment" in told.stdout


def test_the_container_starts_is_healthy_and_stops(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    home = tmp_path / "home"
    environment = {**os.environ, "PATH": f"{SHOAL.parent}:{os.environ['PATH']}", "SHOAL_HOME": str(home)}
    for name, rest in dockerfile():
        if name == "HEALTHCHECK":
            check = [word.replace("8400", port) for word in json.loads(rest.partition("CMD ")[2])]
    assert subprocess.run(check, check=False, capture_output=True, env=environment).returncode != 0
    words = ["sh", DEPLOY / "start.sh", "--host", "127.0.0.1", "--port", port]
    process = subprocess.Popen(words, env=environment, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while subprocess.run(check, check=False, capture_output=True, env=environment).returncode != 0:
            assert process.poll() is None
            assert time.monotonic() < end
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        if process.poll() is None:
            process.kill()
    assert "database:" not in re.sub(r"#.*", "", (home / "settings.yaml").read_text())


def test_a_database_may_be_named_for_the_first_start(tmp_path):
    stub = tmp_path / "bin" / "shoal"
    stub.parent.mkdir()
    first = '[ "$1" = init ] && mkdir -p "$SHOAL_HOME" && echo "zone: UTC" > "$SHOAL_HOME/settings.yaml"'
    stub.write_text(f"#!/bin/sh\n{first}\nexit 0\n")
    stub.chmod(0o755)
    url = "postgresql://shoal:p%40ss@postgresql/shoal"
    environment = {"PATH": f"{stub.parent}:/usr/bin:/bin", "SHOAL_HOME": str(tmp_path / "home"), "SHOAL_DATABASE": url}
    for _ in range(2):
        subprocess.run(["sh", DEPLOY / "start.sh"], check=True, env=environment)
    assert yaml.safe_load((tmp_path / "home" / "settings.yaml").read_text()) == {"zone": "UTC", "database": url}


def test_compose_has_one_service_and_postgresql_only_when_asked_for():
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = found["services"]
    assert [name for name, each in services.items() if "profiles" not in each] == ["shoal"]
    assert services["postgresql"]["profiles"] == ["postgresql"]
    named = {volume.partition(":")[0] for each in services.values() for volume in each["volumes"]}
    assert named == set(found["volumes"])
    build = services["shoal"]["build"]
    assert ((DEPLOY / build["context"]).resolve(), (ROOT / build["dockerfile"]).exists()) == (ROOT, True)
