"""Every setting, typed, read once from the environment, from `.env` and from the embedded stack's own file.

Precedence: environment variables, then `.marketpulse/stack.env` (written by `marketpulse up`), then `.env`.
Secrets are SecretStr: their repr and their text in logs is masked.
"""

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from marketpulse.errors import OperatorError

EVENT_TOPIC = "stock_analysis"
DEAD_LETTER_TOPIC = "stock_analysis.dead_letter"
STREAM = "stock_stream"
PRODUCER_LEASE = "producer"
STATE_DIR_VARIABLE = "MARKETPULSE_STATE_DIR"
PERSONS_FILE = Path(".env")


def state_dir() -> Path:
    """Where the embedded stack keeps its state: `$MARKETPULSE_STATE_DIR`, else `.marketpulse` in the working folder."""
    return Path(os.environ.get(STATE_DIR_VARIABLE) or ".marketpulse").absolute()


class Settings(BaseSettings):
    """One field a setting; the environment variable is `MARKETPULSE_` and the field's name in upper case."""

    model_config = SettingsConfigDict(env_prefix="MARKETPULSE_", extra="ignore", frozen=True, populate_by_name=True)

    provider: str = "alpaca"
    api_key: SecretStr = Field(
        SecretStr(""), validation_alias=AliasChoices("api_key", "MARKETPULSE_API_KEY", "API_KEY")
    )
    api_secret: SecretStr = Field(
        SecretStr(""), validation_alias=AliasChoices("api_secret", "MARKETPULSE_API_SECRET", "API_SECRET")
    )
    provider_url: str = Field("", description="base address of the provider; empty: the provider's own")
    feed: str = "iex"
    symbols: Annotated[tuple[str, ...], NoDecode] = Field((), description="empty: include/symbols.csv")
    synthetic: bool = Field(False, description="marks every event as simulated")
    calendar: str = Field("XNYS", description="an exchange_calendars name, or 24/7")
    market_clock: str = Field("host", description="host, or the simulator's control address")
    producer_schedule: Literal["session", "continuous", "manual"] = "session"

    poll_interval_s: float = Field(5.0, gt=0)
    overlap_min: float = Field(15.0, ge=0, description="market minutes that every poll reads again")
    sweep_delay_min: float = Field(20.0, ge=0, description="market minutes from the session's end to its sweep")
    request_deadline_s: float = Field(20.0, gt=0)
    lease_ttl_s: float = Field(10.0, gt=1)
    bar_close_s: float = Field(60.0, ge=0, description="market seconds after a bar's end that close it")
    feed_order: Annotated[tuple[str, ...], NoDecode] = Field(
        ("sip", "delayed_sip", "iex", "tape", "replay", "round_the_clock"),
        description="which feed is shown where several have the same figure, best first",
    )

    kafka_bootstrap: str = "127.0.0.1:9092"
    kafka_partitions: int = Field(4, ge=1)
    kafka_retention_hours: int = Field(168, ge=1)
    kafka_max_message_bytes: int = Field(1_048_576, ge=8192)

    owner_dsn: SecretStr = SecretStr("")
    writer_dsn: SecretStr = SecretStr("")
    operations_dsn: SecretStr = SecretStr("")
    reader_dsn: SecretStr = SecretStr("")
    reader_statement_timeout_s: int = Field(60, ge=1, description="after this a query of the mart's reader is stopped")
    reader_connections: int = Field(20, ge=1, description="how many the mart's reader may open at a time")
    postgres_data_dir: str = Field(
        "", description="the market Postgres's data where it is on this machine: health watches its disk too"
    )
    superuser_dsn: SecretStr = Field(
        SecretStr(""), description="only `migrate roles` uses it: any database of the server but marketpulse"
    )

    airflow_metadata_dsn: SecretStr = Field(
        SecretStr(""), description="Airflow's own database, for its clean-up; empty: its history is kept"
    )
    airflow_url: str = "http://127.0.0.1:8080"
    airflow_user: str = "admin"
    airflow_password: SecretStr = SecretStr("")

    spark_master: str = "spark://127.0.0.1:7077"
    spark_jars_dir: str = Field("", description="folder of the Kafka connector's jars")
    spark_driver_host: str = Field("127.0.0.1", description="where executors reach the stream's driver")
    stream_cores: int = Field(2, ge=1, description="cores that the stream takes, over all workers of the cluster")
    stream_max_offsets_per_trigger: int = Field(100_000, ge=1)
    stream_trigger_ms: int = Field(250, ge=0, description="pause from one micro-batch to the next; 0: none")

    alert_urls: Annotated[tuple[SecretStr, ...], NoDecode] = Field((), description="Apprise addresses, comma separated")
    retention_days: int = Field(400, ge=1)
    backup_dir: str = ""
    report_dir: str = Field("", description="folder of the session reports; empty: reports in the state folder")

    @field_validator("symbols", "alert_urls", "feed_order", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment and files; `overrides` win. Raises OperatorError that names the bad variable."""
    return _read((PERSONS_FILE, state_dir() / "stack.env"), overrides)


def persons_settings() -> Settings:
    """What a person set, without the embedded stack's own file: that may be an earlier stack's. Raises as above."""
    return _read((PERSONS_FILE,), {})


def require_text(path: Path) -> None:
    """Raise OperatorError when a settings file is there and cannot be read as text."""
    try:
        path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except UnicodeDecodeError:
        raise OperatorError(f"{path} is not text in UTF-8: save it in that encoding") from None
    except OSError as error:
        raise OperatorError(f"{path} cannot be read ({error.strerror}): correct it, or remove it") from None


def _read(files: tuple[Path, ...], overrides: dict[str, object]) -> Settings:
    for path in files:
        require_text(path)
    try:
        return Settings(_env_file=files, **overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "MARKETPULSE_" + str(first["loc"][0]).upper()
        raise OperatorError(f"{name} is not usable: {first['msg']}; correct it in .env or the environment") from None


@cache
def settings() -> Settings:
    """The process's settings, read once."""
    return load_settings()
