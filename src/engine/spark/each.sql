-- Each question has a clock of its own. Its answer is the first one at or after it: seen from the end of the conversation,
-- so that the frame only grows. An answer up to the tolerance before its question counts, too.
paired as (
    select
        *,
        min(case when role = 'answers' and at < :complete_through then at end) over from_the_end as first_answer_at,
        min(case when role = 'may_answer' and at < :complete_through then at end) over from_the_end as doubt_at,
        max(is_disputed) over (partition by business, channel, conversation) as is_held
    from roles
    where role <> 'none' or is_disputed
    window from_the_end as (
        partition by business, channel, conversation order by at desc
        range between unbounded preceding and :tolerance following
    )
),

waits as (
    select
        message_id, business, channel, conversation, customer, entry_point, doubt_at,
        is_held or role = 'may_ask' as is_held,
        false as is_unclear,
        at as received_at,
        at as asked_at,
        at + :window as deadline,
        case when greatest(first_answer_at - at, 0) <= :give_up + :tolerance - :exclusive then first_answer_at end
            as answered_at,
        cast(null as bigint) as run
    from paired
    where role in ('asks', 'may_ask') and at < :complete_through
),
