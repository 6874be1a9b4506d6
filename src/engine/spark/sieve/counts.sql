-- The questions that were answered in time, put together where a page tells them alike; each group by its first question.
select
    number, question_segment, entry_point, market, length_range, count(*) as times,
    min(received_at) as received_at,
    min(length) as length,
    of_portion
from (
    select *, :length_range as length_range from sieved where is_counted
) as counted
group by of_portion, number, question_segment, entry_point, market, length_range
