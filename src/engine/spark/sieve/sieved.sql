-- The sieve of `ritardo run` and `ritardo audit`: which questions were answered in time beyond doubt, and which messages
-- are still needed to judge the others. It decides no charge: every wait that may cost something is judged by the client,
-- which knows of gaps, of what was accepted, and of prices.
--
-- It needs four views, which the client makes before:
--   archived   the parts of the archive, with keyed names: the columns of the canonical message log, sighting and fold, and
--              whether each row is of the owner of its channel (`archived.sql`); the others are left out
--   places     the channels: channel, number, portion, calendar, is_plain, through, judged_from, judged_until, heard_until
--   segments   the calendars, cut at every instant that something hangs on: calendar, quarter, begins, ends, segment
--   markets    calling codes as spans of text: first_digit, from_digits, until_digits, market
--
-- Every instant is a whole number of microseconds since 1970 in UTC, every span half-open. Words with a colon are parameters.
--
-- The work: one shuffle by message (its copies and statuses tell of one event), one by conversation (questions find their
-- answers). What a row says of its message is said as in `../rated.sql`.
with
rows as (
    select
        places.number,
        places.portion,
        places.calendar,
        places.is_plain,
        places.through,
        places.judged_from,
        places.judged_until,
        places.heard_until,
        message_id,
        customer,
        conversation,
        direction,
        sent_at,
        kind as own_kind,
        status as own_status,
        entry_point as own_entry_point,
        archived.sighting as own_sighting,
        fold,
        direction = 'inbound' as is_inbound,
        unix_micros(sent_at) as at,
        :row,
-- A status that was seen at or after the end of the evidence is none yet.
        sighting = '' or unix_micros(sent_at) < places.through as is_known
    from archived
    join places on archived.channel = places.channel
    where archived.is_owners
),

said as (
    select
        *,
        row_number() over (
            partition by number, message_id
            order by sighting, at, direction, kind, status, entry_point, customer, conversation, fold
        ) as place,
        :finest as finest,
        min(case when is_known then at + 100000000000000000 * sighting end) over copies_of_one % 100000000000000000
            as first_sign,
        min(case when is_known then at end) over copies_of_one as earliest,
        max(case when is_known and sighting > 0 and status > 0 then 1 else 0 end) over copies_of_one = 1 as has_known_sign,
        max(case when sighting > 0 and status = 4 then 1 else 0 end) over copies_of_one = 1 as was_seen_to_fail,
        max(case when fold <> '' or (sighting > 0 and (is_inbound or status = 0)) then 1 else 0 end) over copies_of_one = 1
            as is_unclear,
        max(case when is_known then status end) over copies_of_one as greatest_status,
        min(case when is_known then entry_point end) over copies_of_one as first_entry_point,
        max(case when is_known and entry_point < 3 then entry_point end) over copies_of_one as last_entry_point,
        min(case when is_known then struct(customer, conversation, is_inbound) end) over copies_of_one as least_parties,
        max(case when is_known then struct(customer, conversation, is_inbound) end) over copies_of_one as greatest_parties,
        min(case when sighting = 0 and kind <> '' then kind end) over copies_of_one as least_kind,
        max(case when sighting = 0 and kind <> '' then kind end) over copies_of_one as greatest_kind
    from rows
    window copies_of_one as (partition by number, message_id)
),

-- What is odd is left to the client, with its whole conversation: copies that contradict each other, signs of an unknown name, a
-- local time that the clocks showed twice, a failure that was seen later, signs in another order than that of their instants.
agreed as (
    select
        *,
        is_unclear or was_seen_to_fail
            or coalesce(finest is null and first_sign <> earliest, false) as is_unsettled,
        coalesce(least_parties <> greatest_parties, false)
            or coalesce(first_entry_point <> last_entry_point, false)
            or coalesce(least_kind <> greatest_kind, false)
            or :stamps_differ as is_disputed,
        coalesce(finest, first_sign) as event_at,
        coalesce(max(case when is_known and (sighting = 0 or not has_known_sign) and kind <> '' then kind end)
            over copies_of_one, '') as stated_kind
    from said
    window copies_of_one as (partition by number, message_id)
),

