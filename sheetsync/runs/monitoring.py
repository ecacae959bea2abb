"""Telling a dead man's switch that a run went well, so that somebody hears of it when runs stop."""

from sheetsync.config import Config, secret

_SECONDS = 10


def ping(config: Config) -> str | None:
    """Ask for the configured URL, if there is one. Answers why it failed; a failed ping never fails a run."""
    if not config.monitoring.ping_url:
        return None
    import requests

    try:
        answer = requests.get(secret(config.monitoring.ping_url), timeout=_SECONDS)
        answer.raise_for_status()
    except requests.RequestException as error:
        return f"monitoring.ping_url did not answer ({type(error).__name__}); the run itself went well"
    return None
