-- Stretches of eight hours and more between two messages of the business, and how many asked in them. Shorter ones say
-- nothing: a silence is told from a day on, and compared with others of a third of its length.
with
heard as (
    select
        number, of_portion, at,
        at div 900000000 as quarter,
        not is_inbound as is_outbound,
        is_inbound and is_of_kind_that_asks as is_asking
    from sieved
    where is_first and is_heard
),

bounded as (
    select
        *,
        min(case when is_outbound then at end) over of_quarter as first_outbound,
        max(case when is_outbound then at end) over of_quarter as last_outbound
    from heard
    window of_quarter as (partition by number, quarter)
),

-- A message that asks at the instant of an outbound one asks after it.
quarters as (
    select
        of_portion, number, quarter,
        min(first_outbound) as first_outbound,
        max(last_outbound) as last_outbound,
        count_if(is_asking) as asked,
        count_if(is_asking and at < first_outbound) as asked_before,
        count_if(is_asking and at >= last_outbound) as asked_after,
        min(case when is_asking then at end) as first_asked
    from bounded
    group by of_portion, number, quarter
),

summed as (
    select
        *,
        sum(asked) over (partition by number order by quarter rows between unbounded preceding and current row)
            as asked_through,
        sum(asked) over (partition by number) as asked_ever,
        min(first_asked) over (partition by number) as first_asked_ever
    from quarters
),

spoken as (
    select
        *,
        lag(last_outbound) over in_time as outbound_before,
        lag(asked_through) over in_time as asked_through_before,
        lag(asked_after) over in_time as asked_after_before,
        lead(last_outbound) over in_time as outbound_next
    from summed
    where last_outbound is not null
    window in_time as (partition by number order by quarter)
)

-- Behind the last outbound message the stretch has no end yet.
select
    number, outbound_before as from_at, first_outbound as to_at,
    asked_through - asked - asked_through_before + asked_after_before + asked_before as asked,
    of_portion
from spoken
where first_outbound - outbound_before >= 28800000000
union all
select
    number, last_outbound as from_at, cast(null as bigint) as to_at,
    asked_ever - asked_through + asked_after as asked,
    of_portion
from spoken
where outbound_next is null
union all
select
    number, cast(null as bigint) as from_at, min(first_asked_ever) as to_at, max(asked_ever) as asked, of_portion
from summed
group by of_portion, number
having max(last_outbound) is null and max(asked_ever) > 0
