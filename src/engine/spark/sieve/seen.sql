-- What stands in the archive, by channel, before anything is judged. The client compares it with its ledger and its book.
select
    channel,
    business,
    is_of_owner,
    count(*) as all_rows,
    count_if(conversation <> customer) as named_rows,
    min(unix_micros(sent_at)) as first_at,
    max(unix_micros(sent_at)) as last_at
from archived
group by channel, business, is_of_owner
