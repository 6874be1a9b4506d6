-- Messages by channel and segment of the calendar, each once.
select
    number, segment,
    count_if(is_inbound) as inbound,
    count_if(not is_inbound) as outbound,
    of_portion
from sieved
where is_first and segment is not null and at < :as_of
group by of_portion, number, segment
