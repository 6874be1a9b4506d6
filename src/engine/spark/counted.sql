-- The tariff counts charges. The earliest of a business and month are free; each other one has its place in its market.
-- Charges of one business and month are numbered by one worker; waits that are none stay with their conversation.
numbered as (
    select
        *,
        row_number() over (
            partition by business, month, case when is_charge then '' else conversation end
            order by case when is_charge then 0 else 1 end, counted_at, message_id, channel
        ) as number_of_all
    from marked
),

parted as (
    select *, is_charge and number_of_all <= :free as is_free from numbered
),

in_market as (
    select
        *,
        row_number() over (
            partition by business, month, market, is_charge and not is_free, case when is_charge then '' else conversation end
            order by counted_at, message_id, channel
        ) as number_in_market,
        count(*) over (
            partition by business, month, market, is_charge and not is_free, case when is_charge then '' else conversation end
        ) as all_in_market
    from parted
),

counted as (
    select
        *,
        case when is_free then number_of_all else number_in_market end as number,
        case when :all_units then all_in_market else number_in_market end as reached
    from in_market
)
