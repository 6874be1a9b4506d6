-- The answer to each question is the first one at or after it: seen from the end of the conversation, so that the frame only
-- grows. An answer up to the tolerance before its question counts, too.
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
