-- Messages under a name that is not the owner's, and those of owners with the same ids: which they are is found out by the
-- client, who reads them from the archive. Written where there are any.
select
    channel,
    message_id,
    min(unix_micros(sent_at)) as first_at,
    max(unix_micros(sent_at)) as last_at
from archived
where not is_owners or message_id in (select message_id from archived where not is_owners)
group by channel, message_id
