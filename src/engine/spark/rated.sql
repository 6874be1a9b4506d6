-- The pairing, the reading and the prices of `ritardo rate`, as one statement of Spark SQL.
--
-- It needs four views, which the client makes before:
--   messages  the logs: the columns of the canonical message log; one that a log has not is the empty text
--   markets   calling codes as spans of text: first_digit, from_digits, until_digits, market
--   rates     the tariff, one row a rate, tier and step: market, entry_point, valid_from, valid_until, line, last_step,
--             is_tiered, above, upto, longer_than, up_to_length, is_last_step, price
--   months    the billing months: month, begins, ends
--
-- Every instant is a whole number of microseconds since 1970 in UTC, every span half-open. Zones are cut by the client,
-- so that no zone table of the cluster has a say. Money is DECIMAL(18, 9). Words with a colon are parameters; two of them
-- stand for other files: `waits` for `each.sql`, `runs.sql` or `outbound.sql`, as the reading says, and `counted` for
-- `counted.sql` where charges have places. What a row says of its message, and which stamp holds, stands in `row.sql`,
-- `finest.sql` and `differ.sql`, as for the sieve.
--
-- The work: one shuffle by message (copies of a message become one event), one by conversation (questions find their
-- answers), and one by range for the order of the result. No row is joined with a row of the logs; `markets`, `rates`
-- and `months` are small and go to every worker.
with
-- What each row says. A status that was seen at or after the end of the evidence is none yet.
copies as (
    select
        business,
        channel,
        message_id,
        customer,
        :conversation as conversation,
        direction = 'inbound' as is_inbound,
        unix_micros(sent_at) as at,
        :row
    from messages
    where sighting = '' or unix_micros(sent_at) < :complete_through
),

-- What all copies of a message say together.
said as (
    select
        *,
        :finest as finest,
        min(at + 100000000000000000 * sighting) over copies_of_one % 100000000000000000 as first_sign,
        max(case when sighting > 0 and status > 0 then 1 else 0 end) over copies_of_one = 1 as has_known_sign,
        max(status) over copies_of_one as greatest_status,
        min(entry_point) over copies_of_one as first_entry_point,
        max(case when entry_point < 3 then entry_point end) over copies_of_one as last_entry_point,
        min(struct(customer, conversation, is_inbound)) over copies_of_one as least_parties,
        max(struct(customer, conversation, is_inbound)) over copies_of_one as greatest_parties,
        min(case when sighting = 0 and kind <> '' then kind end) over copies_of_one as least_kind,
        max(case when sighting = 0 and kind <> '' then kind end) over copies_of_one as greatest_kind
    from copies
    window copies_of_one as (partition by business, channel, message_id)
),

agreed as (
    select
        *,
        least_parties <> greatest_parties
            or coalesce(first_entry_point <> last_entry_point, false)
            or coalesce(least_kind <> greatest_kind, false)
            or :stamps_differ as is_disputed,
        max(case when (sighting = 0 or not has_known_sign) and kind <> '' then kind end) over copies_of_one as stated_kind
    from said
    window copies_of_one as (partition by business, channel, message_id)
),

-- One row an event. Of a message about which copies disagree, each version is one: its conversation is held as a whole.
events as (
    select distinct
        business,
        channel,
        conversation,
        customer,
        message_id,
        is_disputed,
        is_inbound,
        case when is_disputed then at else coalesce(finest, first_sign) end as at,
        case when is_disputed then status else greatest_status end as status,
        case when is_disputed then entry_point else first_entry_point end as entry_point,
        case when not is_disputed then coalesce(stated_kind, '')
            when sighting = 0 or status = 0 then kind else '' end as kind,
        case when is_disputed then concat(cast(sighting as string), kind) end as version
    from agreed
),

-- What each event is for the reading.
roles as (
    select
        *,
        case
            when kind in ('reaction', 'edit', 'revoke', 'system', 'note', 'call') then 'none'
            when is_inbound then case when kind in ('', :kinds_that_count) then 'asks' else 'may_ask' end
            when status = 4 or (:human_only and kind = 'automatic') or (:delivered_only and status = 1) then 'none'
            when kind not in ('', :kinds_that_count) or (:delivered_only and status = 0) then 'may_answer'
            else 'answers'
        end as role
    from events
),

:waits

