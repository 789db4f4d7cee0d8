"""More than fifty ways in which raw data goes wrong, each with the check that is to notice it.

Which records are hit is decided by a seed: a record's place in the order of the hashes of its key.
"""

from dataclasses import dataclass
from typing import Literal

_SEED = "corruption-1"


@dataclass(frozen=True, slots=True)
class Corruption:
    name: str
    statement: str
    check_name: str
    severity: Literal["block", "warn"] = "block"


def _some(table: str, most: str, *, key: str = "id", where: str = "true") -> str:
    """The keys of so many records, or of so large a part of them, chosen by the seed."""
    limit = f"(select ceil(count(*) * {most}) from raw.{table} where {where})"
    return (
        f"{key} in (select {key} from raw.{table} where {where}"
        f" order by md5('{_SEED}' || {key}::text) limit"
        f" {most if most.isdigit() else limit})"
    )


def _drop(table: str, most: str, **chosen: str) -> str:
    return f"delete from raw.{table} where {_some(table, most, **chosen)}"


def _double(table: str, most: str, **chosen: str) -> str:
    """As if a page had been written twice, under other ids."""
    return f"""
        insert into raw.{table}
        select (jsonb_populate_record(held, jsonb_build_object('id', held.id + 500000000))).*
        from raw.{table} as held where {_some(table, most, **chosen)}
    """


def _edit(table: str, payload: str, most: str, **chosen: str) -> str:
    return f"update raw.{table} set payload = {payload} where {_some(table, most, **chosen)}"


def _read_anew(table: str, payload: str, most: str) -> str:
    """As if these had been read since the last publication, and looked like this."""
    return (
        f"update raw.{table} set payload = {payload}, extracted_at = clock_timestamp()"
        f" where {_some(table, most)}"
    )


def _shift(table: str, key: str, by: str, most: str) -> str:
    shifted = f"to_jsonb((payload ->> '{key}')::timestamptz + interval '{by}')"
    return _edit(
        table, f"payload || jsonb_build_object('{key}', {shifted})", most,
        where=f"payload ->> '{key}' is not null",
    )  # fmt: skip


_ONLY_ISSUES = "not payload ? 'pull_request'"

