-- Whether the parts of the archive are what they are named by: the SHA-256 of their bytes. `bytes` are the files themselves.
select
    count(distinct name) as parts,
    count_if(not is_intact) as damaged,
    coalesce(min(case when not is_intact then name end), '') as first_damaged
from (
    select name, name = sha2(content, 256) as is_intact
    from (select regexp_extract(path, '([0-9a-f]+)[.]parquet$', 1) as name, content from bytes) as named
) as compared
