-- What is asked of the logs before work starts: one pass, nothing is shuffled. The client refuses, by name, what the
-- statement cannot judge as this program judges it on one machine. A row is sound here when it is sound there; some that
-- are sound there, of parties outside ASCII, are refused here.
select
    count(*) as all_rows,
    count_if(
        not coalesce(message_id rlike '^[!-~]{1,255}$', false)
        or not coalesce(business rlike '^[!-~]{1,255}$', false)
        or not coalesce(channel rlike '^[!-~]{1,255}$', false)
        or not coalesce(:sound_customer, false)
        or not coalesce(conversation = '' or :sound_conversation, false)
        or not coalesce(direction in ('inbound', 'outbound'), false)
        or sent_at is null
        or status not in ('', 'sent', 'delivered', 'read', 'failed')
        or (direction = 'inbound'
            and entry_point not in ('', 'information_request', 'click_to_chat', 'live_support', 'unknown'))
    ) as unsound_rows,
    count_if(unix_micros(sent_at) < 1230768000000000 or unix_micros(sent_at) > :as_of) as rows_out_of_time,
    count_if(:conversation <> customer) as named_rows,
    min(unix_micros(sent_at)) as first_at,
    max(unix_micros(sent_at)) as last_at
from messages
