-- What a row says. Statuses and entry points become numbers in their order, of which the greatest status and the smallest
-- entry point hold; on a message of the business it means nothing.
case when kind in ('', :known_kinds) then kind else 'other' end as kind,
case status when 'sent' then 1 when 'delivered' then 2 when 'read' then 3 when 'failed' then 4 else 0 end as status,
case
    when direction = 'outbound' then 3
    when entry_point = 'information_request' then 0
    when entry_point = 'click_to_chat' then 1
    when entry_point = 'live_support' then 2
    else 3
end as entry_point,
case sighting when 'sent' then 1 when 'delivered' then 2 when 'read' then 3 when 'failed' then 4 else 0 end as sighting
