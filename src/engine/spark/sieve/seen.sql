-- What stands in the archive, by channel, before anything is judged. The client compares it with its ledger.
select
    channel,
    count(*) as all_rows,
    count_if(not is_owners) as strays,
    count_if(is_owners and conversation <> customer) as named_rows
from archived
group by channel