CORRUPTIONS = (
    # pages and records that are gone
    Corruption("a page of issues is gone", _drop("github_issues", "0.2"), "volume:github_issues"),
    Corruption(
        "one issue is gone",
        _drop("github_issues", "1", where=_ONLY_ISSUES),
        "reconciliation:issues",
    ),
    Corruption(
        "a page of comments is gone",
        _drop("github_issue_comments", "0.2"),
        "volume:github_issue_comments",
    ),
    Corruption(
        "one comment is gone", _drop("github_issue_comments", "1"), "reconciliation:issue_comments"
    ),
    Corruption(
        "one pull request is gone",
        _drop("github_pull_requests", "1"),
        "test.pull_requests_sum_to_the_repository",
    ),
    Corruption("one review is gone", _drop("github_reviews", "1"), "reconciliation:reviews"),
    Corruption(
        "one review comment is gone",
        _drop("github_review_comments", "1"),
        "reconciliation:review_comments",
    ),
    Corruption("one label is gone", _drop("github_labels", "1"), "reconciliation:labels"),
    Corruption("one release is gone", _drop("github_releases", "1"), "reconciliation:releases"),
    Corruption(
        "one milestone is gone", _drop("github_milestones", "1"), "reconciliation:milestones"
    ),
    Corruption(
        "one commit is gone", _drop("git_commits", "1", key="sha"), "reconciliation:commits"
    ),
    Corruption(
        "a branch is gone",
        _drop("git_branches", "1", key="name"),
        "reconciliation:branches",
    ),
    Corruption(
        "all tags have a tombstone",
        "update raw.git_tags set deleted_at = extracted_at",
        "volume:git_tags",
    ),
    # truncated tables
    Corruption("reviews are truncated", "truncate raw.github_reviews", "volume:github_reviews"),
    Corruption(
        "events are truncated", "truncate raw.github_issue_events", "volume:github_issue_events"
    ),
    Corruption(
        "the repository object is truncated",
        "truncate raw.github_repositories",
        "volume:github_repositories",
    ),
    Corruption(
        "files of commits are truncated",
        "truncate raw.git_commit_files",
        "volume:git_commit_files",
    ),
    Corruption("accounts are truncated", "truncate raw.github_users", "volume:github_users"),
    Corruption(
        "rows went to another repository",
        "update raw.github_issue_comments set repository_id = repository_id + 1000"
        f" where {_some('github_issue_comments', '0.3')}",
        "volume:github_issue_comments",
    ),
    # doubled rows
    Corruption(
        "issues are doubled",
        _double("github_issues", "10"),
        "test.an_item_has_a_number_of_its_own",
    ),
    Corruption(
        "comments are doubled",
        _double("github_issue_comments", "5"),
        "reconciliation:issue_comments",
    ),
    Corruption("reviews are doubled", _double("github_reviews", "5"), "reconciliation:reviews"),
    Corruption(
        "pull requests are doubled",
        _double("github_pull_requests", "3"),
        "test.an_item_has_a_number_of_its_own",
    ),
    Corruption("labels are doubled", _double("github_labels", "2"), "reconciliation:labels"),
    # clocks
    Corruption(
        "issues are of next year",
        _shift("github_issues", "created_at", "2 years", "3"),
        "test.issues_are_not_of_the_future",
    ),
    Corruption(
        "comments are dated 40 days early",
        _shift("github_issue_comments", "created_at", "-40 days", "0.5"),
        "test.repository_summary_counts_are_not_negative",
    ),
    Corruption(
        "merges are dated before the opening",
        _shift("github_pull_requests", "mergedAt", "-300 days", "5"),
        "test.a_pull_request_is_ready_answered_and_merged_in_this_order",
        "warn",
    ),
    Corruption(
        "reviews are dated a month late",
        _shift("github_reviews", "submittedAt", "31 days", "0.5"),
        "history:reviews_count",
        "warn",
    ),
    Corruption(
        "commits are of the next century",
        "update raw.git_commits set committed_at = committed_at + interval '100 years'"
        f" where {_some('git_commits', '0.3', key='sha')}",
        "history:commits_count",
        "warn",
    ),
    Corruption(
        "the clock of the extractor runs ahead",
        "update raw.github_issues set extracted_at = extracted_at + interval '3 days'",
        "clock",
        "warn",
    ),
    Corruption(
        "the repository is stale",
        "update ops.cursors set updated_at = updated_at - interval '3 days'",
        "freshness:issues",
        "warn",
    ),
    # nulls
    Corruption(
        "issues have lost their authors",
        _edit("github_issues", "payload || '{\"user\": null}'", "0.6"),
        "drift:issue_responsiveness.author_class",
        "warn",
    ),
    Corruption(
        "a review has no state",
        _edit("github_reviews", "payload - 'state'", "1"),
        "types:github_reviews",
    ),
    Corruption(
        "an issue has no time",
        _edit("github_issues", "payload - 'created_at'", "1"),
        "test.an_item_has_an_author_and_times",
    ),
    Corruption(
        "a release has no tag",
        _edit("github_releases", "payload || '{\"tag_name\": null}'", "1"),
        "model.release_cadence",
    ),
    # states
    Corruption(
        "issues have swapped states",
        _edit(
            "github_issues",
            "payload || jsonb_build_object('state',"
            " case payload ->> 'state' when 'open' then 'closed' else 'open' end)",
            "5",
            where=_ONLY_ISSUES,
        ),
        "test.the_state_of_an_issue_fits_its_times",
        "warn",
    ),
    Corruption(
        "open issues are closed, with a time",
        _edit(
            "github_issues",
            "payload || jsonb_build_object('state', 'closed')"
            " || jsonb_build_object('closed_at', payload -> 'updated_at')",
            "2",
            where=f"{_ONLY_ISSUES} and payload ->> 'state' = 'open'",
        ),
        "reconciliation:open_items",
        "warn",
    ),
    Corruption(
        "merged pull requests are closed without a merge",
        _edit(
            "github_pull_requests",
            'payload || \'{"state": "CLOSED", "mergedAt": null}\'',
            "2",
            where="payload ->> 'state' = 'MERGED'",
        ),
        "reconciliation:pull_requests_merged",
        "warn",
    ),
    Corruption(
        "merged pull requests are open",
        _edit(
            "github_pull_requests",
            'payload || \'{"state": "OPEN"}\'',
            "3",
            where="payload ->> 'state' = 'MERGED'",
        ),
        "test.pull_requests_are_open_merged_or_closed",
    ),
    Corruption(
        "a review has a state that nobody knows",
        _edit("github_reviews", 'payload || \'{"state": "LGTM"}\'', "1"),
        "test.states_of_reviews_are_known",
        "warn",
    ),
    Corruption(
        "an issue has a state that nobody knows",
        _edit("github_issues", 'payload || \'{"state": "pending"}\'', "1", where=_ONLY_ISSUES),
        "test.issue_classes_are_known",
    ),
    # schema drift: what was read since the last publication has other keys
    Corruption(
        "issues are read without their labels",
        _read_anew("github_issues", "payload - 'labels'", "20"),
        "keys:github_issues",
    ),
    Corruption(
        "accounts in comments have no login any more",
        _read_anew(
            "github_issue_comments", """payload || '{"user": {"name": "somebody"}}'""", "20"
        ),
        "keys:github_issue_comments",
    ),
    Corruption(
        "the time of a closing became a number",
        _read_anew("github_milestones", "payload || '{\"closed_at\": 1700000000}'", "1"),
        "types:github_milestones",
    ),
    Corruption(
        "issues have a key that nobody knows",
        _read_anew("github_issues", 'payload || \'{"mood": "good"}\'', "3"),
        "new_keys:github_issues",
        "warn",
    ),
    Corruption(
        "a key that nobody reads has another type",
        _read_anew("github_labels", 'payload || \'{"default": "no"}\'', "1"),
        "new_keys:github_labels",
        "warn",
    ),
    # volume and distribution
    Corruption(
        "comments of a year have come within a week",
        _edit(
            "github_issue_comments",
            "payload || jsonb_build_object('created_at',"
            " to_jsonb(date_trunc('second', now() - interval '2 days')))",
            "0.5",
        ),
        "arrivals:issue_comments_count",
        "warn",
    ),
    Corruption(
        "people are named like bots",
        _edit(
            "github_issue_comments",
            "jsonb_set(payload, '{user,login}', to_jsonb(payload #>> '{user,login}' || '[bot]'))",
            "0.6",
            where="payload #>> '{user,login}' is not null",
        ),
        "drift:daily_activity.issue_comments_human_count",
        "warn",
    ),
    Corruption(
        "commits have lost their time of day",
        "update raw.git_commits set authored_at = date_trunc('day', authored_at)",
        "hours:work_pattern",
        "warn",
    ),
    # types and references
    Corruption(
        "numbers of issues are text",
        _edit(
            "github_issues", "payload || jsonb_build_object('number', payload ->> 'number')", "0.5"
        ),
        "types:github_issues",
    ),
    Corruption(
        "a time is a number",
        _edit("github_issues", "payload || '{\"created_at\": 1700000000}'", "1"),
        "model.int_items",
    ),
    Corruption("a payload is a list", _edit("github_labels", "'[]'", "1"), "types:github_labels"),
    Corruption(
        "comments are about what is not there",
        _edit(
            "github_issue_comments",
            "payload || jsonb_build_object('issue_url', payload ->> 'issue_url' || '000')",
            "2",
        ),
        "test.remarks_are_about_something_held",
        "warn",
    ),
    Corruption(
        "lines are negative",
        f"update raw.git_commits set additions = -5 where {_some('git_commits', '2', key='sha')}",
        "test.lines_of_commits_are_not_negative",
    ),
    Corruption(
        "sizes of pull requests are negative",
        _edit("github_pull_requests", "payload || '{\"additions\": -1}'", "2"),
        "test.pull_request_hours_and_sizes_are_not_negative",
    ),
)
