"""Settings: one table, nothing guessed, no secret shown."""

import pytest

from server.edge.settings import Settings, read_settings, table
from server.protocol.errors import Invalid


def test_without_environment_the_defaults_hold() -> None:
    settings = read_settings({})
    assert settings == Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.database_url == "sqlite:///data/8gentc.db"
    assert settings.secret_key is None
    assert settings.rate_limits is True


def test_each_default_is_what_its_row_says() -> None:
    for row in table():
        assert getattr(Settings(), row.key) == row.parse(row.default), row.name


def test_environment_is_read_and_an_override_wins() -> None:
    environ = {"AGENTC_PORT": "9000", "AGENTC_HOST": "::1", "PATH": "/bin"}
    settings = read_settings(environ, {"port": "9001", "host": None})
    assert (settings.host, settings.port) == ("::1", 9001)


def test_an_empty_value_counts_as_not_set() -> None:
    assert read_settings({"AGENTC_PORT": "", "AGENTC_SECRET_KEY": ""}) == Settings()


def test_an_unknown_name_is_refused_naming_the_nearest() -> None:
    with pytest.raises(Invalid, match=r"AGENTC_ALLOWED_ORIGIN: did you mean AGENTC_ALLOWED_ORIG"):
        read_settings({"AGENTC_ALLOWED_ORIGIN": "https://a.example"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AGENTC_PORT", "eighty"),
        ("AGENTC_PORT", "-1"),
        ("AGENTC_PORT", "65536"),
        ("AGENTC_MAX_FRAME_BYTES", "16MB"),
        ("AGENTC_RATE_LIMITS", "maybe"),
        ("AGENTC_LOG_LEVEL", "loud"),
        ("AGENTC_IDLE_UNLOAD_SECONDS", "nan"),
        ("AGENTC_SHUTDOWN_SECONDS", "soon"),
        ("AGENTC_ALLOWED_ORIGINS", "studio.example"),
        ("AGENTC_ALLOWED_ORIGINS", "https://studio.example/path"),
    ],
)
def test_a_bad_value_is_refused_naming_key_and_value(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_settings({name: value})
    assert name in refusal.value.message
    assert repr(value) in refusal.value.message


@pytest.mark.parametrize("name", ["AGENTC_SECRET_KEY", "AGENTC_DATABASE_URL"])
def test_a_bad_secret_is_refused_without_its_value_L11(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_settings({name: "hunter2"})
    assert name in refusal.value.message
    assert "hunter2" not in refusal.value.message


def test_a_repr_shows_no_secret_L11() -> None:
    environ = {
        "AGENTC_SECRET_KEY": "correct-horse-battery",
        "AGENTC_DATABASE_URL": "postgresql://u:hunter2@db/x",
    }
    shown = repr(read_settings(environ))
    assert "hunter2" not in shown
    assert "correct-horse" not in shown


def test_origins_are_normalized() -> None:
    environ = {"AGENTC_ALLOWED_ORIGINS": "https://A.example/, http://localhost:5173 ,"}
    settings = read_settings(environ)
    assert settings.allowed_origins == ("https://a.example", "http://localhost:5173")
