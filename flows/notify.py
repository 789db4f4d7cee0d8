"""Tells people of trouble: analyses that failed, missed something or did not pass the gate, and
figures that are too old.

What is to be told is a row before it is sent, and stays one until a channel has taken it: at least
once, whatever dies in between. The number of the row tells a receiver what it has had already.
"""

import hashlib
import hmac
import json
import smtplib
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.message import EmailMessage
from functools import partial

import httpx2
from pydantic import SecretStr

from gitinsight import clock, logs
from gitinsight.clock import Clock
from gitinsight.errors import UpstreamUnavailable, first_line
from gitinsight.operations_settings import NotifySettings
from gitinsight.settings import Settings
from warehouse import notifications
from warehouse.engine import UNREACHABLE, Engine
from warehouse.notifications import Notification

_LOG = logs.get(__name__)
_POLL_SECONDS = 5.0
_LOOK_BACK = timedelta(days=1)
_PAUSE = timedelta(seconds=15)
_ATTEMPTS = 12
"""The last one about a day after the first."""
_TIMEOUT_SECONDS = 20.0
_TITLES = {
    "failed": "the analysis failed", "partial": "something is missing",
    "stale": "the figures are too old", "quality": "the quality gate failed",
}  # fmt: skip

Send = Callable[[Notification], None]
"""Raises UpstreamUnavailable where it was not taken. Its text names no address: some are secret."""


def watch(engine: Engine, settings: Settings, *, stop: threading.Event) -> None:
    """Tell until somebody says ``stop``."""
    channels = channels_of(settings.notify)
    while channels and not stop.is_set():
        try:
            find(engine, settings)
            send_due(engine, channels)
        except UNREACHABLE as error:
            _LOG.warning("warehouse_not_reached", reason=first_line(error))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: it must not end
            _LOG.warning("notifications_interrupted", reason=first_line(error))
        stop.wait(_POLL_SECONDS)


def find(engine: Engine, settings: Settings, *, now: Clock = clock.now) -> int:
    """Write down what is to be told; how much is new."""
    at = now()
    with engine.begin() as connection:
        return notifications.find(
            connection, channels=[*channels_of(settings.notify)], of=settings.notify.of,
            since=at - _LOOK_BACK, at=at, fresh_hours=settings.quality.fresh_hours,
        )  # fmt: skip


def send_due(engine: Engine, channels: Mapping[str, Send], *, now: Clock = clock.now) -> int:
    """Send everything that is due; how much was taken. One that is not keeps no other waiting."""
    sent = 0
    while True:
        with engine.begin() as connection:
            one = notifications.take(connection, at=now(), pause=_PAUSE)
        if one is None:
            return sent
        sent += _send(engine, channels, one, now)


def channels_of(settings: NotifySettings) -> Mapping[str, Send]:
    """Every one that has an address."""
    found: dict[str, Send] = {}
    if settings.webhook_url is not None:
        found["webhook"] = partial(_post_json, settings.webhook_url, settings.webhook_secret)
    if settings.slack_url is not None:
        found["slack"] = partial(_post_slack, settings.slack_url)
    if settings.smtp_host is not None:
        found["email"] = partial(_mail, settings, settings.smtp_host)
    return found


def _send(engine: Engine, channels: Mapping[str, Send], one: Notification, now: Clock) -> bool:
    error = None
    try:
        channels.get(one.channel, _to_nobody)(one)
    except UpstreamUnavailable as found:
        error = str(found)
        _LOG.warning("notification_not_sent", notification_id=one.notification_id, reason=error)
    with engine.begin() as connection:
        if error is None:
            notifications.record_sent(connection, one.notification_id, at=now())
        else:
            notifications.record_failure(
                connection, one.notification_id, error=error, is_last=one.attempts >= _ATTEMPTS
            )
    return error is None


def _to_nobody(one: Notification) -> None:
    raise UpstreamUnavailable(one.channel, "nobody has named an address")


def _post_json(url: SecretStr, secret: SecretStr | None, one: Notification) -> None:
    body = json.dumps(
        {
            "notification_id": one.notification_id, "trouble": one.trouble,
            "at": one.at.isoformat(), **one.facts,
        }
    ).encode()  # fmt: skip
    headers = {
        "content-type": "application/json",
        "x-gitinsight-delivery": str(one.notification_id),
    }
    if secret is not None:
        key = secret.get_secret_value().encode()
        signature = hmac.new(key, body, hashlib.sha256).hexdigest()
        headers["x-gitinsight-signature-256"] = f"sha256={signature}"
    _post("the webhook", url, body, headers)


def _post_slack(url: SecretStr, one: Notification) -> None:
    """What is not ours to format is kept from being markup or a mention."""
    lines = [f"*{_title(one)}*", *_lines(one)]
    text = "\n".join(lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    _post("Slack", url, json.dumps({"text": text}).encode(), {"content-type": "application/json"})


def _post(target: str, url: SecretStr, body: bytes, headers: Mapping[str, str]) -> None:
    try:
        answer = httpx2.post(
            url.get_secret_value(), content=body, headers=dict(headers), timeout=_TIMEOUT_SECONDS
        )
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise UpstreamUnavailable(target, type(error).__name__) from error
    if not answer.is_success:
        raise UpstreamUnavailable(target, f"HTTP {answer.status_code}")


def _mail(settings: NotifySettings, host: str, one: Notification) -> None:
    message = EmailMessage()
    message["Subject"] = f"[GitInsight] {_title(one)}"
    message["From"], message["To"] = settings.email_from, ", ".join(settings.email_to)
    message["Message-ID"] = f"<notification-{one.notification_id}-{one.at:%Y%m%d%H%M%S}@gitinsight>"
    message.set_content("\n".join(_lines(one)) + "\n")
    try:
        with smtplib.SMTP(host, settings.smtp_port, timeout=_TIMEOUT_SECONDS) as server:
            if settings.smtp_starttls:
                server.starttls()
            if settings.smtp_user is not None and settings.smtp_password is not None:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise UpstreamUnavailable("the mail server", type(error).__name__) from error


def _title(one: Notification) -> str:
    return f"{one.facts['repository']}: {_TITLES[one.trouble]}"


def _lines(one: Notification) -> list[str]:
    return [
        f"{name.replace('_', ' ')}: {' '.join(str(value).split())}"
        for name, value in one.facts.items()
        if value is not None
    ]
