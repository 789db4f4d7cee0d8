"""Texts can be read without a job, and what is read then is told in the log."""

from structlog.testing import capture_logs

from flows.steps.texts import Freelance
from flows.steps.tones import read_tones
from gitinsight.settings import Settings
from tests.support.analyses import count, rows
from warehouse import repositories
from warehouse.engine import make_engine


def test_who_has_no_job_reads_what_waits_and_says_so(analysed: Settings) -> None:
    engine = make_engine(analysed.warehouse_url, process="test")
    [(repository_id,)] = rows(engine, "select repository_id from ops.repositories")
    before = rows(engine, "select text_digest, label from insights.text_tone order by 1")
    with engine.begin() as connection:
        connection.exec_driver_sql("truncate insights.text_tone")
        repository = repositories.by_id(connection, repository_id)
    reader = Freelance(
        engine, repository, analysed.state_dir, analysed.embeddings, analysed.sentiment
    )
    jobs = count(engine, "ops.jobs")

    with capture_logs() as said:
        assert read_tones(reader, limit=50) == len(before)

    assert rows(engine, "select text_digest, label from insights.text_tone order by 1") == before
    assert count(engine, "ops.jobs") == jobs
    assert {one["event"] for one in said} == {"texts_read"}
    assert {one["repository"] for one in said} == {repository.full_name}
    engine.dispose()
