-- The archive, with whether each row is of the owner of its channel: it names them, or it is of whoever owns its channel and
-- lies in their time. `parts` are its rows, `owners` the channels of the book: channel, business, owned_from, owned_until.
select
    parts.*,
    coalesce(parts.business = owners.business
        or (is_of_owner and unix_micros(sent_at) >= owned_from and unix_micros(sent_at) < owned_until), false) as is_owners
from parts
left join owners on parts.channel = owners.channel
