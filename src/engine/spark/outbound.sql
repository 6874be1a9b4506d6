-- Each message of the business waits for nothing: it is late when the last question before it is too long ago. One that is
-- stamped up to the tolerance after it came before it. Where the two stand at one instant, the id decides.
paired as (
    select
        *,
        max(case when role = 'asks' and at < :complete_through then struct(at, message_id, entry_point) end) over (
            partition by business, channel, conversation order by at
            range between unbounded preceding and :tolerance following
        ) as question,
        max(case when role = 'may_ask' and at < :complete_through then at end) over (
            partition by business, channel, conversation order by at
            range between unbounded preceding and current row
        ) as doubtful_at,
        max(is_disputed) over (partition by business, channel, conversation) as is_held
    from roles
    where role <> 'none' or is_disputed
),

waits as (
    select
        message_id, business, channel, conversation, customer,
        question.entry_point as entry_point,
        cast(null as bigint) as doubt_at,
        is_held,
        role = 'may_answer' or coalesce(doubtful_at >= question.at, false) as is_unclear,
        question.at as received_at,
        question.at as asked_at,
        question.at + :window as deadline,
        at as answered_at,
        cast(null as bigint) as run
    from paired
    where role in ('answers', 'may_answer') and at < :complete_through and question is not null
),