roles as (
    select
        *,
        case
            when not is_known or stated_kind in (:kinds_that_do_not) then 'none'
            when stated_kind not in ('', :kinds_that_count) then 'unclear'
            when is_inbound then 'asks'
            when greatest_status = 4 then 'none'
            else 'answers'
        end as role
    from agreed
),

-- The first answer at or after each message, seen from the end of its conversation, so that the frame only grows.
paired as (
    select
        *,
        min(case when role = 'answers' and event_at < through then event_at end) over from_the_end as first_answer_at,
        max(case when is_unsettled or is_disputed or role = 'unclear' then 1 else 0 end) over (partition by number, conversation) = 1
            as is_odd
    from roles
    window from_the_end as (
        partition by number, conversation order by event_at desc range between unbounded preceding and current row
    )
),

-- Questions with the same first answer, and that answer: either all of them were answered in time, or all are still needed.
grouped as (
    select
        *,
        role = 'asks' and event_at >= judged_from and event_at < judged_until and event_at < through as is_judged,
        min(case when role = 'asks' and event_at >= judged_from and event_at < judged_until and event_at < through
            then event_at end) over (partition by number, conversation, first_answer_at) as first_question_at
    from paired
),

parted as (
    select
        *,
        coalesce(first_answer_at - first_question_at <= :window - :exclusive, false) as is_in_time
    from grouped
),

-- What hangs on something else is left to the client, whatever is said of it here; of the rest this has to be right.
weighed as (
    select
        *,
        is_plain and not is_odd and at < :as_of as is_certain,
        coalesce(first_question_at is not null and not is_in_time
            and (role = 'asks' or (role = 'answers' and first_answer_at is not null)), false) as is_wanted
    from parted
),

-- Keyed names end with digits of a digest: so some conversations come back whole, each night others, with what is said of
-- their messages, and the client finds out whether that is true.
sieved as (
    select
        *,
        portion >= 0 and (is_wanted or not is_certain or substr(conversation, -2) = :sample) as is_needed,
        is_certain and is_judged and is_in_time and place = 1 as is_free
    from weighed
),

-- Where a question lies in its calendar, and where a message does that is drawn among those of its day.
counted as (
    select *, is_free and not is_needed as is_counted from sieved
),

dated as (
    select
        counted.*,
        of_question.segment as question_segment,
        of_message.segment as segment
    from counted
    left join segments as of_question
        on is_counted and of_question.calendar = counted.calendar and of_question.quarter = event_at div 900000000
        and event_at >= of_question.begins and event_at < of_question.ends
    left join segments as of_message
        on place = 1 and of_message.calendar = counted.calendar and of_message.quarter = at div 900000000
        and at >= of_message.begins and at < of_message.ends
),

digits as (
    select *, case when is_free then :digits else '' end as digits from dated
)

select
    number,
    at,
    is_inbound,
    place = 1 as is_first,
    at < heard_until as is_heard,
    own_kind in ('', :kinds_that_count) as is_of_kind_that_asks,
    is_needed,
    is_counted,
    case when is_free then event_at end as received_at,
    case when is_free then first_answer_at - event_at end as length,
    case when is_free then first_entry_point end as entry_point,
    case when is_free then coalesce(markets.market, 'other') end as market,
    question_segment,
    segment,
    is_needed and is_disputed as is_disputed,
    is_certain,
    is_wanted,
    is_free,
    case when is_needed then message_id end as message_id,
    case when is_needed then customer end as customer,
    case when is_needed then conversation end as conversation,
    case when is_needed then direction end as direction,
    case when is_needed then own_kind end as kind,
    case when is_needed then own_status end as status,
    case when is_needed then own_entry_point end as own_entry_point,
    case when is_needed then own_sighting end as sighting,
    case when is_needed then fold end as fold,
    portion as of_portion,
    case when is_needed then 1 else 0 end as of_needed
from digits
left join markets on is_free and markets.first_digit = substr(digits, 1, 1)
    and digits >= from_digits and digits < until_digits
