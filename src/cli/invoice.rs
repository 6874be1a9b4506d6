//! Commands about issued invoices and credit notes.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};

use super::{Configured, Months, TableForm};
use crate::domain::{BusinessId, Currency, InvoiceNumber};

#[derive(Args, Debug)]
pub struct InvoiceCommand {
    #[command(subcommand)]
    pub action: InvoiceAction,
}

#[derive(Subcommand, Debug)]
pub enum InvoiceAction {
    /// All invoices and credit notes, in the order of issue
    List(InvoiceList),
    /// One of them, to be read here
    Show(InvoiceShow),
    /// Open its PDF; where standard output is no terminal, print the path
    Open(InvoiceShow),
    /// Write its documents into a folder: those that were issued as they are, others drawn from the same invoice
    Render(InvoiceRender),
}

#[derive(Args, Debug)]
pub struct InvoiceList {
    #[command(flatten)]
    pub configured: Configured,
    /// Only of this month, such as 2018-08, or of months with the first and the last, such as 2018-08..2018-10
    #[arg(long, value_name = "MONTHS")]
    pub month: Option<Months>,
    /// Only of this business
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Only numbers that begin so, such as LRC or LR-2018
    #[arg(long, value_name = "TEXT")]
    pub number: Option<String>,
    /// Only documents in this state
    #[arg(long, value_name = "STATE")]
    pub state: Option<InvoiceState>,
    /// Only in this currency, such as EUR
    #[arg(long, value_name = "CODE")]
    pub currency: Option<Currency>,
    /// Form of the list on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: TableForm,
}

/// What stands of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceState {
    /// All of it
    Issued,
    /// A part was given back by credit notes
    PartlyCredited,
    /// It was given back whole
    Credited,
}

impl InvoiceState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::PartlyCredited => "partly credited",
            Self::Credited => "credited",
        }
    }
}

#[derive(Args, Debug)]
pub struct InvoiceShow {
    /// Number of the invoice or credit note, such as LR-2018-000001
    pub number: InvoiceNumber,
    #[command(flatten)]
    pub configured: Configured,
}

#[derive(Args, Debug)]
pub struct InvoiceRender {
    /// Number of the invoice or credit note, such as LR-2018-000001
    pub number: InvoiceNumber,
    #[command(flatten)]
    pub configured: Configured,
    /// Folder to write into; made if it is missing. Nothing in it is written over
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Only these forms: pdf, html, xml, json, csv, xlsx, parquet, txt [default: all that it has]
    #[arg(long, value_name = "FORMS", value_delimiter = ',')]
    pub only: Vec<DocumentForm>,
}

/// A form in which a document, or its line file, can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentForm {
    Pdf,
    Html,
    Xml,
    Json,
    Csv,
    Xlsx,
    Parquet,
    Txt,
}

impl DocumentForm {
    pub const ALL: [Self; 8] =
        [Self::Pdf, Self::Html, Self::Xml, Self::Json, Self::Csv, Self::Xlsx, Self::Parquet, Self::Txt];

    /// As the names of its files end.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Html => "html",
            Self::Xml => "xml",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
            Self::Txt => "txt",
        }
    }

    /// The form of a file, by the ending of its name.
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        Self::ALL.into_iter().find(|form| form.name() == ending)
    }
}

impl FromStr for DocumentForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|form| form.name() == text);
        known.ok_or_else(|| format!("`{text}` is not one of pdf, html, xml, json, csv, xlsx, parquet, txt"))
    }
}

impl fmt::Display for DocumentForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
