-- The archive, with whether each row is of the owner of its channel: it names them, or it names nobody and lies in their
-- time. `parts` are its rows, `owners` the channels of the book: channel, business, owned_from, owned_until.
select
    parts.*,
    coalesce(case
        when is_of_owner then unix_micros(sent_at) >= owned_from and unix_micros(sent_at) < owned_until
        else parts.business = owners.business
    end, false) as is_owners
from parts
left join owners on parts.channel = owners.channel