-- Up to `decisive_until` an answer that is not certain would change the wait. A wait without an answer is settled once
-- the logs are known beyond `settled_after`.
measured as (
    select
        *,
        case when answered_at is not null then greatest(answered_at - received_at, 0) end as length,
        greatest(
            deadline + :tolerance,
            asked_at,
            case when answered_at is not null and (:dated_by_answer or :last_inbound) then answered_at else 0 end,
            case when answered_at is null and (:free_if_never or :last_inbound)
                then received_at + :give_up + :tolerance else 0 end
        ) as decisive_until,
        greatest(
            deadline + :tolerance,
            case when :free_if_never or :last_inbound then received_at + :give_up + :tolerance else 0 end
        ) as settled_after,
        case when :late_outbound then answered_at else received_at end as counted_at,
        :digits as digits
    from waits
),

judged as (
    select
        *,
        case
            when is_held then 'held'
            when length <= :window + :tolerance - :exclusive then 'on_time'
            when is_unclear then 'held'
            when doubt_at <= decisive_until then 'held'
            when answered_at is not null then 'late'
            when :complete_through > settled_after then 'unanswered'
            else 'pending'
        end as first_verdict,
        case :price_date when 'received' then received_at when 'deadline' then deadline else answered_at end as priced_at,
        coalesce(case :month_of when 'received' then received_at when 'deadline' then deadline else answered_at end,
            received_at) as month_at
    from measured
),

-- The market, the month, and the row of the tariff in force: at most one each, so that no wait is doubled.
placed as (
    select
        judged.*,
        coalesce(markets.market, 'other') as market,
        months.month,
        first_verdict = 'late' or (first_verdict = 'unanswered' and not :free_if_never) as may_cost
    from judged
    left join markets on markets.first_digit = substr(digits, 1, 1) and digits >= from_digits and digits < until_digits
    left join months on month_at >= months.begins and month_at < months.ends
),

in_force as (
    select
        placed.*,
        rows_in_force.line,
        received_at + rows_in_force.last_step + :tolerance as last_step_at
    from placed
    left join (
        select distinct market, entry_point, valid_from, valid_until, line, last_step from rates
    ) as rows_in_force
        on may_cost
        and rows_in_force.market = placed.market
        and rows_in_force.entry_point = placed.entry_point
        and priced_at >= valid_from and priced_at < valid_until
),

-- A step that is still open, or in doubt, has no price yet. A charge without a rate is never guessed: it is `unpriced`,
-- and the client refuses the result.
settled as (
    select
        *,
        case
            when not may_cost then first_verdict
            when line is null then 'unpriced'
            when last_step_at is null then first_verdict
            when doubt_at <= least(coalesce(answered_at, last_step_at), last_step_at) then 'held'
            when answered_at is not null or :complete_through > last_step_at then first_verdict
            else 'pending'
        end as verdict
    from in_force
),

marked as (
    select *, may_cost and verdict = first_verdict as is_charge from settled
),

:counted

select
    counted.message_id,
    counted.business,
    counted.channel,
    counted.conversation,
    timestamp_micros(received_at) as received_at,
    timestamp_micros(answered_at) as answered_at,
    timestamp_micros(deadline) as deadline,
    verdict,
    length div 1000 as wait_ms,
    counted.market,
    element_at(array('information_request', 'click_to_chat', 'live_support', 'unknown'), counted.entry_point + 1)
        as entry_point,
    :tariff as tariff,
    case when is_charge and is_free then cast(0 as decimal(18, 9)) when is_charge then price end as rate,
    case when is_charge and is_free then cast(0 as decimal(18, 9)) when is_charge then price end as amount,
    :currency as currency,
    case when is_charge and not is_free and rates.is_tiered then rates.above end as tier,
    case when not is_charge or number is null then '' when is_free then concat('free ', cast(number as string))
        else cast(number as string) end as place,
    run,
    month,
    month as of_month,
    counted.business as of_business
from counted
left join rates
    on is_charge
    and rates.market = counted.market
    and rates.entry_point = counted.entry_point
    and rates.line = counted.line
    and priced_at >= rates.valid_from and priced_at < rates.valid_until
    and reached > rates.above and reached <= rates.upto
    and (
        (length is not null and length > rates.longer_than + :tolerance - :exclusive
            and length <= rates.up_to_length + :tolerance - :exclusive)
        or (length is null and rates.is_last_step)
    )
where :all_waits or is_charge
order by of_month, of_business, received_at, message_id, channel, conversation, customer
