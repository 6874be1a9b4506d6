//! The business terms of EN 16931 that a document of this program has. Each field names its number; both syntaxes are
//! written from this and from nothing else.

use crate::domain::{Currency, Date, Decimal, DocumentKind, InvoiceNumber, Money};

/// One document. All amounts are in its currency, but for [`Terms::tax_returned`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// BT-1.
    pub number: String,
    /// BT-2.
    pub issued: Date,
    /// BT-3: 380 or 381.
    pub kind: DocumentKind,
    /// BT-5.
    pub currency: Currency,
    /// BT-6 and BT-111: the tax in the currency of the seller's VAT return, where that is another.
    pub tax_returned: Option<Money>,
    /// BT-9; a credit note has none.
    pub due: Option<Date>,
    /// BT-10.
    pub buyer_reference: Option<String>,
    /// BT-20.
    pub payment_terms: String,
    /// BT-22.
    pub notes: Vec<String>,
    /// BT-25 and BT-26: the document that this one corrects or replaces.
    pub preceding: Option<(InvoiceNumber, Date)>,
    /// BG-4.
    pub seller: PartyTerms,
    /// BG-7.
    pub buyer: PartyTerms,
    /// BT-73.
    pub period_from: Date,
    /// BT-74, and BT-72: what is delivered is delivered with its end.
    pub period_to: Date,
    /// BG-16; `None` where nothing is to be paid.
    pub payment: Option<PaymentTerms>,
    /// BG-25; at least one.
    pub lines: Vec<LineTerms>,
    /// BG-23: one for each category and rate.
    pub vat: Vec<VatTerms>,
    /// BT-106 and BT-109, which are one here: nothing is charged or allowed but by lines.
    pub net: Money,
    /// BT-110.
    pub tax: Money,
    /// BT-112.
    pub gross: Money,
    /// BT-113.
    pub prepaid: Option<Money>,
    /// BT-115.
    pub payable: Money,
}

/// A seller (BG-4) or buyer (BG-7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartyTerms {
    /// BT-27, BT-44.
    pub name: String,
    /// BT-29, BT-46.
    pub identifier: Option<String>,
    /// BT-30, BT-47.
    pub registration: Option<String>,
    /// BT-31, BT-48: it begins with the code of a country (BR-CO-09).
    pub vat_id: Option<String>,
    /// BT-32: what a seller outside the EU has in its place.
    pub tax_number: Option<String>,
    /// BT-34, BT-49: the scheme and the address within it.
    pub endpoint: Option<(String, String)>,
    /// BT-35, BT-36 and BT-162; BT-50, BT-51 and BT-163: at most three lines.
    pub address: Vec<String>,
    /// BT-37, BT-52.
    pub city: Option<String>,
    /// BT-38, BT-53.
    pub post_code: Option<String>,
    /// BT-40, BT-55.
    pub country: String,
    /// BT-43, BT-58.
    pub email: Option<String>,
}

/// How to pay (BG-16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PaymentTerms {
    /// BT-83.
    pub remittance: String,
    /// BG-17.
    pub account: Option<AccountTerms>,
}

/// Where to pay (BG-17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AccountTerms {
    /// BT-84.
    pub iban: String,
    /// BT-85.
    pub name: String,
    /// BT-86.
    pub bic: Option<String>,
}

/// A line (BG-25). Its unit of measure (BT-130) is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineTerms {
    /// BT-129. Below zero for what is taken away; a price never is.
    pub quantity: i128,
    /// BT-131.
    pub net: Money,
    /// BT-146.
    pub price: Decimal,
    /// BT-149: so many units have the price together, where that is not one.
    pub priced_units: Option<u64>,
    /// BT-151.
    pub category: String,
    /// BT-152; `None` outside the scope of VAT.
    pub rate: Option<Decimal>,
    /// BT-153.
    pub name: String,
    /// BT-154.
    pub description: String,
}

/// Tax of one category and rate (BG-23).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VatTerms {
    /// BT-116.
    pub net: Money,
    /// BT-117.
    pub tax: Money,
    /// BT-118.
    pub category: String,
    /// BT-119; `None` outside the scope of VAT.
    pub rate: Option<Decimal>,
    /// BT-120.
    pub reason: Option<String>,
    /// BT-121.
    pub reason_code: Option<String>,
}

impl Terms {
    /// BT-3, of the list UNTDID 1001.
    pub const fn type_code(&self) -> &'static str {
        match self.kind {
            DocumentKind::Invoice => "380",
            DocumentKind::CreditNote => "381",
        }
    }

    /// BT-81, of the list UNTDID 4461: a SEPA credit transfer, another credit transfer, or what the parties agreed on.
    pub fn means_code(&self) -> &'static str {
        let has_account = self.payment.as_ref().is_some_and(|payment| payment.account.is_some());
        match (has_account, self.currency.code()) {
            (true, "EUR") => "58",
            (true, _) => "30",
            (false, _) => "1",
        }
    }
}

/// An amount as both syntaxes write it: at least two decimals, no more than the currency has.
pub(super) fn amount(money: Money) -> String {
    money.exact().to_string()
}

/// A rate as both syntaxes write it.
pub(super) fn rate(rate: Option<Decimal>) -> Option<String> {
    rate.map(|rate| rate.to_string())
}
