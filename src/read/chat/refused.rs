//! Why a chat is set aside as a whole, with the setting that helps.

/// Why no message of the file is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(
        "it is an exported chat, and no source says whose: declare a source with format = \"chat\", zone, business, channel and sender"
    )]
    Undeclared,
    #[error("the chat is not written in UTF-8; take the export again, and do not save it with another program")]
    NotUtf8,
    #[error("no line begins as a message of an exported chat does, such as 12/08/2018, 09:00 - Name: text")]
    NoHeader,
    #[error("its dates have no year: it was copied out of the app; use \"Export chat\" of the app in place of that")]
    NoYear,
    #[error(
        "its dates can be read in several ways and prove no order of day, month and year: set date_order in its source"
    )]
    Order,
    #[error(
        "in no order of day, month and year do all of its dates lie between 2009 and now: set date_order in its source"
    )]
    NoOrder,
    #[error(
        "no name of `sender` writes in it, but {0}: correct sender in its source; of one name alone, without_sender = \"inbound\" may help"
    )]
    NoSender(String),
    #[error("nobody but the business writes in it, so its customer is not known")]
    NoCustomer,
    #[error(
        "{0} people beside the business write in it: a group has a source of its own, with conversation = \"its name\""
    )]
    Group(usize),
}
