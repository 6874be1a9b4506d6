//! Late-reply billing for WhatsApp message logs: exports in, invoices mailed, every month auditable.
//!
//! The folders are the stages of the pipeline in the order the data meets them; see `ARCHITECTURE.md`.

pub mod domain;
