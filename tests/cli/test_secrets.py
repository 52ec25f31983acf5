"""What stands in settings as a secret comes out nowhere."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx

from tests.cli.running import quell, serving, until

SECRET = "s3cretpw"


def config(folder: Path) -> Path:
    """Settings with a password in every address that may have one; nobody listens at any of them."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        place = f"prom:{SECRET}@127.0.0.1:{gone.getsockname()[1]}"
    path = folder / "quell.toml"
    path.write_text(
        f"""
        [evidence]
        targets = [ {{ service = "auth", url = "http://{place}/metrics?token={SECRET}" }} ]
        [evidence.prometheus]
        url = "http://{place}"
        [evidence.loki]
        url = "http://{place}"
        [actions.supervisor]
        url = "http://{place}"
        token = "{SECRET}"
        """
    )
    return path


def test_a_password_in_an_address_is_on_no_page_in_no_answer_in_no_log_and_in_no_file(tmp_path: Path) -> None:
    settings = config(tmp_path)
    with serving(tmp_path, "server", "--config", str(settings)) as server:

        def failing() -> str:
            detailed = httpx.get(f"{server.url}/dashboard/health/detailed").text
            return detailed if "***@127.0.0.1" in detailed and "topology_unknown" in server.err else ""

        detailed = until(failing, "the source is said to fail")
        told = [detailed, *(httpx.get(server.url + path).text for path in ("/dashboard/health", "/metrics"))]
        server.end()
    kept = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())

    assert "***@127.0.0.1" in server.err
    assert SECRET not in "".join(told) + server.err + server.out
    assert b"SourceFailed" in kept
    assert SECRET.encode() not in kept


def test_doctor_and_check_config_name_addresses_without_their_secrets(tmp_path: Path) -> None:
    settings, data = str(config(tmp_path)), str(tmp_path / "data")

    ended = [
        quell("doctor", "--config", settings, "--data", data, cwd=tmp_path),
        quell("doctor", "--config", settings, "--data", data, "-o", "json", cwd=tmp_path),
        quell("check-config", "--config", settings, "-o", "json", cwd=tmp_path),
    ]

    for one in ended:
        assert SECRET not in one.stdout + one.stderr
    assert "***@127.0.0.1" in ended[1].stdout
    assert "***@127.0.0.1" in ended[2].stdout


def test_an_address_with_a_password_that_a_command_cannot_reach_is_named_without_it(tmp_path: Path) -> None:
    ended = quell("outcomes", "--url", f"http://me:{SECRET}@127.0.0.1:1", cwd=tmp_path)

    assert ended.returncode == 2
    assert "http://***@127.0.0.1:1" in ended.stderr
    assert SECRET not in ended.stderr
