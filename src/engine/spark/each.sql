-- Each question has a clock of its own.
:paired

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
