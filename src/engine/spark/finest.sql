-- The stamp of a message that holds, among those of its copies. One is finer the fewer of the units it is a whole number of; of
-- equally fine ones the latest holds. Both are one number: no stamp reaches 10^17 microseconds.
max(case when sighting = 0 then at + 100000000000000000 * (
    case when at % 1000 <> 0 then 1 else 0 end
    + case when at % 1000000 <> 0 then 1 else 0 end
    + case when at % 60000000 <> 0 then 1 else 0 end
) end) over copies_of_one % 100000000000000000
