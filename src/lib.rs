//! Late-reply billing for WhatsApp message logs: exports in, invoices mailed, every month auditable.
//!
//! The folders are the stages of the pipeline in the order the data meets them; see `ARCHITECTURE.md`.

pub mod audit;
pub mod cli;
pub mod close;
pub mod commands;
pub mod config;
pub mod deliver;
pub mod domain;
pub mod engine;
pub mod error;
pub mod generate;
pub mod ledger;
pub mod pair;
pub mod rate;
pub mod read;
pub mod render;
pub mod report;
pub mod store;
