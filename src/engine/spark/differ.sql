-- Whether stamps of copies contradict each other. They agree where each is the finest one, or that one cut to milliseconds,
-- seconds or minutes.
max(case
    when sighting > 0 then 0
    when at = finest or at = finest - finest % 1000 or at = finest - finest % 1000000
        or at = finest - finest % 60000000 then 0
    else 1
end) over copies_of_one = 1
