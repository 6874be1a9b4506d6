-- The tariff counts nothing: every charge has the price of the first tier, and no place.
counted as (
    select *, false as is_free, cast(null as bigint) as number, cast(1 as bigint) as reached from marked
)
