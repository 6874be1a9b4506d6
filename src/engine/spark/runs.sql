-- Questions with no answer between are a run, and have one clock: that of the first, or of the last. Who ends a run is seen
-- from the end of the conversation: questions of one run have the same first answer.
:paired

questions as (
    select
        *,
        row_number() over in_time as place,
        coalesce(lag(first_answer_at) over in_time, 0) as answer_before,
        lag(at) over in_time as at_before
    from paired
    where role in ('asks', 'may_ask') and at < :complete_through
    window in_time as (
        partition by business, channel, conversation order by at, message_id, customer, kind, status, entry_point
    )
),

-- Under `last_inbound` a run is over, too, when nobody waits for an answer any more.
parted_runs as (
    select
        *,
        sum(case
            when coalesce(first_answer_at, 0) <> answer_before then 1
            when :last_inbound and at - at_before > :give_up - :exclusive then 1
            else 0
        end) over (
            partition by business, channel, conversation order by place
            rows between unbounded preceding and current row
        ) as run_number
    from questions
),

-- The clock is a question of known kind where the run has one. Where the end that gives it is of an unknown kind, the run
-- is in doubt as a whole.
clocked as (
    select
        *,
        case when :last_inbound then max(case when role = 'asks' then place end) over of_run
            else min(case when role = 'asks' then place end) over of_run end as certain_place,
        case when :last_inbound then max(place) over of_run else min(place) over of_run end as end_place,
        count(*) over of_run as messages
    from parted_runs
    window of_run as (partition by business, channel, conversation, run_number)
),

told as (
    select
        *,
        place = coalesce(certain_place, end_place) as is_clock,
        max(case when place = coalesce(certain_place, end_place) then at end) over of_run as clock_at,
        max(case when place = coalesce(certain_place, end_place) then customer end) over of_run as clock_customer,
        max(case when place = coalesce(certain_place, end_place) then entry_point end) over of_run as clock_entry_point,
        max(case when place = end_place then role end) over of_run as end_role,
        min(doubt_at) over of_run as first_doubt_at
    from clocked
    window of_run as (partition by business, channel, conversation, run_number)
),

waits as (
    select
        message_id, business, channel, conversation,
        case when role = 'asks' then clock_customer else customer end as customer,
        case when role = 'asks' then clock_entry_point else entry_point end as entry_point,
        case when :last_inbound then doubt_at else first_doubt_at end as doubt_at,
        is_held or role = 'may_ask' or end_role = 'may_ask' as is_held,
        false as is_unclear,
        case when role = 'asks' then clock_at else at end as received_at,
        case when :wait_run then 0 else at end as asked_at,
        case when role = 'asks' then clock_at else at end + :window as deadline,
        case when greatest(first_answer_at - clock_at, 0) <= :give_up + :tolerance - :exclusive then first_answer_at end
            as answered_at,
        case when :wait_run then messages end as run
    from told
    where is_clock or not :wait_run
),
