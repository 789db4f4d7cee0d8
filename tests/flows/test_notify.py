"""People are told over real HTTP and real SMTP, at least once."""

import email
import email.policy
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from flows import notify
from gitinsight import clock
from gitinsight.operations_settings import NotifySettings
from gitinsight.settings import Settings
from tests.support import listeners
from tests.support.analyses import count, rows
from tests.support.listeners import Listener
from tests.support.rows import add_repository
from tests.support.waiting import wait_for
from warehouse import jobs, notifications
from warehouse.engine import Engine

KEY = "of-the-tests"
DETAIL = "GitHub does not show <octo/app> & says\r\nBcc: everybody@test"


@pytest.fixture
def web() -> Iterator[Listener]:
    with listeners.http() as listener:
        yield listener


@pytest.fixture
def post() -> Iterator[Listener]:
    with listeners.smtp() as listener:
        yield listener


def told(settings: Settings, **values: object) -> Settings:
    return settings.model_copy(update={"notify": NotifySettings.model_validate(values)})


def fail(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    with warehouse.begin() as connection:
        job, _ = jobs.enqueue(connection, repository_id, at=clock.now())
        held = jobs.claim(connection, job.job_id, worker="w", at=clock.now())
        jobs.finish(
            connection, held, state="failed", at=clock.now(), outcome={}, error_type="NotVisible",
            error_detail=DETAIL,
        )  # fmt: skip


def tell(warehouse: Engine, settings: Settings, *, later: timedelta = timedelta(0)) -> int:
    notify.find(warehouse, settings)
    channels = notify.channels_of(settings.notify)
    return notify.send_due(warehouse, channels, now=lambda: clock.now() + later)


def test_a_webhook_is_sent_the_facts_and_a_signature(
    settings: Settings, warehouse: Engine, web: Listener
) -> None:
    fail(warehouse)

    sent = tell(warehouse, told(settings, webhook_url=web.url, webhook_secret=KEY))

    ((headers, body),) = web.heard
    signature = hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()
    facts = json.loads(body)
    assert sent == 1
    assert headers["x-gitinsight-signature-256"] == f"sha256={signature}"
    assert (facts["trouble"], facts["repository"], facts["state"]) == (
        "failed", "octo/app", "failed",
    )  # fmt: skip
    assert facts["error_detail"] == DETAIL
    assert headers["x-gitinsight-delivery"] == str(facts["notification_id"])


def test_slack_is_sent_text_that_is_no_markup(
    settings: Settings, warehouse: Engine, web: Listener
) -> None:
    fail(warehouse)

    tell(warehouse, told(settings, slack_url=web.url))

    ((_, body),) = web.heard
    text = json.loads(body)["text"]
    assert text.startswith("*octo/app: the analysis failed*")
    assert "does not show &lt;octo/app&gt; &amp; says Bcc" in text


def test_a_mail_is_one_and_has_no_headers_that_were_smuggled_in(
    settings: Settings, warehouse: Engine, post: Listener
) -> None:
    fail(warehouse)

    tell(
        warehouse,
        told(
            settings, smtp_host="127.0.0.1", smtp_port=post.port, smtp_starttls=False,
            email_to="a@test, b@test",
        ),
    )  # fmt: skip

    ((_, raw),) = post.heard
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail["Subject"] == "[GitInsight] octo/app: the analysis failed"
    assert mail["To"] == "a@test, b@test"
    assert mail["Bcc"] is None
    assert "error type: NotVisible" in mail.get_content()


def test_what_is_not_taken_is_sent_again_and_the_others_do_not_wait(
    settings: Settings, warehouse: Engine, web: Listener, post: Listener
) -> None:
    web.statuses = [503, 200]
    both = told(
        settings, webhook_url=web.url, smtp_host="127.0.0.1", smtp_port=post.port,
        smtp_starttls=False, email_to="a@test",
    )  # fmt: skip
    fail(warehouse)

    assert tell(warehouse, both) == 1
    errors = rows(warehouse, "select error from ops.notifications where sent_at is null")
    assert tell(warehouse, both, later=timedelta(minutes=1)) == 1

    assert len(post.heard) == 1
    assert len(web.heard) == 2
    assert errors == [("the webhook does not answer: HTTP 503",)]
    assert count(warehouse, "ops.notifications where sent_at is null") == 0


def test_who_dies_after_sending_has_it_sent_again(
    settings: Settings, warehouse: Engine, web: Listener
) -> None:
    to_web = told(settings, webhook_url=web.url)
    fail(warehouse)
    notify.find(warehouse, to_web)
    with warehouse.begin() as connection:
        one = notifications.take(connection, at=clock.now(), pause=timedelta(seconds=1))
    assert one is not None
    notify.channels_of(to_web.notify)["webhook"](one)  # and here the process ends

    assert tell(warehouse, to_web, later=timedelta(minutes=1)) == 1

    assert len({headers["x-gitinsight-delivery"] for headers, _ in web.heard}) == 1
    assert len(web.heard) == 2


def test_an_address_is_in_no_row(settings: Settings, warehouse: Engine) -> None:
    fail(warehouse)

    tell(warehouse, told(settings, slack_url="http://127.0.0.1:9/services/T0KEN"))

    ((error,),) = rows(warehouse, "select error from ops.notifications")
    assert error == "Slack does not answer: ConnectError"


def test_a_channel_that_was_removed_is_given_up_in_the_end(
    settings: Settings, warehouse: Engine, web: Listener
) -> None:
    fail(warehouse)
    notify.find(warehouse, told(settings, webhook_url=web.url))
    moment = clock.now()

    for _ in range(12):
        moment += timedelta(days=2)
        notify.send_due(warehouse, {}, now=lambda: moment)  # noqa: B023 - called at once

    assert count(warehouse, "ops.notifications where next_at is null and sent_at is null") == 1


def test_it_goes_on_by_itself(settings: Settings, warehouse: Engine, web: Listener) -> None:
    stop = threading.Event()
    to_web = told(settings, webhook_url=web.url)
    thread = threading.Thread(target=notify.watch, args=(warehouse, to_web), kwargs={"stop": stop})
    fail(warehouse)
    thread.start()

    wait_for(lambda: len(web.heard) == 1)
    stop.set()
    thread.join()


def test_nobody_is_told_without_an_address(settings: Settings, warehouse: Engine) -> None:
    fail(warehouse)

    notify.watch(warehouse, settings, stop=threading.Event())

    assert count(warehouse, "ops.notifications") == 0
