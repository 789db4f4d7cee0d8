-- Files of the default branch as they lay at the end of each of the last twelve months, or lie now,
-- with what was measured in them.
with looks as (
  select distinct on (repository_id, month)
    repository_id,
    month,
    taken_at
  from {{ source('insights', 'code_looks') }}
  where {{ of_job('repository_id') }}
  order by repository_id asc, month asc, looked_at desc
)

select
  lies.repository_id,
  lies.month,
  looks.taken_at,
  lies.path,
  lies.kind,
  lies.is_test,
  measured.unmeasured,
  measured.nloc,
  measured.ccn,
  measured.health_score,
  measured.findings,
  measured.secrets,
  measured.dependencies
from {{ source('insights', 'code_files') }} as lies
inner join looks on lies.repository_id = looks.repository_id and lies.month = looks.month
inner join {{ ref('int_repositories') }} as repository
  on lies.repository_id = repository.repository_id
inner join {{ source('insights', 'code_blobs') }} as measured
  on
    lies.repository_id = measured.repository_id
    and lies.blob_id = measured.blob_id
    and lies.kind = measured.kind
where {{ of_job('lies.repository_id') }} and lies.month > repository.data_as_of - interval '1 year'
