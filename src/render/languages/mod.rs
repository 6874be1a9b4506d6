//! The texts of the documents in Portuguese, Spanish, German and French: one file a language, with all its tables.
//! English and Italian stand beside the tables themselves.

pub(super) mod french;
pub(super) mod german;
pub(super) mod portuguese;
pub(super) mod spanish;
