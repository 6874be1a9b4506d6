-- What was written, by business and month: counts, the exact sum, and a digest of the rows that hangs neither on their
-- order nor on how they were parted: sixty bits at a time of the SHA-256 of each row, added up.
with
hashed as (
    select
        month,
        business,
        verdict,
        amount,
        place,
        channel,
        message_id,
        received_at,
        sha2(concat_ws(
            '|', message_id, business, channel, conversation,
            cast(unix_micros(received_at) as string),
            coalesce(cast(unix_micros(answered_at) as string), ''),
            verdict, market, entry_point,
            coalesce(cast(cast(rate * 1000000000 as bigint) as string), ''),
            coalesce(cast(cast(amount * 1000000000 as bigint) as string), ''),
            coalesce(cast(tier as string), ''), place, coalesce(cast(run as string), '')
        ), 256) as hash
    from rated
)

select
    month,
    business,
    count(*) as waits,
    count_if(verdict = 'on_time') as on_time,
    count_if(verdict = 'late') as late,
    count_if(verdict = 'unanswered') as unanswered,
    count_if(verdict = 'pending') as pending,
    count_if(verdict = 'held') as held,
    count_if(verdict = 'unpriced') as unpriced,
    count(amount) as charges,
    count(distinct case when amount is not null then struct(channel, message_id) end) as messages,
    count_if(amount is not null and place like 'free %') as free_units,
    cast(cast(coalesce(sum(amount), 0) * 1000000000 as decimal(38, 0)) as string) as billionths,
    cast(sum(cast(conv(substr(hash, 1, 15), 16, 10) as decimal(38, 0))) as string) as digest_1,
    cast(sum(cast(conv(substr(hash, 16, 15), 16, 10) as decimal(38, 0))) as string) as digest_2,
    cast(sum(cast(conv(substr(hash, 31, 15), 16, 10) as decimal(38, 0))) as string) as digest_3,
    cast(sum(cast(conv(substr(hash, 46, 15), 16, 10) as decimal(38, 0))) as string) as digest_4
from hashed
group by month, business
order by month, business
