-- Customers who write in a conversation with a name, while another conversation of the channel is named as they are: logs
-- differ in whether they name conversations, so that a question and its answer may stand apart. Asked only where
-- conversations have names.
select count(*) as mistakable
from (select distinct business, channel, :conversation as name from messages) as conversations
left semi join (
    select distinct business, channel, customer as name from messages where :conversation <> customer
) as customers
    on conversations.business = customers.business
    and conversations.channel = customers.channel
    and conversations.name = customers.name
