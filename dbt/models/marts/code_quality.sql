-- Code as it was measured before: what is beside it here are shares, and null where there is
-- nothing to have a share of.
select
  made.repository_id,
  made.every,
  made.snapshot,
  made.language,
  made.commit_sha,
  made.taken_on,
  made.files_count::bigint as files_count,
  made.unmeasured_count::bigint as unmeasured_count,
  made.nloc,
  made.functions_count::bigint as functions_count,
  made.ccn,
  made.health_score as code_health_score,
  made.worst_health_score as worst_code_health_score,
  {% for band in ["ccn_1_to_5", "ccn_6_to_10", "ccn_11_to_25", "ccn_above_25"] -%}
  made.{{ band }}_nloc::double precision / nullif(
    made.ccn_1_to_5_nloc + made.ccn_6_to_10_nloc + made.ccn_11_to_25_nloc + made.ccn_above_25_nloc,
    0
  ) as {{ band }}_ratio,
  {% endfor -%}
  made.duplicated_lines_count::double precision / nullif(made.said_lines_count, 0)
    as duplication_ratio,
  made.findings_high_count::bigint as findings_high_count,
  made.findings_medium_count::bigint as findings_medium_count,
  made.findings_low_count::bigint as findings_low_count,
  (made.findings_high_count + made.findings_medium_count + made.findings_low_count)
  * 1000::double precision / nullif(made.nloc, 0) as findings_per_kloc,
  made.tests_nloc,
  made.tests_nloc::double precision / nullif(made.nloc, 0) as tests_ratio,
  made.engine
from {{ ref('int_code_snapshots') }} as made
