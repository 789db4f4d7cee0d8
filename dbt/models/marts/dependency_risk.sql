-- What manifests and lock files of the default branch name. No registry is asked, so that whether
-- there is something newer, and what is known against it, is not known.
with named as (
  select
    lies.repository_id,
    lies.month,
    lies.path,
    one.value ->> 'ecosystem' as ecosystem,
    one.value ->> 'name' as dependency,
    one.value ->> 'wanted' as wanted,
    one.value ->> 'version' as exact_version,
    (one.value ->> 'is_development')::boolean as is_development,
    (one.value ->> 'is_locked')::boolean as is_locked
  from {{ ref('int_code_files') }} as lies
  cross join lateral jsonb_array_elements(lies.dependencies) as one (value)
  where lies.kind = 'manifest'
),

fixed as (
  select distinct
    repository_id,
    month,
    ecosystem,
    dependency
  from named
  where is_locked
)

select
  named.repository_id,
  named.month,
  named.path,
  named.ecosystem,
  named.dependency,
  named.wanted,
  named.exact_version,
  named.is_development,
  named.is_locked,
  null::text as latest_version,
  null::double precision as libyears,
  null::jsonb as advisories,
  named.exact_version is not null or fixed.dependency is not null as is_pinned
from named
left join fixed
  on
    named.repository_id = fixed.repository_id
    and named.month = fixed.month
    and named.ecosystem = fixed.ecosystem
    and named.dependency = fixed.dependency
